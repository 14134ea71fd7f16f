// workerd: the answer is the response. It compiles no bytes, so the languages are imported.
import * as sanderling from "sanderling";
import german from "sanderling/languages/german.wasm";
import russian from "sanderling/languages/russian.wasm";
import turkish from "sanderling/languages/turkish.wasm";
import { copied, scenario } from "./scenario.js";

export default {
  fetch: async () => {
    const options = { storage: "memory", languages: { german, russian, turkish } };
    const memory = await scenario(sanderling, options);
    return Response.json({ memory, copy: await copied(sanderling, options, options) });
  },
};

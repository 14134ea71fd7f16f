// workerd: the answer is the response.
import * as sanderling from "sanderling";
import { scenario } from "./scenario.js";

export default {
  fetch: async () => Response.json({ memory: await scenario(sanderling, { storage: "memory" }) }),
};

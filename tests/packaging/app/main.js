// Node, Deno and Bun.
import * as sanderling from "sanderling";
import { scenario } from "./scenario.js";

console.log(`RESULT ${JSON.stringify(await scenario(sanderling, { storage: "memory" }))}`);

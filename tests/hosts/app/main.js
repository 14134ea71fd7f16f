// Node and Deno.
import * as sanderling from "sanderling";
import { scenario } from "./scenario.js";

console.log(`RESULT ${JSON.stringify({ memory: await scenario(sanderling, { storage: "memory" }) })}`);

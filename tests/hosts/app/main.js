// Node and Deno: in memory, in a folder of their own, and from the folder that native Rust filled.
import * as sanderling from "sanderling";
import { copied, found, scenario } from "./scenario.js";

const memory = await scenario(sanderling, { storage: "memory" });
const folder = await scenario(sanderling, { path: "./own" }, { reopen: true });
const native = await found(sanderling, { path: "./native" });
const copy = await copied(sanderling, { storage: "memory" }, { path: "./own", replace: true });
console.log(`RESULT ${JSON.stringify({ memory, folder, native, copy })}`);

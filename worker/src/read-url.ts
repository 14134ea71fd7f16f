import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { SanderlingError } from "../../pkg/src/index.js";

/** Reads what a URL points at; fetch does not know file URLs everywhere. */
export async function readUrl(href: string): Promise<ArrayBuffer | Uint8Array> {
  try {
    if (href.startsWith("file:")) return await readFile(fileURLToPath(href));
    const response = await fetch(href);
    if (response.ok) return await response.arrayBuffer();
    throw new Error(`${response.status} ${response.statusText}`);
  } catch (error) {
    throw new SanderlingError("unavailable", `the wasm at ${href} could not be read: ${String(error)}`, { href });
  }
}

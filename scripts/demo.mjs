// Builds the package and the demo page and serves them on this machine. `npm run demo`, with `-- --port 8080` if the
// usual port is taken; `--check` ends with success once the server has answered itself.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { Explained, isMain, main } from "./workspace.mjs";
import { setup } from "./setup.mjs";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

// As strict as a page with WebAssembly can be: what runs here runs under a strict policy elsewhere.
const POLICY = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'";

/** The file that a request path names inside `folder`, or undefined. */
export function fileFor(folder, url) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return undefined; // not a path: a malformed escape
  }
  const file = normalize(join(folder, path.endsWith("/") ? `${path}index.html` : path));
  const isInside = file.startsWith(folder + sep) && !path.includes("\0");
  return isInside && existsSync(file) && statSync(file).isFile() ? file : undefined;
}

/** Serves a folder on 127.0.0.1; port 0 takes any free port. */
export async function serve(folder, port, headers = { "content-security-policy": POLICY }) {
  const server = createServer((request, response) => {
    const file = fileFor(folder, request.url);
    if (!file || !["GET", "HEAD"].includes(request.method)) {
      response.writeHead(file ? 405 : 404, headers).end();
      return;
    }
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { ...headers, "content-type": type, "cache-control": "no-cache" });
    if (request.method === "HEAD") response.end();
    else createReadStream(file).pipe(response);
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening").catch((error) => {
    throw error.code === "EADDRINUSE" ? new Explained(`port ${port} is taken: choose another with --port`) : error;
  });
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}

async function checkServer(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Explained(`the demo page answers with status ${answer.status}`);
  if (answer.headers.get("content-security-policy") !== POLICY) throw new Explained("the policy header is missing");
}

if (isMain(import.meta.url)) {
  await main(async () => {
    const { values } = parseArgs({ options: { port: { type: "string", default: "4173" }, check: { type: "boolean" } } });
    await setup();
    const { build } = await import("./build.mjs");
    const { buildDemo } = await import("./demo-page.mjs");
    await build();
    const { server, url } = await serve(await buildDemo(), Number(values.port));
    console.log(`demo: ${url}`);
    if (!values.check) return;
    await checkServer(url).finally(() => server.close());
    server.closeAllConnections();
  });
}

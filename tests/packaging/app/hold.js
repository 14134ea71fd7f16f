// Opens the folder, puts one document, says so, and holds on until it is killed; says which code it gets instead.
import { open } from "sanderling";

const [path, id] = (globalThis.Deno?.args ?? process.argv.slice(2));
try {
  const db = await open("held", { storage: "fs", path });
  const books = await db.collection("books", { fields: { title: { type: "text" } } });
  await books.put({ id, title: "sanderling" });
  console.log(`HELD ${await books.count()}`);
  setInterval(() => undefined, 1_000);
} catch (error) {
  console.log(`REFUSED ${error.code}`);
}

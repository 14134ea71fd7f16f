// Node: `write` puts a text, `read` is another process that finds it by another form of its word.
import { open } from "sanderling";

const db = await open("db", { path: "./data" });
const schema = { fields: { text: { type: "text", language: "german" } } };
const german = await db.collection("german", process.argv[2] === "write" ? schema : undefined);
if (process.argv[2] === "write") await german.put({ id: 1, text: "Die Häuser am Meer" });
const { hits } = await german.search("haus");
await db.close();
console.log(`RESULT ${JSON.stringify(hits.map(({ id }) => id))}`);

// workerd without the language, then with it; then with the file of another one.
import { open } from "sanderling";
import german from "sanderling/languages/german.wasm";
import dutch from "sanderling/languages/dutch.wasm";

const schema = (language) => ({ fields: { text: { type: "text", language } } });

async function attempt(db, name, language) {
  try {
    const collection = await db.collection(name, schema(language));
    await collection.put({ id: 1, text: "shores Häuser" });
    return (await collection.search("haus shore")).total;
  } catch ({ code, message, details }) {
    return { code, message, details };
  }
}

export default {
  fetch: async () => {
    const db = await open("db");
    const missing = await attempt(db, "c", "german");
    const english = await attempt(db, "e", "english");
    const mixedUp = await attempt(await open("db", { languages: { german: dutch } }), "c", "german");
    const given = await attempt(await open("db", { languages: { german } }), "c", "german");
    const later = await attempt(db, "d", "german");
    return Response.json({ missing, english, mixedUp, given, later });
  },
};

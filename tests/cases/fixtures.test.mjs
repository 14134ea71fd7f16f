// The databases of tests/fixtures, which were written natively, opened through the package.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { open, restore } from "sanderling";
import { bitsOf } from "./bits.mjs";

const fixtures = join(import.meta.dirname, "..", "fixtures", "format-v0");
const expected = JSON.parse(readFileSync(join(fixtures, "answers.json"), "utf8"));
const path = mkdtempSync(join(tmpdir(), "sanderling-fixtures-"));
after(() => rmSync(path, { recursive: true, force: true }));

async function check(db) {
  const birds = await db.collection("birds");
  for (const { query, total, hits } of expected) {
    const found = await birds.search(query);
    assert.deepEqual(
      { total: found.total, hits: found.hits.map(({ id, version, score }) => [String(id), version, bitsOf(score)]) },
      { total, hits },
      JSON.stringify(query),
    );
  }
  const notes = await db.collection("notes");
  assert.equal((await notes.search("vogel")).total, 1);
  assert.equal((await db.verify()).ok, true);
  await birds.put({ id: "new", title: "shore" });
  await db.close();
}

test("a database that was written natively answers with the same bits", async () => {
  cpSync(join(fixtures, "database"), join(path, "native"), { recursive: true });
  await check(await open("native", { path }));
});

test("so does one that was exported natively", async () => {
  await check(await restore("exported", readFileSync(join(fixtures, "export.sanderling")), { path }));
});

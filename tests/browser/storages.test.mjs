// Where a page's database is kept: what is chosen and why, and what becomes of it when the browser has no room, is killed, or removes
// the data of the site.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { launch, logOf, profile, site, tab } from "./harness.mjs";

const folder = profile();
let chromium, here, page;

before(async () => {
  here = await site();
  chromium = await launch(folder);
});
after(async () => {
  await chromium?.kill();
  here?.close();
});
afterEach(() => page?.close().catch(() => undefined));

async function aPage(url = here.url) {
  page = await tab(chromium.context, url);
}

/** Runs a function in the page with the package, what a test needs of it, and an argument. */
async function inPage(run, argument) {
  try {
    return await page.evaluate(
      async ([run, argument]) => {
        const sanderling = await import("sanderling");
        const SCHEMA = { fields: { text: { type: "text" } } };
        const code = (promise) => promise.then(() => "done", (error) => error.code ?? String(error));
        // A worker that lacks what some browsers lack.
        const poorer = (patch) => {
          const imports = [`data:text/javascript,${encodeURIComponent(patch)}`, new URL("dist/worker.js", location.href)];
          const text = imports.map((name) => `import ${JSON.stringify(String(name))};`).join("");
          return new Worker(URL.createObjectURL(new Blob([text], { type: "text/javascript" })), { type: "module" });
        };
        // Nothing that a browser could make shorter.
        const some = () => Array.from(crypto.getRandomValues(new Uint8Array(50_000)), (byte) => (byte % 36).toString(36)).join("");
        const noise = () => Array.from({ length: 10 }, some).join("");
        window.kept ??= {};
        return (0, eval)(`(${run})`)({ ...sanderling, SCHEMA, code, poorer, noise, kept: window.kept }, argument);
      },
      [String(run), argument],
    );
  } catch (error) {
    error.message += `\nthe page said:\n${logOf(page)}`;
    throw error;
  }
}

/** What status() tells of a database that is opened so, after it was written, closed, opened and read. */
const statusOf = (name, options) =>
  inPage(
    async ({ open, destroy, SCHEMA }, [name, options]) => {
      const first = await open(name, options);
      await (await first.collection("c", SCHEMA)).put({ id: 1, text: "kept" });
      await first.close();
      const db = await open(name, options);
      const { hits } = await (await db.collection("c")).search("kept");
      const { storage, worker, reason, persisted } = await db.status();
      await db.close();
      await destroy(name, options);
      return { hits: hits.length, storage, worker, reason, persisted };
    },
    [name, options],
  );

test("OPFS is chosen where it works, IndexedDB in the page, and each where it is asked for", async () => {
  await aPage();
  const { persisted, ...opfs } = await statusOf("chosen", {});
  assert.deepEqual([typeof persisted, opfs], ["boolean", { hits: 1, storage: "opfs", worker: true, reason: undefined }]);
  const asked = await statusOf("chosen", { storage: "indexeddb", persist: false });
  assert.deepEqual([asked.storage, asked.worker, asked.hits, asked.reason], ["indexeddb", true, 1, undefined]);
  const inPage = await statusOf("chosen", { worker: false });
  assert.deepEqual([inPage.storage, inPage.worker, inPage.hits, typeof inPage.persisted], ["indexeddb", false, 1, "boolean"]);
  assert.match(inPage.reason, /OPFS is out of reach/);
});

test("without OPFS it is IndexedDB, without both an error, and memory where that is asked for", async () => {
  await aPage();
  const found = await inPage(async ({ open, poorer, code }) => {
    const noOpfs = "delete FileSystemFileHandle.prototype.createSyncAccessHandle;";
    const noIndexedDb = "Object.defineProperty(self, 'indexedDB', { value: undefined });";
    const db = await open("poor", { worker: poorer(noOpfs) });
    const { storage, reason } = await db.status();
    await db.close();
    const opfs = await code(open("poor", { storage: "opfs", worker: poorer(noOpfs) }));
    const neither = await open("poor", { worker: poorer(noOpfs + noIndexedDb) }).catch((error) => `${error.code}: ${error.message}`);
    const memory = await open("poor", { storage: "memory", worker: poorer(noOpfs + noIndexedDb) });
    const last = await memory.status();
    await memory.close();
    return { storage, reason, opfs, neither, memory: last.storage };
  });
  assert.match(found.reason, /no synchronous access/);
  assert.match(found.neither, /^unavailable: .*no synchronous access; there is no IndexedDB here/);
  assert.deepEqual([found.storage, found.opfs, found.memory], ["indexeddb", "unavailable", "memory"]);
});

test("one name is one database: what is in OPFS is no empty one in the page, and what is open is open once", async () => {
  await aPage();
  const found = await inPage(async ({ open, destroy, code, SCHEMA }) => {
    const db = await open("one");
    await db.collection("c", SCHEMA);
    const other = await code(open("one", { storage: "indexeddb" }));
    await db.close();
    const inPage = await code(open("one", { worker: false }));
    const own = await open("one", { worker: false, storage: "indexeddb" });
    const destroyed = await code(destroy("one"));
    await own.close();
    await destroy("one");
    const again = await open("one", { worker: false });
    const collections = await again.collections();
    await again.close();
    return { other, inPage, destroyed, collections };
  });
  assert.deepEqual(found, { other: "unavailable", inPage: "unavailable", destroyed: "unavailable", collections: [] });
});

test("a database that was begun in IndexedDB is no empty one where OPFS works", async () => {
  await aPage();
  const found = await inPage(async ({ open, destroy, SCHEMA }) => {
    const inPage = await open("begun", { worker: false });
    await (await inPage.collection("c", SCHEMA)).put({ id: 1, text: "kept" });
    await inPage.close();
    const db = await open("begun");
    const { storage, worker, reason } = await db.status();
    const count = await (await db.collection("c")).count();
    await db.close();
    await destroy("begun");
    const next = await open("begun");
    const after = await next.status();
    await next.close();
    await destroy("begun");
    return { storage, worker, reason, count, after: [after.storage, after.reason] };
  });
  const reason = "the database was begun in IndexedDB";
  assert.deepEqual(found, { storage: "indexeddb", worker: true, reason, count: 1, after: ["opfs", undefined] });
});

for (const storage of ["opfs", "indexeddb"]) {
  const use = { storage };

  test(`${storage}: after the browser was killed everything that was acknowledged is there`, async () => {
    await aPage();
    const name = `killed-${storage}`;
    for (let round = 1; round <= 3; round += 1) {
      await inPage(
        async ({ open, SCHEMA }, [name, use, round]) => {
          const db = await open(name, use);
          const collection = await db.collection("c", SCHEMA);
          for (let at = 0; at < 20; at += 1) await collection.put({ id: round * 100 + at, text: "bird" });
        },
        [name, use, round],
      );
      await chromium.kill();
      chromium = await launch(folder);
      await aPage();
      const count = await inPage(
        async ({ open }, [name, use]) => {
          const db = await open(name, use);
          const count = await (await db.collection("c")).count();
          await db.close();
          return count;
        },
        [name, use],
      );
      assert.equal(count, round * 20);
    }
  });

  test(`${storage}: when the data of the site is removed nothing is acknowledged any more`, async () => {
    await aPage();
    const name = `cleared-${storage}`;
    await inPage(
      async ({ open, SCHEMA, kept }, [name, use]) => {
        kept.db = await open(name, use);
        kept.collection = await kept.db.collection("c", SCHEMA);
        await kept.collection.put({ id: 1, text: "here" });
      },
      [name, use],
    );
    const session = await chromium.context.newCDPSession(page);
    await session.send("Storage.clearDataForOrigin", { origin: new URL(here.url).origin, storageTypes: "all" });
    const codes = await inPage(async ({ code, kept }) => {
      const codes = [await code(kept.collection.put({ id: 2, text: "lost" })), await code(kept.collection.put({ id: 3, text: "lost" }))];
      await kept.db.close().catch(() => undefined);
      return codes;
    });
    assert.deepEqual(codes, ["unavailable", "unavailable"]);
    // A page from before and its new workers have different Web Locks then: it has to be loaded anew.
    await page.close();
    await aPage();
    const again = await inPage(
      async ({ open, SCHEMA }, [name, use]) => {
        const db = await open(name, use);
        const collection = await db.collection("c", SCHEMA);
        await collection.put({ id: 4, text: "new" });
        const count = await collection.count();
        await db.close();
        return count;
      },
      [name, use],
    );
    assert.equal(again, 1);
  });

  test(`${storage}: a full disk is error quota, earlier data stays, and writes go on when there is room`, async () => {
    // A site of its own: Chromium asks how much room there is when a site is first used, and then now and again. Each open file of OPFS
    // takes a megabyte in advance.
    const url = here.url.replace("127.0.0.1", `full-${storage}.localhost`);
    await aPage(url);
    const name = `full-${storage}`;
    const { origin } = new URL(url);
    const session = await chromium.context.newCDPSession(page);
    await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 16 * 2 ** 20 });
    await inPage(
      async ({ open, SCHEMA, kept }, [name, use]) => {
        kept.db = await open(name, use);
        kept.collection = await kept.db.collection("c", SCHEMA);
        await kept.collection.put({ id: 0, text: "before" });
      },
      [name, use],
    );
    const full = await inPage(async ({ code, noise, kept }) => {
      let [put, last] = [0, "done"];
      for (; put < 40 && last === "done"; put += last === "done" ? 1 : 0) {
        last = await code(kept.collection.put({ id: put + 1, text: noise() }));
      }
      return { put, last, count: await kept.collection.count(), first: (await kept.collection.get(0)).text };
    });
    assert.deepEqual([full.last, full.first, full.count], ["quota", "before", full.put + 1]);
    await session.send("Storage.overrideQuotaForOrigin", { origin });
    const after = await inPage(
      async ({ open, code, kept }, [name, use]) => {
        const put = await code(kept.collection.put({ id: 1_000, text: "after" }));
        await kept.db.close();
        const db = await open(name, use);
        const count = await (await db.collection("c")).count();
        await db.close();
        return { put, count };
      },
      [name, use],
    );
    assert.deepEqual(after, { put: "done", count: full.put + 2 });
  });
}

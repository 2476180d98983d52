import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { UserError } from "../../../../local/errors";
import { cacheDir } from "../../../../local/paths";
import {
  makeFolder,
  purgeCache,
  readReceipt,
  removeAbandoned,
  toolFolder,
  withLock,
} from "../../../../local/toolchain/cache";
import { isAlive, thisProcess } from "../../../../local/toolchain/process-identity";
import { runChild, startChild, answerOf } from "./support/spawn";
import { recordingProgress, removeTemporaryFolders, temporaryFolder } from "./support/temporary";

describe("local/toolchain/cache", () => {
  const before = process.env["XDG_CACHE_HOME"];
  let env: { XDG_CACHE_HOME: string };
  beforeEach(() => {
    env = { XDG_CACHE_HOME: temporaryFolder() };
    process.env["XDG_CACHE_HOME"] = env.XDG_CACHE_HOME;
  });
  afterEach(() => {
    if (before === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = before;
    removeTemporaryFolders();
  });

  describe("makeFolder", () => {
    const receipt = { version: "1", source: "go" as const, bin: { thing: "bin/thing" } };

    it("puts a folder in place with its receipt", async () => {
      const folder = toolFolder("thing", "1");
      await makeFolder(folder, ({ dir }) => {
        fs.writeFileSync(path.join(dir, "file"), "text");
        return Promise.resolve(receipt);
      });
      assert.deepEqual(readReceipt(folder), receipt);
      assert.equal(fs.readFileSync(path.join(folder, "file"), "utf8"), "text");
    });

    it("leaves nothing when filling fails", async () => {
      const folder = toolFolder("thing", "1");
      await assert.rejects(
        makeFolder(folder, () => Promise.reject(new Error("no"))),
        /no/,
      );
      assert.equal(fs.existsSync(folder), false);
      assert.deepEqual(leftovers(), []);
    });

    it("keeps what another process made meanwhile", async () => {
      const folder = toolFolder("thing", "1");
      const other = { ...receipt, version: "2" };
      const result = await makeFolder(folder, async () => {
        await makeFolder(folder, () => Promise.resolve(other));
        return receipt;
      });
      assert.deepEqual(result, other);
    });

    it("replaces a folder without a receipt", async () => {
      const folder = toolFolder("thing", "1");
      fs.mkdirSync(folder, { recursive: true });
      fs.writeFileSync(path.join(folder, "old"), "");
      await makeFolder(folder, () => Promise.resolve(receipt));
      assert.deepEqual(fs.readdirSync(folder), ["tool.json"]);
    });

    it("of a killed process leaves a workspace that the next run removes", async () => {
      assert.equal(await runChild(["die"], env), undefined);
      assert.equal(fs.existsSync(toolFolder("thing", "1")), false);
      assert.equal(leftovers().length, 1);
      removeAbandoned();
      assert.deepEqual(fs.readdirSync(path.join(cacheDir(), "tmp")), []);
    });
  });

  describe("withLock", () => {
    it("lets two processes in one after the other", async () => {
      const log = path.join(env.XDG_CACHE_HOME, "log");
      await Promise.all([1, 2, 3].map(() => runChild(["hold", log, "300"], env)));
      const entries = fs.readFileSync(log, "utf8").trim().split("\n");
      assert.equal(entries.length, 6);
      for (let i = 0; i < 6; i += 2) {
        assert.equal(entries[i]?.replace(" in", ""), entries[i + 1]?.replace(" out", ""));
      }
    });

    it("takes over the lock of a killed process, and says so", async () => {
      const log = path.join(env.XDG_CACHE_HOME, "log");
      const child = startChild(["hold", log, "60000"], env);
      while (!fs.existsSync(log)) await sleep(50);
      child.kill("SIGKILL");
      await answerOf(child);
      const progress = recordingProgress();
      assert.equal(await withLock("thing", progress, () => Promise.resolve(7)), 7);
      assert.deepEqual(progress.titles, ["taking over the lock of thing"]);
      assert.deepEqual(fs.readdirSync(path.join(cacheDir(), "locks")), []);
    });

    it("does not mistake a reused process number, or a torn file, for an owner", async () => {
      const locks = path.join(cacheDir(), "locks");
      fs.mkdirSync(locks, { recursive: true });
      for (const text of [JSON.stringify({ pid: process.pid, started: "0" }), '{"pid":']) {
        fs.writeFileSync(path.join(locks, "thing"), text);
        assert.equal(await withLock("thing", recordingProgress(), () => Promise.resolve(1)), 1);
      }
    });

    it("is given back when the work fails", async () => {
      const work = () => Promise.reject(new Error("no"));
      await assert.rejects(withLock("thing", recordingProgress(), work), /no/);
      assert.deepEqual(fs.readdirSync(path.join(cacheDir(), "locks")), []);
    });
  });

  describe("purgeCache", () => {
    it("refuses while a living process holds a lock, and then removes everything", async () => {
      const log = path.join(env.XDG_CACHE_HOME, "log");
      const child = startChild(["hold", log, "60000"], env);
      while (!fs.existsSync(log)) await sleep(50);
      assert.throws(purgeCache, (error: unknown) => {
        assert(error instanceof UserError);
        assert.match(error.why ?? "", new RegExp(`process ${child.pid} is making thing`));
        return error.exitCode === 3;
      });
      child.kill("SIGKILL");
      await answerOf(child);
      purgeCache();
      assert.equal(fs.existsSync(cacheDir()), false);
    });
  });

  it("knows living processes from ended ones", () => {
    assert.equal(isAlive(thisProcess()), true);
    assert.equal(isAlive({ pid: 0, started: "" }), false);
    assert.equal(isAlive({ pid: 2 ** 22 + 1, started: "1" }), false);
  });
});

/** Half-made folders in any process's workspace. */
function leftovers(): string[] {
  const tmp = path.join(cacheDir(), "tmp");
  return fs.readdirSync(tmp).flatMap((entry) => fs.readdirSync(path.join(tmp, entry)));
}

import assert from "node:assert/strict";
import fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { mock } from "node:test";
import { watchFolder } from "../../../../cli/dev/watch";

describe("a watched folder", () => {
  let folder: string;
  let end: () => void;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-watch-"));
  });
  afterEach(() => {
    end();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const until = async (what: () => boolean) => {
    for (let i = 0; i < 2000 && !what(); i++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(what(), `never: ${what.toString()}`);
  };

  it("is watched on when what follows a change fails, which is told", async () => {
    let calls = 0;
    const failures: unknown[] = [];
    const fail = () => Promise.reject(new Error(`failure ${++calls}`));
    end = watchFolder(folder, fail, (error) => failures.push(String(error)));
    for (let change = 1; change <= 2; change++) {
      fs.writeFileSync(path.join(folder, "file"), String(change));
      await until(() => calls >= change);
    }
    const expected = Array.from({ length: calls }, (_, i) => `Error: failure ${i + 1}`);
    assert.deepEqual(failures, expected);
  });

  it("tells what the watching itself fails with", () => {
    const watch = mock.method(fs, "watch");
    const failures: unknown[] = [];
    try {
      end = watchFolder(
        folder,
        () => Promise.resolve(),
        (error) => failures.push(String(error)),
      );
      // Those before it are of the recursion.
      watch.mock.calls.at(-1)!.result!.emit("error", new Error("too many"));
    } finally {
      watch.mock.restore();
    }
    assert.deepEqual(failures, ["Error: too many"]);
  });
});

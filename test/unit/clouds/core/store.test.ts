import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Store } from "../../../support/clouds/store";

describe("what the simulated clouds keep", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-store-"));
    file = path.join(folder, "state.json");
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  const resource = (id: string, state: "creating" | "ready" | "deleting") =>
    ({ kind: "k", id, inputs: {}, outputs: {}, state, createdAt: 1 }) as const;

  it("outlives the process; what was under way is done then", () => {
    const store = new Store(file);
    for (const state of ["creating", "ready", "deleting"] as const)
      store.put(resource(state, state));
    store.set("key", { value: 1 });
    const again = new Store(file);
    assert.deepEqual(
      again.list("k").map(({ id, state }) => [id, state]),
      [
        ["creating", "ready"],
        ["ready", "ready"],
      ],
    );
    assert.deepEqual(again.get("key"), { value: 1 });
  });

  it("forgets what is removed", () => {
    const store = new Store(file);
    store.put(resource("a", "ready"));
    store.remove({ kind: "k", id: "a" });
    store.set("key", 1);
    store.set("key", undefined);
    assert.equal(new Store(file).find("k", "a"), undefined);
    assert.equal(new Store(file).get("key"), undefined);
  });
});

import assert from "node:assert/strict";
import fsPromises from "node:fs/promises";
import { mock } from "node:test";
import { copyFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DataPlane } from "../../../../app/server/data-plane";
import { RequestError } from "../../../../app/server/errors";
import { WorkerPool } from "../../../../app/server/evaluator/worker-pool";
import { createLog } from "../../../../app/server/log";
import { Metrics } from "../../../../app/server/observability/metrics";
import { readSettings, type Environment } from "../../../../app/server/settings";
import { numbers, x } from "../support/graph";
import { scaling, slow } from "../support/graphs";
import { temporaryModels, type ModelsFolder } from "../support/models";

describe("models that change on disk", () => {
  let models: ModelsFolder;
  let dataPlane: DataPlane;
  let lines: Record<string, unknown>[];
  const metrics = new Metrics();

  async function load(environment: Environment = {}): Promise<void> {
    lines = [];
    const log = createLog("info", (line) => {
      lines.push(JSON.parse(line) as Record<string, unknown>);
    });
    const settings = readSettings({
      MODELS_DIR: models.path,
      MODELS_POLL_SECONDS: "0.02",
      ...environment,
    });
    dataPlane = new DataPlane(settings, log, metrics);
    await dataPlane.load();
  }
  beforeEach(() => {
    models = temporaryModels().addGraph("m", scaling(1));
  });
  afterEach(() => dataPlane.close());

  const states = () =>
    dataPlane
      .status()
      .models.map(({ name, version, state }) => `${name} ${version ?? "-"} ${state}`);
  const said = (message: string) => lines.filter((line) => line["message"] === message).length;
  /** Resolves when `holds`. */
  async function until(holds: () => boolean): Promise<void> {
    for (let i = 0; i < 4000; i++) {
      if (holds()) return;
      await sleep(10);
    }
    assert.fail(`never came to be; now: ${states().join(", ")}\n${JSON.stringify(lines)}`);
  }
  /** Several looks at the folder. */
  const someLooks = () => sleep(200);
  const answer = async (name = "m", version?: string) =>
    numbers(await dataPlane.find(name, version).infer(x([1, 2])));

  it("a version that is added becomes the default, loaded once", async () => {
    await load();
    models.addGraph("m", scaling(2), "2");
    await until(() => dataPlane.find("m").version === "2");
    assert.deepEqual(await answer(), [2, 4]);
    assert.deepEqual(await answer("m", "1"), [1, 2]);
    await someLooks();
    assert.equal(said("model ready"), 2, "one line each, however often the folder is looked at");
    assert.deepEqual(
      dataPlane.find("m", "1").metadata.versions["2"],
      undefined,
      "what is loaded and didn't change stays as it is",
    );
  });

  it("a version, and a model, that are removed are gone; the older one is the default again", async () => {
    models.addGraph("m", scaling(2), "2").addGraph("n", scaling(3));
    await load();
    models.remove("m/2");
    await until(() => dataPlane.find("m").version === "1");
    assert.throws(() => dataPlane.find("m", "2"), { status: 404 });
    models.remove("n");
    await until(() => states().length === 1);
    assert.throws(() => dataPlane.find("n"), { status: 404, message: 'no model "n"' });
    assert.deepEqual(states(), ["m 1 ready"]);
    assert.equal(said("model retired"), 2);
    const told = await metrics.render();
    assert.match(told, /modelport_model_ready\{model="m",version="1"\} 1/);
    assert.doesNotMatch(told, /model="n"|version="2"/);
    models.remove("m");
    await until(() => states().length === 0);
    assert.throws(() => dataPlane.find(), { status: 503 });
  });

  it("a version that is withdrawn from model.json is gone, too", async () => {
    models.addGraph("m", scaling(2), "2");
    await load();
    models.edit("m", ({ versions, ...rest }) => ({
      ...rest,
      versions: { "1": (versions as Record<string, unknown>)["1"] },
    }));
    await until(() => states()[0] === "m 2 failed");
    assert.equal(dataPlane.find("m").version, "1");
  });

  it("a version that is replaced answers anew, and never in between", async () => {
    await load();
    const before = dataPlane.find("m");
    models.addGraph("m", scaling(5));
    await until(() => dataPlane.find("m") !== before);
    assert.deepEqual(await answer(), [5, 10]);
    await assert.rejects(before.infer(x([1, 2])), { status: 503 });
    assert.deepEqual(states(), ["m 1 ready"]);
    assert.match(await metrics.render(), /modelport_model_ready\{model="m",version="1"\} 1/);
  });

  it("what it still runs is finished before it is freed", async () => {
    models.addGraph("long", slow(20));
    await load();
    const running = dataPlane.find("long").infer(x([1, 2]));
    models.remove("long");
    await until(() => !states().some((state) => state.startsWith("long")));
    assert.deepEqual(numbers(await running), [1, 2]);
  });

  it("half a copy is waited for; what stays broken is told once, and tried again when it changes", async () => {
    await load();
    const whole = scaling(2).onnx;
    models.addGraph("m", { ...scaling(2) }, "2");
    for (let bytes = 1; bytes < whole.length; bytes += Math.ceil(whole.length / 20)) {
      models.write("m/2/model.onnx", whole.subarray(0, bytes));
      await sleep(5);
    }
    await until(() => states()[0] === "m 2 failed");
    assert.equal(dataPlane.find("m").version, "1", "the older one stays the default");
    assert.equal(dataPlane.status().ready, true, "once ready, a version that fails hurts nobody");
    assert.match(dataPlane.status().models[0]!.reason!, /^model\.onnx has SHA-256/);
    await someLooks();
    assert.equal(said("model failed to load"), 1, "not at each look");
    assert.match(
      await metrics.render(),
      /modelport_model_ready\{model="m",version="2"\} 0/,
      "for whoever watches",
    );
    models.write("m/2/model.onnx", whole);
    await until(() => dataPlane.find("m").version === "2");
  });

  it("files that go bad below what is served: it stays, from memory, and the reason is told", async () => {
    await load();
    models.write("m/1/model.onnx", "rubbish");
    await until(() => dataPlane.status().models[0]!.reason !== undefined);
    assert.deepEqual(states(), ["m 1 ready"]);
    assert.deepEqual(await answer(), [1, 2]);
    models.write("m/model.json", "{");
    await until(() => /not JSON/.test(dataPlane.status().models[0]!.reason ?? ""));
    await someLooks();
    assert.deepEqual(await answer(), [1, 2]);
    assert.equal(said("model changed and failed to load, what was loaded stays"), 2);
    const former = dataPlane.find("m");
    models.addGraph("m", scaling(1));
    await until(() => dataPlane.status().models[0]!.reason === undefined);
    assert.equal(dataPlane.find("m"), former, "the same again is not loaded again");
    assert.equal(said("model ready"), 1);
  });

  it("the same content copied again is not loaded again", async () => {
    await load();
    const former = dataPlane.find("m");
    copyFileSync(models.in("m/1/model.onnx"), models.in("m/1/copy"));
    rmSync(models.in("m/1/model.onnx"));
    copyFileSync(models.in("m/1/copy"), models.in("m/1/model.onnx"));
    utimesSync(models.in("m/1/model.onnx"), 1, 1);
    await someLooks();
    assert.equal(dataPlane.find("m"), former);
    assert.equal(said("model ready"), 1);
  });

  it("a model broken at start is ready when it is mended", async () => {
    models.write("m/1/model.onnx", "rubbish");
    await load();
    assert.equal(dataPlane.status().ready, false);
    models.write("m/1/model.onnx", scaling(1).onnx);
    await until(() => dataPlane.status().ready);
    assert.deepEqual(await answer(), [1, 2]);
  });

  const errno = (code: string) => Object.assign(new Error(`${code}: some trouble`), { code });
  /** The first two calls of a method fail. */
  const failTwice = <T extends object>(of: T, method: keyof T & string, error: Error) => {
    const original = of[method] as (...args: unknown[]) => unknown;
    let calls = 0;
    return mock.method(
      of as Record<string, () => unknown>,
      method,
      function (this: unknown, ...args: unknown[]) {
        return ++calls <= 2 ? Promise.reject(error) : original.apply(this, args);
      },
    );
  };
  const passing: [what: string, fail: () => ReturnType<typeof failTwice>][] = [
    ["a model.json that can't be read", () => failTwice(fsPromises, "readFile", errno("EIO"))],
    ["too many open files", () => failTwice(fsPromises, "open", errno("EMFILE"))],
    [
      "a worker that ends while it loads",
      () => failTwice(WorkerPool.prototype, "place", new RequestError(503, "ended: try again")),
    ],
  ];
  for (const [what, fail] of passing)
    it(`${what} is told once and tried again, though nothing changes on disk`, async () => {
      models.addGraph("m", slow(20));
      const failing = fail();
      try {
        await load();
        assert.equal(dataPlane.status().ready, false);
        await until(() => dataPlane.status().ready);
      } finally {
        failing.mock.restore();
      }
      assert.deepEqual(await answer(), [1, 2]);
      assert.equal(said("model failed to load"), 1);
      assert.equal(dataPlane.status().models[0]!.reason, undefined);
    });

  it("a pinned version is the default whatever else comes", async () => {
    await load({ MODEL_VERSIONS: "m=1,3" });
    assert.equal(dataPlane.status().ready, false, "3 is missing");
    models.addGraph("m", scaling(2), "2").addGraph("m", scaling(3), "3");
    await until(() => dataPlane.status().ready);
    assert.deepEqual(states(), ["m 3 ready", "m 1 ready"]);
    models.addGraph("m", scaling(4), "4");
    await someLooks();
    assert.equal(dataPlane.find("m").version, "3");
  });

  it("a models folder that is away for a while takes nothing away", async () => {
    await load();
    rmSync(models.path, { recursive: true });
    await until(() => said("models can't be looked at") === 1);
    await someLooks();
    assert.deepEqual(await answer(), [1, 2]);
    assert.equal(said("models can't be looked at"), 1);
  });

  it("MODELS_POLL_SECONDS=0: nothing is followed", async () => {
    await load({ MODELS_POLL_SECONDS: "0" });
    models.addGraph("m", scaling(2), "2");
    writeFileSync(models.in("m/1/model.onnx"), "rubbish");
    await someLooks();
    assert.deepEqual(states(), ["m 1 ready"]);
    assert.equal(dataPlane.status().models[0]!.reason, undefined);
  });

  it("versions come, change and go in a loop: under load no request fails or gets another's answer", async function () {
    this.timeout(60_000);
    await load();
    let stopped = false;
    let answered = 0;
    const ask = async (): Promise<void> => {
      while (!stopped) {
        const [one, two] = numbers(await dataPlane.find("m").infer(x([1, 2])));
        assert.ok(one !== undefined && two === 2 * one, `${one}, ${two}`);
        answered++;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const asking = Promise.all(Array.from({ length: 32 }, ask));
    for (let round = 2; round < 12; round++) {
      models.addGraph("m", scaling(round), "2");
      await until(() => dataPlane.find("m").version === "2");
      models.addGraph("m", scaling(round + 100), "2");
      const before = dataPlane.find("m");
      await until(() => dataPlane.find("m") !== before);
      assert.deepEqual(await answer(), [round + 100, 2 * (round + 100)]);
      models.remove("m/2");
      await until(() => dataPlane.find("m").version === "1");
    }
    stopped = true;
    await asking;
    assert.ok(answered > 1000, `${answered} answers`);
  });
});

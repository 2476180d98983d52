import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { stageFiles } from "../../../infra/components/build-context";
import { IMAGE_FOLDER, serverFiles } from "../../../infra/components/server-files";
import { readModel } from "../../../infra/models";
import { machinePlatform } from "../../../infra/units";
import { entryPointFlags } from "../../../local/image/entry-point";
import { slow } from "./support/graphs";
import { readGolden, shippedModels, temporaryModels } from "./support/models";
import { assertPredictions, get, post } from "./support/server";

const root = path.join(__dirname, "../../..");

/** The image's /app: what a staged context has below image/, its layers on top of each other. */
function stage(target: string): void {
  const platform = machinePlatform(process.arch);
  assert.ok(platform !== undefined);
  const files = serverFiles(root, platform, [readModel(root, "iris")]);
  stageFiles(
    target,
    files
      .filter((file) => file.target.startsWith(IMAGE_FOLDER))
      .map((file) => ({ ...file, target: file.target.replace(/^image\/[^/]+\//, "") })),
  );
}

describe("image", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "modelport-image-"));
  const running = new Set<ChildProcess>();
  before(() => {
    execFileSync(process.execPath, [path.join(root, "local/build.js"), "server"]);
    stage(folder);
  });
  afterEach(() => {
    for (const child of running) child.kill("SIGKILL");
  });
  after(() => rmSync(folder, { recursive: true }));

  /** The staged server as the image's entry point starts it, nothing inherited but what is given. */
  async function start(environment: Record<string, string>) {
    const child = spawn(process.execPath, [...entryPointFlags(), path.join(folder, "server.js")], {
      cwd: "/",
      env: {
        PORT: "0",
        GRPC_PORT: "0",
        METRICS_PORT: "0",
        HOST: "127.0.0.1",
        MODELS_DIR: path.join(folder, "models"),
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    const lines: Record<string, unknown>[] = [];
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const exit = new Promise<{ code: number | null; stderr: string }>((resolve) => {
      child.on("close", (code) => {
        running.delete(child);
        resolve({ code, stderr });
      });
    });
    await new Promise<void>((resolve) => {
      createInterface(child.stdout).on("line", (line) => {
        lines.push(JSON.parse(line) as Record<string, unknown>);
        if (["started", "could not start"].includes(String(lines.at(-1)!["message"]))) resolve();
      });
      child.on("close", () => resolve());
    });
    const port = Number(lines.find(({ message }) => message === "listening")?.["port"]);
    return { child, lines, exit, port, url: `http://127.0.0.1:${port}` };
  }

  it("holds all that the server needs: it answers as scikit-learn does", async () => {
    const { child, url, exit } = await start({});
    const golden = readGolden(shippedModels);
    const instances = golden.requests.map(({ instance }) => instance);
    const { body } = await post(`${url}/predict`, JSON.stringify({ instances }));
    assertPredictions(body, golden, golden.requests);
    child.kill("SIGINT");
    assert.deepEqual(await exit, { code: 0, stderr: "" });
  });

  it("serves gRPC and metrics on their own ports, and a slow model from a worker thread", async () => {
    const models = temporaryModels().addGraph("slow", slow(20));
    const { child, url, exit, lines } = await start({ MODELS_DIR: models.path });
    const ready = lines.find(({ message }) => message === "model ready");
    assert.equal(ready?.["thread"], "worker");
    assert.equal((await post(`${url}/predict`, "[1,2]")).status, 200);
    const { grpcPort, metricsPort } = lines.at(-1)!;
    const metrics = await fetch(`http://127.0.0.1:${String(metricsPort)}/metrics`);
    assert.match(await metrics.text(), /modelport_requests_total\{model="slow",version="1"\} 1\n/);
    const session = connectHttp2(`http://127.0.0.1:${String(grpcPort)}`);
    const call = session.request({
      ":method": "POST",
      ":path": "/inference.GRPCInferenceService/ServerReady",
      "content-type": "application/grpc",
      te: "trailers",
    });
    call.end(Buffer.alloc(5)); // an empty message
    const answer: Buffer[] = [];
    for await (const chunk of call) answer.push(chunk as Buffer);
    session.destroy();
    assert.deepEqual([...Buffer.concat(answer)], [0, 0, 0, 0, 2, 8, 1], "ready: true");
    child.kill("SIGINT");
    assert.deepEqual(await exit, { code: 0, stderr: "" });
  });

  it("writes nothing and reports to nobody: ONNX Runtime's telemetry is off", async () => {
    const home = path.join(folder, "home");
    mkdirSync(home);
    const { child, exit } = await start({ HOME: home, TMPDIR: home });
    child.kill("SIGINT");
    assert.deepEqual(await exit, { code: 0, stderr: "" });
    assert.deepEqual(readdirSync(home), []);
  });

  it("SIGTERM: unready but serving, then in-flight requests finished, exit 0", async () => {
    // Longer than pauses of the machine: what is asked while it drains is asked in time.
    const limits = { DRAIN_SECONDS: "5", REQUEST_SECONDS: "60" };
    const { child, url, port, exit, lines } = await start(limits);
    connect(port, "127.0.0.1").on("error", () => undefined); // opened ahead of need: nobody waits for it
    let answer = "";
    const slow = connect(port, "127.0.0.1");
    slow.on("data", (chunk) => (answer += chunk.toString()));
    const slowEnd = new Promise((resolve) => slow.on("close", resolve));
    slow.write("POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 17\r\n\r\n[5.1,3.5,");
    assert.equal((await get(`${url}/readyz`)).status, 200);

    child.kill("SIGTERM");
    while ((await get(`${url}/readyz`)).status === 200);
    const ready = await get(`${url}/readyz`);
    assert.equal((ready.body as { reason: string }).reason, "draining");
    assert.equal(ready.headers.get("connection"), "close");
    assert.equal((await get(`${url}/healthz`)).status, 200);
    assert.equal((await post(`${url}/predict`, "[5.1,3.5,1.4,0.2]")).status, 200);

    for (;;)
      try {
        await get(`${url}/healthz`);
      } catch {
        break; // no longer listening
      }
    assert.equal(answer, "", "the slow request is still in flight");
    slow.write("1.4,0.2]");
    await slowEnd;
    assert.match(answer, /^HTTP\/1.1 200 [^]*Connection: close[^]*"label":"setosa"/);
    assert.deepEqual(await exit, { code: 0, stderr: "" });
    assert.deepEqual(
      lines.map(({ message }) => message),
      ["listening", "model ready", "started", "draining", "stopped"],
    );
  });

  it("a second signal ends the wait", async () => {
    const { child, exit, lines } = await start({ DRAIN_SECONDS: "600" });
    child.kill("SIGTERM");
    while (!lines.some(({ message }) => message === "draining"))
      await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill("SIGTERM");
    assert.equal((await exit).code, 0);
  });

  it("wrong settings: exit 2, all of them named", async () => {
    const { exit } = await start({ PORT: "http", LOG_LEVEL: "loud" });
    const { code, stderr } = await exit;
    assert.equal(code, 2);
    assert.match(stderr, /^PORT: got "http", .*\nLOG_LEVEL: got "loud", .*\n$/);
  });

  it("no models folder, or a taken port: exit 1 with the reason", async () => {
    const missing = await start({ MODELS_DIR: "/does/not/exist" });
    assert.equal((await missing.exit).code, 1);
    assert.match(String(missing.lines.at(-1)!["reason"]), /ENOENT.*\/does\/not\/exist/);
    const first = await start({});
    const second = await start({ PORT: String(first.port) });
    assert.equal((await second.exit).code, 1);
    assert.match(String(second.lines.at(-1)!["reason"]), /EADDRINUSE/);
  });

  describe("its Dockerfile", () => {
    const text = readFileSync(path.join(root, "app/Dockerfile"), "utf8").replace(/\\\n/g, "");
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    /** Instructions of a stage, by its name. */
    const stageOf = (name: string) => {
      const start = lines.findIndex((line) => line.endsWith(` AS ${name}`));
      const rest = lines.slice(start + 1);
      const end = rest.findIndex((line) => line.startsWith("FROM "));
      return end < 0 ? rest : rest.slice(0, end);
    };
    const words = (stage: readonly string[]) => [
      ...new Set(stage.map((line) => line.split(" ")[0])),
    ];

    it("is on bases given by digest", () => {
      for (const name of ["BASE_IMAGE", "BUILD_IMAGE"])
        assert.match(text, new RegExp(`^ARG ${name}=\\S+@sha256:[0-9a-f]{64}$`, "m"));
    });

    it("starts node as PID 1, as nobody, with group 0", () => {
      const base = stageOf("base");
      assert.ok(base.includes("USER 65532:0"));
      assert.ok(base.includes("EXPOSE 8080 8081 9090"));
      assert.match(base.at(-1)!, /^ENTRYPOINT \["\/nodejs\/bin\/node", .*"\/app\/server\.js"\]$/);
    });

    it("needs no network for a staged context: copies alone, the models last", () => {
      assert.deepEqual(words(stageOf("staged")), ["COPY"]);
      assert.equal(stageOf("staged").at(-1), "COPY LICENSE image*/models ./");
    });

    it("ends with the stage that builds from a checkout, in the same layers", () => {
      assert.match(
        lines.filter((line) => line.startsWith("FROM")).at(-1)!,
        /^FROM base AS checkout$/,
      );
      assert.deepEqual(
        stageOf("checkout").map((line) => /\/image\/(\w+)\/ \.\/$/.exec(line)?.[1]),
        stageOf("staged").map((line) => /image\*\/(\w+) \.\/$/.exec(line)?.[1]),
      );
    });
  });
});

import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { readGolden, shippedModels } from "./support/models";
import { assertPredictions, get, post } from "./support/server";

const root = path.join(__dirname, "../../..");

interface Entry {
  readonly from: string;
  readonly to: string;
}

interface Context {
  readonly files: readonly Entry[];
  readonly perArch: Readonly<Record<string, readonly Entry[]>>;
  readonly perModel: readonly Entry[];
}

/** The files a path of app/context.json stands for: itself, or those of its folder with the ending after `*`. */
function matching(from: string): string[] {
  const [folder, ending, ...rest] = from.split("*");
  assert.deepEqual(rest, [], `one * at most: ${from}`);
  if (ending === undefined) return [from];
  const names = readdirSync(path.join(root, folder!)).filter((name) => name.endsWith(ending));
  return names.map((name) => folder! + name);
}

/** The files of app/context.json, laid out as the Dockerfile lays them out below /app. */
function stage(target: string): void {
  const context = JSON.parse(readFileSync(path.join(root, "app/context.json"), "utf8")) as Context;
  const platform = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
  const perModel = context.perModel.map(({ from, to }) => ({
    from: from.replace("{model}", "iris").replace("{version}", "1"),
    to: to.replace("{model}", "iris").replace("{version}", "1"),
  }));
  for (const { from, to } of [...context.files, ...context.perArch[platform]!, ...perModel]) {
    const sources = matching(from);
    assert.notEqual(sources.length, 0, `${from} matches nothing`);
    for (const source of sources) {
      const file = path.join(target, to.endsWith("/") ? path.join(to, path.basename(source)) : to);
      mkdirSync(path.dirname(file), { recursive: true });
      cpSync(path.join(root, source), file);
    }
  }
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
    const child = spawn(
      process.execPath,
      ["--max-semi-space-size=4", path.join(folder, "server.js")],
      {
        cwd: "/",
        env: {
          PORT: "0",
          HOST: "127.0.0.1",
          MODELS_DIR: path.join(folder, "models"),
          ...environment,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
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
        if (["model ready", "could not start"].includes(String(lines.at(-1)!["message"])))
          resolve();
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

  it("writes nothing and reports to nobody: ONNX Runtime's telemetry is off", async () => {
    const home = path.join(folder, "home");
    mkdirSync(home);
    const { child, exit } = await start({ HOME: home, TMPDIR: home });
    child.kill("SIGINT");
    assert.deepEqual(await exit, { code: 0, stderr: "" });
    assert.deepEqual(readdirSync(home), []);
  });

  it("SIGTERM: unready but serving, then in-flight requests finished, exit 0", async () => {
    const { child, url, port, exit, lines } = await start({ DRAIN_SECONDS: "2" });
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
      ["listening", "model ready", "draining", "stopped"],
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

  it("is built by copies alone, on a base given by digest, and starts node as PID 1", () => {
    const lines = readFileSync(path.join(root, "app/Dockerfile"), "utf8")
      .replace(/\\\n/g, "")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    const instructions = lines.map((line) => line.split(" ")[0]);
    assert.deepEqual(
      [...new Set(instructions)],
      ["ARG", "FROM", "WORKDIR", "ENV", "COPY", "EXPOSE", "USER", "ENTRYPOINT"],
    );
    assert.match(lines[0]!, /^ARG BASE_IMAGE=\S+@sha256:[0-9a-f]{64}$/);
    const copies = lines.filter((line) => line.startsWith("COPY"));
    assert.equal(copies.at(-1), "COPY models/ ./models/");
    assert.ok(lines.includes("USER 65532:0"));
    assert.match(lines.at(-1)!, /^ENTRYPOINT \["\/nodejs\/bin\/node", .*"\/app\/server\.js"\]$/);
  });
});

import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { command, type Result } from "../../../support/command";
import { copyCheckout } from "../../../support/checkout";
import { freePort } from "../../../support/environment";
import { passphraseSalt, seal } from "../support/passphrase";

const RETRAINED = path.join(__dirname, "../../app/fixtures/retrained/iris");
const KEY = "a-key-that-nobody-guesses";
const FLOWER = "[5.1,3.5,1.4,0.2]";

interface Answer {
  status: number;
  body: { model?: string; version?: string };
}

describe("modelport dev", function () {
  this.timeout(600_000);
  let checkout: string;
  let scratch: string;
  let child: ChildProcess;
  let ended: Promise<Result>;
  let output = "";
  let urls: Record<string, string>;

  before(async () => {
    checkout = copyCheckout();
    scratch = path.join(checkout, "scratch");
    fs.mkdirSync(scratch);
    const salt = passphraseSalt("open sesame");
    const services = {
      iris: { models: ["iris"], server: { maxRows: 5 } },
      texts: {
        models: ["spam"],
        apiKeys: { me: { secure: seal(KEY, "open sesame", salt) } },
      },
      web: {
        build: { context: "web" },
        port: await freePort(),
        health: { live: "/", ready: "/" },
        prediction: { path: "/", body: {} },
        env: { BACK: "http://iris.modelport-here/healthz" },
        dev: { command: [process.execPath, "web.js"] },
      },
    };
    fs.mkdirSync(path.join(checkout, "web"));
    fs.writeFileSync(path.join(checkout, "web", "web.js"), WEB);
    const config = { "modelport:target": "existing", "modelport:services": services };
    const stack = stringify({ encryptionsalt: salt, config });
    fs.writeFileSync(path.join(checkout, "Pulumi.here.yaml"), stack);
    const port = String(await freePort());
    ended = command(
      [process.execPath, "cli/modelport.js", "dev", "--stack", "here", "--port", port],
      {
        cwd: checkout,
        env: {
          XDG_STATE_HOME: path.join(checkout, "state"),
          TMPDIR: scratch,
          PULUMI_CONFIG_PASSPHRASE: "open sesame",
        },
        started: (started) => (child = started),
        onOutput: (stderr, stdout) => (output = stdout + stderr),
        timeoutSeconds: 1800,
      },
    );
    await until(() => output.includes("Ctrl-C ends it"));
    const told = output.matchAll(/^✓ (\w+) {2}(http:\S+)/gm);
    urls = Object.fromEntries(Array.from(told, ([, name, url]) => [name!, url!]));
    assert.equal(urls["iris"], `http://127.0.0.1:${port}`);
  });
  after(async () => {
    child.kill("SIGTERM");
    await ended;
    fs.rmSync(checkout, { recursive: true, force: true });
  });

  const until = async (what: () => boolean | Promise<boolean>) => {
    for (const end = Date.now() + 300_000; Date.now() < end;) {
      if (await what()) return;
      await sleep(50);
    }
    assert.fail(`never: ${what.toString()}\n${output}`);
  };
  const predict = async (
    service: string,
    body: string,
    headers: Record<string, string> = {},
  ): Promise<Answer> => {
    const url = `${urls[service] ?? ""}/predict`;
    const response = await fetch(url, { method: "POST", body, headers });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  };

  it("serves what the stack says, as deployed", async () => {
    assert.equal((await predict("iris", FLOWER)).body.model, "iris");
    const many = JSON.stringify({ instances: Array.from({ length: 6 }, () => [5, 3, 1, 0]) });
    assert.equal((await predict("iris", many)).status, 413);
    const text = JSON.stringify("Claim your prize now");
    assert.equal((await predict("texts", text)).status, 401);
    assert.equal((await predict("texts", text, { "x-api-key": KEY })).body.model, "spam");
    assert.doesNotMatch(output, new RegExp(KEY));
  });

  it("lets the services find each other by the names they have in the cluster", async () => {
    const response = await fetch(urls["web"]!);
    assert.equal(await response.text(), `${urls["iris"] ?? ""}/healthz: 200`);
  });

  it("follows a model that changes on disk, without a failed request", async () => {
    const failures: unknown[] = [];
    // The old one is asked before anything changes: the server may be quicker than the loop.
    const versions = new Set([(await predict("iris", FLOWER)).body.version]);
    const loop = (async () => {
      while (!versions.has("2") && failures.length === 0) {
        const { status, body } = await predict("iris", FLOWER).catch((error: unknown): Answer => {
          failures.push(error);
          return { status: 200, body: {} };
        });
        if (status !== 200) failures.push(status);
        versions.add(body.version);
      }
    })();
    const model = path.join(checkout, "app/models/iris");
    fs.cpSync(path.join(RETRAINED, "2"), path.join(model, "2"), { recursive: true });
    fs.copyFileSync(path.join(RETRAINED, "model.json"), path.join(model, "model.json"));
    await loop;
    assert.deepEqual(
      [...versions].filter((version) => version !== undefined),
      ["1", "2"],
    );
    assert.deepEqual(failures, []);
  });

  it("builds changed code and starts it anew; what can't be built changes nothing", async () => {
    const file = path.join(checkout, "app/server/identity.ts");
    const code = fs.readFileSync(file, "utf8");
    fs.writeFileSync(file, `${code}\nconst broken = ;\n`);
    await until(() => output.includes("not built:"));
    assert.equal((await predict("iris", FLOWER)).status, 200);
    fs.writeFileSync(file, code.replace('"modelport"', '"changed"'));
    const name = async () => {
      const response = await fetch(`${urls["iris"] ?? ""}/v2`).catch(() => undefined);
      return ((await response?.json()) as { name?: string } | undefined)?.name;
    };
    await until(async () => (await name()) === "changed");
    assert.match(output, /^iris +\| code changed, starting it anew$/m);
    assert.doesNotMatch(output, /starting it again in/);
  });

  it("starts what crashed", async () => {
    const response = await fetch(`${urls["web"] ?? ""}/crash`).catch(() => undefined);
    assert.equal(response, undefined);
    await until(() => /^web +\| ended with exit code 7; starting it again in 0.5 s$/m.test(output));
    await until(() =>
      fetch(urls["web"]!).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  });

  it("Ctrl-C ends all and leaves nothing", async () => {
    child.kill("SIGINT");
    const { code } = await ended;
    assert.equal(code, 130);
    for (const url of Object.values(urls)) await assert.rejects(fetch(url), url);
    assert.deepEqual(fs.readdirSync(scratch), []);
    assert.equal(fs.existsSync(path.join(checkout, "state")), false, "it made state");
  });
});

/** An own container's program: tells what another service answers, and crashes when it is asked to. */
const WEB = `
const http = require("node:http");
http.createServer(async (request, response) => {
  if (request.url === "/crash") process.exit(7);
  const back = await fetch(process.env.BACK).catch(() => undefined);
  response.statusCode = back === undefined ? 503 : 200;
  response.end(process.env.BACK + ": " + back?.status);
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

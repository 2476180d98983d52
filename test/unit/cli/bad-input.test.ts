import * as assert from "node:assert/strict";
import { once } from "node:events";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { copyCheckout } from "../../support/checkout";
import type { Result } from "../../support/command";
import { modelport } from "./support/cli";
import { Sandbox } from "./support/sandbox";

/** One message, the right exit code, and nothing of it left. */
function refused(sandbox: Sandbox, result: Result, code: number, expected: RegExp): void {
  assert.equal(result.code, code, result.stderr);
  assert.match(result.stderr.replaceAll("\n", " "), expected);
  assert.doesNotMatch(result.stderr, /^ {4}at /m);
  assert.equal(result.stdout, "");
  assert.equal(fs.existsSync(path.join(sandbox.state, "modelport")), false, "changed the state");
}

describe("bad input", function () {
  this.timeout(300_000);
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  const cases: [string, string[], number, RegExp][] = [
    ["an unknown command", ["upp"], 2, /unknown command 'upp'.*did you mean up/i],
    ["an unknown option", ["up", "--stak", "x"], 2, /unknown option '--stak'.*--stack/i],
    ["too many words", ["url", "a", "b"], 2, /too many arguments/],
    [
      "an unknown stack",
      ["up", "--stack", "nope"],
      2,
      /no stack "nope".*dev, iks, local, openshift, prod/,
    ],
    ["a stack that is not up", ["url", "--stack", "dev"], 1, /dev is not up.*npm run up/],
    ["a bad port", ["port-forward", "iris", "99999"], 2, /"99999" is not a port/],
    ["render without a folder", ["render", "--offline"], 2, /--out <dir>/],
    ["placeholders", ["up", "--stack", "prod"], 2, /placeholder.*pulumi config set/],
  ];
  for (const [name, words, code, expected] of cases)
    it(`is refused: ${name}`, async () =>
      refused(sandbox, await modelport(sandbox, words), code, expected));

  it("is refused: a port that is taken", async function () {
    if (process.platform !== "linux" || process.geteuid?.() !== 0) this.skip();
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    const env = { MODELPORT_API_PORT: String(port), MODELPORT_LINK: "10.213.250.0/30" };
    const result = await modelport(sandbox, ["up", "--stack", "local"], { env });
    server.close();
    refused(sandbox, result, 3, new RegExp(`port ${port}.*not free.*MODELPORT_API_PORT`));
  });

  it("is refused: a disk that is full", async function () {
    if (process.platform !== "linux") this.skip();
    // The kernel's own file systems have no space for anybody.
    const env = { XDG_CACHE_HOME: "/proc" };
    const result = await modelport(sandbox, ["up", "--stack", "dev"], { env });
    refused(sandbox, result, 3, /too little disk space.*0 MB.*df -h/);
  });

  describe("in the checkout", () => {
    let checkout: string;
    before(() => (checkout = copyCheckout()));
    after(() => fs.rmSync(checkout, { recursive: true, force: true }));

    const inCheckout = (words: string[]) => modelport(sandbox, words, { cwd: checkout });

    it("is refused: an unknown target, with all other faults", async () => {
      const config = "config:\n  modelport:target: minikub\n  modelport:service: 1\n";
      fs.writeFileSync(path.join(checkout, "Pulumi.x.yaml"), config);
      const result = await inCheckout(["up", "--stack", "x"]);
      refused(
        sandbox,
        result,
        2,
        /2 faults.*modelport:service .*modelport:target.*"minikub".*one of embedded/,
      );
    });

    it("is refused: a model that is not there", async () => {
      const services = "{ iris: { models: [iriss] } }";
      const config = `config:\n  modelport:target: minikube\n  modelport:services: ${services}\n`;
      fs.writeFileSync(path.join(checkout, "Pulumi.x.yaml"), config);
      const result = await inCheckout(["up", "--stack", "x"]);
      refused(sandbox, result, 2, /iriss.*did you mean iris/);
    });

    it("is refused: a model with a wrong checksum", async () => {
      const model = path.join(checkout, "app/models/iris/1/model.onnx");
      fs.appendFileSync(model, "x");
      refused(sandbox, await inCheckout(["up", "--stack", "dev"]), 2, /SHA-256/);
    });

    it("is refused by preview as by up", async () => {
      refused(sandbox, await inCheckout(["preview", "--stack", "dev"]), 2, /SHA-256/);
    });
  });
});

describe("a stack that somebody else changes", () => {
  it("is left alone, and by whom is said", async function () {
    this.timeout(300_000);
    const sandbox = new Sandbox();
    sandbox.checkpoint("dev", '{"version":3,"checkpoint":{}}');
    const lock = sandbox.lock("dev", { pid: process.pid });
    for (const words of [["up"], ["down"]]) {
      const result = await modelport(sandbox, [...words, "--stack", "dev"]);
      assert.equal(result.code, 1, result.stderr);
      assert.match(result.stderr, new RegExp(`process ${process.pid} on this machine`));
      assert.ok(fs.existsSync(lock));
    }
    sandbox.remove();
  });
});

describe("help", function () {
  this.timeout(300_000);
  it("names every command, goes to stdout and is no error", async () => {
    const sandbox = new Sandbox();
    const { code, stdout, stderr } = await modelport(sandbox, ["--help"]);
    sandbox.remove();
    assert.equal(code, 0);
    assert.equal(stderr, "");
    for (const name of [
      "up",
      "down",
      "preview",
      "url",
      "status",
      "predict",
      "port-forward",
      "render",
      "doctor",
      "env",
      "cluster",
    ])
      assert.match(stdout, new RegExp(`^ {2}${name}\\b`, "m"));
    assert.doesNotMatch(stdout, /run-script/);
  });
});

describe("taking away what was never there", () => {
  it("says so and is no error", async function () {
    this.timeout(300_000);
    const cwd = copyCheckout();
    const sandbox = new Sandbox();
    const { code, stderr } = await modelport(sandbox, ["down", "--stack", "dev"], { cwd });
    sandbox.remove();
    fs.rmSync(cwd, { recursive: true, force: true });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /nothing to take away/);
  });
});

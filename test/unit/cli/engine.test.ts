import * as assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Engine, EngineError } from "../../../cli/engine";
import { endAbandoned, recordRun, RUN_VARIABLE, runMark, runsFolder } from "../../../cli/runs";
import { UserError } from "../../../local/errors";
import { silentProgress } from "../../../local/progress";
import { Sandbox } from "./support/sandbox";

describe("a change by the engine", () => {
  let sandbox: Sandbox;
  let listeners: number;
  beforeEach(() => {
    sandbox = new Sandbox();
    listeners = process.listenerCount("SIGINT");
  });
  afterEach(() => sandbox.remove());

  function engine(script: string): Engine {
    return new Engine({
      pulumi: sandbox.executable("pulumi", script),
      cwd: sandbox.root,
      stack: "local",
      variables: { PULUMI_HOME: "/x" },
    });
  }

  const calls = () => fs.readFileSync(path.join(sandbox.root, "calls"), "utf8").trim().split("\n");
  const recordCall = () => `echo "$@" >> ${path.join(sandbox.root, "calls")}`;

  it("is one process, without a preview, and its events arrive", async () => {
    const seen: number[] = [];
    await engine(`${recordCall()}; echo '{"sequence":7}'; echo not json`).up(({ sequence }) =>
      seen.push(sequence),
    );
    assert.deepEqual(seen, [7]);
    assert.deepEqual(calls(), ["up --yes --skip-preview --json --stack local --non-interactive"]);
    assert.deepEqual(fs.readdirSync(runsFolder()), []);
  });

  it("makes clusters' logins anew by the program, where it is told to", async () => {
    const only = `echo "only=$MODELPORT_ONLY_CLUSTER" >> ${path.join(sandbox.root, "calls")}`;
    const made = engine(`${recordCall()}; ${only}`);
    await made.destroy(() => undefined, true);
    await made.refresh(() => undefined, ["urn:a"], true);
    await made.destroy(() => undefined);
    const [destroy, withDestroy, refresh, withRefresh, plain, withPlain] = calls();
    assert.match(destroy ?? "", /^destroy .*--run-program --json/);
    assert.match(refresh ?? "", /^refresh .*--target urn:a --run-program --json/);
    assert.doesNotMatch(plain ?? "", /--run-program/);
    assert.deepEqual([withDestroy, withRefresh, withPlain], ["only=true", "only=true", "only="]);
  });

  it("that fails tells what pulumi said", async () => {
    await assert.rejects(
      engine("echo 'error: no stack named local found' >&2; exit 255").up(() => undefined),
      (error: unknown) => {
        assert.ok(error instanceof EngineError);
        assert.equal(error.output, "no stack named local found");
        return true;
      },
    );
  });

  /** Waits until the script has set its traps. */
  async function started(): Promise<void> {
    while (!fs.existsSync(path.join(sandbox.root, "ready"))) await sleep(10);
  }

  const slow = () => {
    const [ready, interrupts] = ["ready", "interrupts"].map((f) => path.join(sandbox.root, f));
    return `trap 'echo x >> ${interrupts}' INT; touch ${ready}; n=0; while [ $n -lt 2400 ]; do sleep 0.05; n=$((n+1)); test "$STOP" = 1 && test -e ${interrupts} && exit 1; done`;
  };
  const interrupts = () =>
    fs.readFileSync(path.join(sandbox.root, "interrupts"), "utf8").trim().split("\n").length;

  it("is interrupted once by one Ctrl-C, however often it is passed on", async () => {
    process.env["STOP"] = "1";
    const running = engine(slow()).up(() => undefined);
    await started();
    for (let signal = 0; signal < 3; signal++) process.emit("SIGINT");
    await assert.rejects(running, (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.equal(error.exitCode, 130);
      assert.match(error.fix ?? "", /run the same command again/);
      return true;
    });
    assert.equal(interrupts(), 1);
  });

  it("is ended by a second Ctrl-C", async () => {
    const running = engine(slow()).up(() => undefined);
    await started();
    process.emit("SIGINT");
    await sleep(800);
    process.emit("SIGINT");
    await assert.rejects(running, { message: "interrupted" });
    assert.equal(process.listenerCount("SIGINT"), listeners);
  });

  it("that its command left behind is ended, with its plugins, by the next", async function () {
    if (process.platform !== "linux") this.skip();
    const plugin = sandbox.executable("pulumi-resource-x", "while :; do sleep 0.1; done");
    const env = { ...process.env, [RUN_VARIABLE]: runMark("local") };
    const children = [spawn("/bin/sleep", ["60"], { env }), spawn(plugin, { env })];
    const other = spawn(plugin, { env: { ...env, [RUN_VARIABLE]: runMark("prod") } });
    recordRun("local", children[0]?.pid ?? 0);
    const file = path.join(runsFolder(), "local.json");
    const run = JSON.parse(fs.readFileSync(file, "utf8")) as object;
    const dead = { pid: spawnSync("/bin/true").pid, started: 1 };
    fs.writeFileSync(file, JSON.stringify({ ...run, cli: dead }));
    const ended = Promise.all(children.map((child) => new Promise((r) => child.once("exit", r))));
    await endAbandoned("local", silentProgress());
    await ended;
    assert.equal(other.exitCode ?? other.signalCode, null);
    assert.equal(fs.existsSync(file), false);
    other.kill("SIGKILL");
  });
});

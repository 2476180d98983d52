import * as assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { readLocks, releaseStaleLocks } from "../../../cli/locks";
import { UserError } from "../../../local/errors";
import { Sandbox } from "./support/sandbox";

const MINUTE_MS = 60_000;

describe("locks of the file backend", () => {
  let sandbox: Sandbox;
  let variables: Record<string, string>;
  beforeEach(() => {
    sandbox = new Sandbox();
    variables = { PULUMI_BACKEND_URL: sandbox.backend };
  });
  afterEach(() => sandbox.remove());

  const deadPid = () => spawnSync("/bin/true").pid;

  function held(expected: RegExp): void {
    assert.throws(
      () => releaseStaleLocks("local", variables),
      (error: unknown) => {
        assert.ok(error instanceof UserError);
        assert.match(`${error.message} ${error.why} ${error.fix}`, expected);
        return true;
      },
    );
  }

  it("of a dead process are released, and told", () => {
    const pid = deadPid();
    const file = sandbox.lock("local", { pid });
    assert.deepEqual(
      releaseStaleLocks("local", variables).map((lock) => lock.pid),
      [pid],
    );
    assert.equal(fs.existsSync(file), false);
    assert.equal(fs.existsSync(`${file}.attrs`), false);
  });

  it("of a living process stay, and its number and the command that ends it are named", async () => {
    const child = spawn("/bin/sleep", ["30"]);
    const pid = child.pid ?? 0;
    const file = sandbox.lock("local", { pid });
    held(new RegExp(`process ${pid} on this machine.*somebody.*kill -INT ${pid}`));
    assert.equal(fs.existsSync(file), true);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
  });

  it("of a process whose number was used again are released", function () {
    if (process.platform !== "linux") this.skip();
    const child = spawn("/bin/sleep", ["30"]);
    const timestamp = new Date(Date.now() - 10 * MINUTE_MS).toISOString();
    sandbox.lock("local", { pid: child.pid ?? 0, timestamp });
    assert.equal(releaseStaleLocks("local", variables).length, 1);
    child.kill("SIGKILL");
  });

  it("of another machine stay, with host, time and pulumi cancel", () => {
    const timestamp = "2026-01-02T03:04:05.000Z";
    const file = sandbox.lock("local", { pid: deadPid(), hostname: "elsewhere", timestamp });
    held(/process \d+ on elsewhere.*2026-01-02T03:04:05.*pulumi cancel --yes --stack local/);
    assert.equal(fs.existsSync(file), true);
  });

  it("of other stacks are not looked at", () => {
    sandbox.lock("prod", { pid: process.pid });
    assert.deepEqual(releaseStaleLocks("local", variables), []);
  });

  it("that were cut off while written are nobody's", () => {
    const file = sandbox.lock("local", { pid: 1 });
    fs.writeFileSync(file, '{"pid": 1');
    assert.equal(releaseStaleLocks("local", variables).length, 1);
  });

  it("are none in a backend that is no folder", () => {
    assert.deepEqual(readLocks("local", { PULUMI_BACKEND_URL: "s3://bucket" }), []);
  });
});

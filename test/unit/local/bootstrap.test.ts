import * as assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { repositoryRoot } from "../../../local/paths";
import { thisProcess } from "../../../local/toolchain/process-identity";
import { endProcess } from "../../support/end-process";
import { removeTemporaryFolders, temporaryFolder } from "./toolchain/support/temporary";

/** cli/modelport.js in a checkout of its own without packages, with an npm that only notes what it was asked. */
describe("the command before there are packages", () => {
  let root: string;
  let lock: string;
  let child: ChildProcess | undefined;
  let said: string;

  before(function () {
    // It would fetch a newer one first.
    if (Number.parseInt(process.versions.node) < 22) this.skip();
  });
  beforeEach(() => {
    root = temporaryFolder();
    lock = path.join(root, ".modelport/npm.lock");
    write("package-lock.json", '{"packages":{"node_modules/one":{"version":"1"}}}');
    write("local/build.js", "exports.build = () => undefined;");
    write("dist/cli.js", 'console.error("the program");');
    write("bin/npm", `#!/bin/sh\necho "$@" >> ${root}/asked\nmkdir -p ${root}/node_modules\n`);
    fs.chmodSync(path.join(root, "bin/npm"), 0o755);
    const own = fs.readFileSync(path.join(repositoryRoot(), "cli/modelport.js"), "utf8");
    write("cli/modelport.js", own);
  });
  afterEach(async () => {
    if (child !== undefined) await endProcess(child, "SIGKILL");
    removeTemporaryFolders();
  });

  function write(name: string, text: string): void {
    const file = path.join(root, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }

  function start(): void {
    said = "";
    child = spawn(process.execPath, [path.join(root, "cli/modelport.js")], {
      env: { ...process.env, PATH: `${root}/bin:/usr/bin:/bin` },
      stdio: ["ignore", "ignore", "pipe"],
    });
    child.stderr?.on("data", (chunk: Buffer) => (said += chunk.toString()));
  }

  async function saysSoon(words: string): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (!said.includes(words)) {
      assert.ok(Date.now() < deadline, said);
      await sleep(10);
    }
  }

  it("installs all of them, whatever npm is set to leave out", async () => {
    start();
    await saysSoon("the program");
    assert.match(fs.readFileSync(path.join(root, "asked"), "utf8"), /^ci .*--include=dev/);
    assert.equal(fs.existsSync(lock), false);
  });

  it("takes over a lock whose process's number is another's now", async () => {
    const { pid, started } = thisProcess();
    write(".modelport/npm.lock", `${pid} ${Number(started) - 1}`);
    start();
    await saysSoon("the program");
    assert.doesNotMatch(said, /waiting/);
  });

  it("says which process it waits for, and where the lock is", async () => {
    const { pid, started } = thisProcess();
    write(".modelport/npm.lock", `${pid} ${started}`);
    start();
    await saysSoon(`waiting for process ${pid}, which installs npm packages`);
    assert.ok(said.includes(lock), said);
    fs.rmSync(lock);
    await saysSoon("the program");
    assert.equal(said.match(/waiting/g)?.length, 1);
  });
});

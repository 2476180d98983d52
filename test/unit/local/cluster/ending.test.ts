import * as assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { ended, isOwned } from "../../../../local/cluster/ending";
import { readSupervisor, supervisorPath } from "../../../../local/cluster/info";
import { clusterSettings } from "../../../../local/cluster/settings";
import { Supervisor, type SupervisorPlan } from "../../../../local/cluster/supervisor/supervisor";
import { thisProcess } from "../../../../local/toolchain/process-identity";
import { endProcess } from "../../../support/end-process";
import { restoreVariables } from "../../../support/environment";
import {
  recordingProgress,
  removeTemporaryFolders,
  temporaryFolder,
} from "../toolchain/support/temporary";

describe("the end of an embedded cluster's supervisor", () => {
  let directory: string;
  let child: ChildProcess | undefined;
  const outer = { ...process.env };

  beforeEach(() => {
    directory = temporaryFolder();
    process.env["XDG_STATE_HOME"] = directory;
  });
  afterEach(async () => {
    if (child !== undefined) await endProcess(child, "SIGKILL");
    restoreVariables(outer);
    removeTemporaryFolders();
  });

  /** Another process; what the file says of it. */
  async function supervisor(says: object): Promise<void> {
    const program = `const fs = require("node:fs");
      const stat = fs.readFileSync("/proc/self/stat", "utf8");
      console.log(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
      process.on("SIGTERM", () => undefined);
      setInterval(() => undefined, 1000);`;
    child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = (await once(child.stdout ?? child, "data")) as [Buffer];
    const identity = { pid: child.pid, started: line.toString().trim(), ...says };
    fs.writeFileSync(supervisorPath(directory), JSON.stringify(identity));
  }

  it("is not waited for while it stays", async () => {
    assert.equal(await isOwned(directory, recordingProgress()), false);
    await supervisor({});
    const progress = recordingProgress();
    assert.equal(await isOwned(directory, progress), true);
    assert.deepEqual(progress.titles, []);
  });

  it("is waited for when it stops, before another is started", async () => {
    await supervisor({ stopping: true });
    const progress = recordingProgress();
    let over = false;
    const owned = isOwned(directory, progress).finally(() => (over = true));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(over, false);
    child?.kill("SIGKILL");
    assert.equal(await owned, false);
    assert.equal(progress.titles.length, 1);
  });

  it("is forced where it takes too long", async () => {
    await supervisor({ stopping: true });
    const owner = readSupervisor(directory);
    assert.ok(owner);
    await ended(owner, 0);
    assert.equal(readSupervisor(directory), undefined);
  });

  it("is announced before anything is taken away", async () => {
    const settings = clusterSettings();
    settings.runDirectory = path.join(directory, "run");
    fs.mkdirSync(settings.runDirectory);
    fs.mkdirSync(settings.directory, { recursive: true });
    fs.writeFileSync(supervisorPath(settings.directory), JSON.stringify(thisProcess()));
    const stopped = new Supervisor({ settings } as SupervisorPlan).stop();
    assert.deepEqual(readSupervisor(settings.directory), { ...thisProcess(), stopping: true });
    assert.equal(fs.existsSync(settings.runDirectory), true);
    await stopped;
    assert.equal(fs.existsSync(supervisorPath(settings.directory)), false);
    assert.equal(fs.existsSync(settings.runDirectory), false);
  });
});

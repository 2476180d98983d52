import assert from "node:assert/strict";
import { ServiceProcess } from "../../../../cli/dev/service-process";

describe("a service's process", () => {
  let lines: string[];
  let crashes: [string, number][];
  const running: ServiceProcess[] = [];
  beforeEach(() => {
    lines = [];
    crashes = [];
  });
  afterEach(async () => {
    for (const process of running.splice(0)) {
      process.kill();
      await process.stop();
    }
  });

  function start(argv: readonly string[], cleanUp?: () => Promise<void>): ServiceProcess {
    const process = new ServiceProcess({
      argv,
      cwd: "/",
      env: { PATH: "/usr/bin:/bin" },
      onLine: (line) => lines.push(line),
      onCrash: (why, againInMs) => crashes.push([why, againInMs]),
      ...(cleanUp === undefined ? {} : { cleanUp }),
    });
    running.push(process);
    process.start();
    return process;
  }

  const until = async (what: () => boolean) => {
    for (const end = Date.now() + 50_000; !what() && Date.now() < end;)
      await new Promise((resolve) => setTimeout(resolve, 10));
    assert.ok(what(), `never: ${what.toString()}; lines: ${lines.join("|")}`);
  };
  const isAlive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };

  it("is started again after it ended by itself, each time later", async () => {
    start(["/bin/sh", "-c", "echo started; echo complaint >&2; exit 3"]);
    await until(() => crashes.length === 2);
    assert.deepEqual(crashes, [
      ["ended with exit code 3", 500],
      ["ended with exit code 3", 1000],
    ]);
    assert.deepEqual(lines.slice(0, 2).sort(), ["complaint", "started"]);
  });

  it("says why it can't be started", async () => {
    start(["/nonexistent/program"]);
    await until(() => crashes.length === 1);
    assert.match(crashes[0]![0], /can't be started: .*ENOENT/);
  });

  it("is asked to end, with all it started, and is not started again", async () => {
    const script = "trap 'echo ending; exit 0' TERM; sleep 600 & echo child $!; wait";
    let cleaned = 0;
    const service = start(["/bin/sh", "-c", script], () => {
      cleaned += 1;
      return Promise.resolve();
    });
    await until(() => lines.length === 1);
    const child = Number(lines[0]!.split(" ")[1]);
    await service.stop();
    await until(() => lines.includes("ending") && !isAlive(child));
    assert.deepEqual([crashes, cleaned, service.pid], [[], 1, undefined]);
  });

  it("is killed when it doesn't end in time", async () => {
    const service = start([
      "/bin/sh",
      "-c",
      "trap 'echo asked' TERM; echo up; while :; do sleep 1; done",
    ]);
    await until(() => lines.length === 1);
    const pid = service.pid!;
    await service.stop();
    await until(() => !isAlive(pid));
    assert.ok(lines.includes("asked"), lines.join("|"));
  });

  it("is another process after a restart", async () => {
    const service = start(["/bin/sh", "-c", "echo up; exec sleep 600"]);
    await until(() => lines.length === 1);
    const first = service.pid!;
    await service.restart();
    await until(() => lines.length === 2);
    assert.notEqual(service.pid, first);
    assert.equal(isAlive(first), false);
  });

  it("is not started again when it is stopped while it ends for a restart", async () => {
    const service = start(["/bin/sh", "-c", "echo up; exec sleep 600"]);
    await until(() => lines.length === 1);
    const restarted = service.restart();
    await service.stop();
    await restarted;
    assert.equal(service.pid, undefined);
  });

  it("is not started again once it is stopped, even while it waits for that", async () => {
    const service = start(["/bin/sh", "-c", "exit 1"]);
    await until(() => crashes.length === 1);
    await service.stop();
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.equal(crashes.length, 1);
  });
});

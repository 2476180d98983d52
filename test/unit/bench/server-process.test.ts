import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { freePorts } from "../../../bench/serving/ports";
import { processTree } from "../../../bench/serving/process-tree";
import { killServers, startServer } from "../../../bench/serving/server-process";
import { UserError } from "../../../local/errors";

/** Answers 503 for 200 ms, then 200; keeps a child that ignores SIGTERM, and tells its number. */
const SCRIPT = `
const { spawn } = require("node:child_process");
const child = spawn(process.execPath, ["-e", "process.on('SIGTERM',()=>{});setInterval(()=>{},1000);console.log(1)"], { detached: process.env.DETACHED === "1", stdio: ["ignore", "pipe", "inherit"] });
let ready = false;
child.stdout.once("data", () => setTimeout(() => (ready = true), 200));
require("node:http").createServer((request, response) => {
  response.statusCode = ready ? 200 : 503;
  response.end(String(child.pid));
}).listen(Number(process.env.PORT), "127.0.0.1");
`;

describe("bench/serving/server-process", () => {
  let folder: string;
  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-bench-test-"));
  });
  after(() => {
    killServers();
    fs.rmSync(folder, { recursive: true });
  });

  async function start(script: string, env: Record<string, string> = {}) {
    const [port = 0] = await freePorts(1);
    const command = {
      argv: [process.execPath, "-e", script],
      env: { PORT: String(port), ...env },
      cwd: folder,
      port,
      readiness: "/",
    };
    return startServer(command, 0, path.join(folder, "log"));
  }

  it("waits until the server is ready, and sees what it and its children use", async () => {
    const server = await start(SCRIPT);
    assert.ok(server.startSeconds > 0.19, `${server.startSeconds} s`);
    const usage = server.usage();
    assert.equal(usage.processes, 2);
    assert.ok(usage.proportionalMegabytes > 0);
    assert.ok(usage.proportionalMegabytes <= usage.residentMegabytes);
    assert.ok(usage.cpuSeconds > 0);
    await server.end();
  });

  for (const DETACHED of ["0", "1"])
    it(`ends what the server started, ${DETACHED === "1" ? "in a group of its own or not" : "however stubborn"}`, async () => {
      const server = await start(SCRIPT, { DETACHED });
      const tree = processTree(server.pid);
      assert.equal(tree.length, 2);
      await server.end();
      for (const pid of tree) assert.deepEqual(processTree(pid), []);
      assert.equal(server.usage().processes, 0);
    });

  it("kills everything at once when the benchmark itself ends", async () => {
    const server = await start(SCRIPT, { DETACHED: "1" });
    const tree = processTree(server.pid);
    killServers();
    while (tree.some((pid) => processTree(pid).length > 0))
      await new Promise((resolve) => setTimeout(resolve, 20));
  });

  it("says why a server did not start, by its own last words", async () => {
    const failing = start("console.error('port is haunted'); process.exit(7)");
    await assert.rejects(failing, (error: UserError) => {
      assert.ok(error instanceof UserError);
      assert.match(error.why ?? "", /ended with 7: port is haunted/);
      return true;
    });
  });
});

import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../../../../local/cluster/components";
import { SupervisedComponent } from "../../../../../local/cluster/supervisor/component";
import { ComponentLog } from "../../../../../local/cluster/supervisor/component-log";
import { restoreVariables } from "../../../../support/environment";
import { removeTemporaryFolders, temporaryFolder } from "../../toolchain/support/temporary";

describe("what a component of the embedded cluster says", () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = temporaryFolder();
    file = path.join(directory, "talker.log");
  });
  afterEach(removeTemporaryFolders);

  it("is drained where the disk is full, and kept again once there is room", async () => {
    fs.symlinkSync("/dev/full", file);
    const output = new PassThrough();
    new ComponentLog(file).keep(output);
    for (let i = 0; i < 10; i++) output.write(Buffer.alloc(100_000));
    while (output.writableLength > 0) await sleep(1);
    fs.rmSync(file);
    output.write("room");
    while (!fs.existsSync(file)) await sleep(1);
    assert.equal(fs.readFileSync(file, "utf8"), "room");
  });

  it("doesn't stop a component on a full disk, nor does it get the proxies of the user's shell", async () => {
    fs.symlinkSync("/dev/full", file);
    const done = path.join(directory, "done");
    const before = { ...process.env };
    process.env["https_proxy"] = "http://127.0.0.1:3128";
    const script = `head -c 1000000 /dev/zero; env > ${done}.new; mv ${done}.new ${done}; sleep 3`;
    const component = new SupervisedComponent(
      {
        name: "talker",
        after: [],
        command: () => ({ argv: ["sh", "-c", script], env: { OWN: "1" } }),
        healthy: () => Promise.resolve(fs.existsSync(done)),
      },
      { command: (argv) => [...argv] },
      { logs: directory } as Context,
      () => undefined,
    );
    try {
      await component.start();
    } finally {
      restoreVariables(before);
      component.stop();
    }
    const variables = fs.readFileSync(done, "utf8").split("\n");
    assert.ok(variables.includes("OWN=1"));
    assert.equal(
      variables.find((one) => one.startsWith("https_proxy=")),
      undefined,
    );
  });

  it("moves aside when it is long; where that fails, the next time", () => {
    const log = new ComponentLog(file);
    log.rotate();
    fs.writeFileSync(file, "short");
    log.rotate();
    assert.equal(fs.existsSync(`${file}.1`), false);

    fs.truncateSync(file, 20 * 1024 * 1024);
    fs.mkdirSync(path.join(`${file}.1`, "in the way"), { recursive: true });
    log.rotate();
    assert.equal(fs.existsSync(file), true);
    fs.rmSync(`${file}.1`, { recursive: true });
    log.rotate();
    assert.equal(fs.existsSync(file), false);
    assert.equal(fs.statSync(`${file}.1`).size, 20 * 1024 * 1024);
  });
});

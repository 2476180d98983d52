import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

import { compareVersions, findOnPath } from "../../../../local/toolchain/sources/path";
import { executable, removeTemporaryFolders, temporaryFolder } from "./support/temporary";

describe("local/toolchain/sources/path", () => {
  const before = process.env["XDG_CACHE_HOME"];
  beforeEach(() => (process.env["XDG_CACHE_HOME"] = temporaryFolder()));
  afterEach(() => {
    if (before === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = before;
    removeTemporaryFolders();
  });
  const version = { arguments: { daemon: ["--version"] }, from: "1.6.8", below: "2" };

  it("takes the first one on PATH, with its version", async () => {
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    executable(path.join(one, "daemon"), "echo daemon v1.7.0~ds1");
    executable(path.join(two, "daemon"), "echo 1.8.0");
    const found = await findOnPath(["daemon"], { version }, `${one}:${two}`);
    assert.deepEqual(found, { version: "1.7.0", bin: { daemon: path.join(one, "daemon") } });
  });

  it("goes on to the next one when the first won't do", async () => {
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    executable(path.join(one, "daemon"), "echo 1.5.0");
    executable(path.join(two, "daemon"), "echo 1.8.0");
    const found = await findOnPath(["daemon"], { version }, `${one}:${two}`);
    assert.equal(found?.version, "1.8.0");
  });

  for (const [title, body] of [
    ["too old", "echo 1.6.7"],
    ["too new", "echo 2.0.0"],
    ["of no known version", "echo development"],
    ["broken", "echo 1.7.0; exit 1"],
  ] as const) {
    it(`leaves alone one that is ${title}`, async () => {
      const dir = temporaryFolder();
      executable(path.join(dir, "daemon"), body);
      assert.equal(await findOnPath(["daemon"], { version }, dir), undefined);
    });
  }

  it("wants all executables: a client without its daemon is none", async () => {
    const dir = temporaryFolder();
    executable(path.join(dir, "client"), "echo 1.7.0");
    assert.equal(await findOnPath(["client", "daemon"], { version }, dir), undefined);
  });

  it("wants executables that agree on their version", async () => {
    const dir = temporaryFolder();
    executable(path.join(dir, "client"), "echo 1.7.1");
    executable(path.join(dir, "daemon"), "echo 1.7.0");
    const both = { ...version, arguments: { client: ["-v"], daemon: ["-v"] } };
    assert.equal(await findOnPath(["client", "daemon"], { version: both }, dir), undefined);
  });

  it("takes parts of one installation from one folder", async () => {
    const [old, whole] = [temporaryFolder(), temporaryFolder()];
    executable(path.join(old, "daemon"), "echo 1.7.0");
    for (const name of ["daemon", "shim"]) executable(path.join(whole, name), "echo 1.7.5");
    const spec = { together: true, version };
    const found = await findOnPath(["daemon", "shim"], spec, `${old}:${whole}`);
    assert.equal(found?.bin["daemon"], path.join(whole, "daemon"));
  });

  it("asks an executable once, and again when it changed", async () => {
    const dir = temporaryFolder();
    const file = path.join(dir, "daemon");
    const asked = path.join(dir, "asked");
    executable(file, `echo x >> ${asked}; echo 1.7.0`);
    for (let i = 0; i < 3; i++) await findOnPath(["daemon"], { version }, dir);
    assert.equal(fs.readFileSync(asked, "utf8"), "x\n");
    executable(file, `echo x >> ${asked}; echo 1.7.10`);
    assert.equal((await findOnPath(["daemon"], { version }, dir))?.version, "1.7.10");
    assert.equal(fs.readFileSync(asked, "utf8"), "x\nx\n");
  });

  it("asks an executable again that was cut short", async () => {
    const dir = temporaryFolder();
    const killed = path.join(dir, "killed");
    executable(
      path.join(dir, "daemon"),
      `[ -e ${killed} ] || { touch ${killed}; kill -9 $$; }; echo 1.7.0`,
    );
    assert.equal(await findOnPath(["daemon"], { version }, dir), undefined);
    assert.equal((await findOnPath(["daemon"], { version }, dir))?.version, "1.7.0");
  });

  it("finds the Node that runs this, even when PATH doesn't lead to it", async () => {
    const spec = { version: { arguments: { node: ["--version"] }, from: "20" } };
    const found = await findOnPath(["node"], spec, "");
    assert.equal(found?.version, process.versions.node);
  });

  it("compares versions by number", () => {
    assert(compareVersions("1.10", "1.9.9") > 0);
    assert(compareVersions("1.6", "1.6.1") < 0);
    assert.equal(compareVersions("2", "2.0.0"), 0);
  });
});

import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import {
  backendLocation,
  fileBackend,
  passphraseFile,
  passphraseVariables,
  prepareBackend,
} from "../../../cli/backend";
import { Sandbox } from "./support/sandbox";

describe("backend and passphrase", () => {
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  it("are a folder of our own and the published passphrase for local stacks", () => {
    assert.deepEqual(backendLocation({}), {
      PULUMI_BACKEND_URL: sandbox.backend,
      PULUMI_HOME: path.join(sandbox.state, "modelport", "pulumi-home"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
    });
    for (const stack of ["local", "dev"])
      assert.deepEqual(passphraseVariables(stack, { PULUMI_CONFIG_PASSPHRASE: "another" }), {
        PULUMI_CONFIG_PASSPHRASE: "modelport-local",
      });
    assert.equal(fs.existsSync(passphraseFile()), false);
  });

  it("are the user's where set", () => {
    const user = { PULUMI_BACKEND_URL: "s3://bucket", PULUMI_HOME: "/home/me/.pulumi" };
    const location = backendLocation(user);
    assert.equal(location["PULUMI_BACKEND_URL"], "s3://bucket");
    assert.equal(location["PULUMI_HOME"], "/home/me/.pulumi");
    for (const own of [
      { PULUMI_CONFIG_PASSPHRASE: "" },
      { PULUMI_CONFIG_PASSPHRASE_FILE: "/secret" },
    ])
      assert.deepEqual(passphraseVariables("prod", own), {});
    assert.equal(fs.existsSync(passphraseFile()), false);
  });

  it("have a passphrase made once for other stacks, readable by nobody else", () => {
    const first = passphraseVariables("prod", {})["PULUMI_CONFIG_PASSPHRASE"] ?? "";
    assert.match(first, /^[\w-]{32}$/);
    assert.equal(passphraseVariables("other", {})["PULUMI_CONFIG_PASSPHRASE"], first);
    assert.equal(fs.statSync(passphraseFile()).mode & 0o777, 0o600);
    assert.equal(fs.statSync(path.dirname(passphraseFile())).mode & 0o777, 0o700);
  });

  it("are prepared in folders that nobody else may enter", () => {
    assert.equal(prepareBackend("local")["PULUMI_CONFIG_PASSPHRASE"], "modelport-local");
    const folder = fileBackend(sandbox.backend) ?? "";
    assert.equal(fs.statSync(folder).mode & 0o777, 0o700);
  });

  it("are folders only by file URLs", () => {
    assert.equal(fileBackend("file:///a/b?x=1"), "/a/b");
    assert.equal(fileBackend("file:///a%20b"), "/a b");
    assert.equal(fileBackend("file://~/x"), path.join(process.env["HOME"] ?? "", "x"));
    assert.equal(fileBackend("s3://bucket"), undefined);
  });
});

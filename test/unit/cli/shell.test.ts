import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { capture, exportLines, quote, which } from "../../../cli/shell";
import { Sandbox } from "./support/sandbox";

const HOSTILE = {
  plain: "/usr/bin:/bin",
  spaces: "two words",
  quotes: `it's "quoted"`,
  expansion: "$HOME `id` $(id) ${x}",
  lines: "one\ntwo\n",
  empty: "",
  marks: "\\ ! * ? ; & | < > # ~ = %",
  unicode: "größer ✓",
};

describe("shell exports", () => {
  it("come back from a real sh as they were", () => {
    const variables = Object.fromEntries(
      Object.entries(HOSTILE).map(([name, value]) => [`MP_${name}`, value]),
    );
    const script = `eval "$1"; exec "$2" -e 'process.stdout.write(JSON.stringify(process.env))'`;
    const output = execFileSync(
      "/bin/sh",
      ["-c", script, "sh", exportLines(variables), process.execPath],
      {
        encoding: "utf8",
      },
    );
    const seen = JSON.parse(output) as Record<string, string>;
    for (const [name, value] of Object.entries(variables)) assert.equal(seen[name], value, name);
  });

  it("leave simple words readable", () => {
    assert.equal(quote("file:///home/me/state"), "file:///home/me/state");
    assert.equal(quote("it's"), `'it'\\''s'`);
  });
});

describe("looking for an executable", () => {
  let sandbox: Sandbox;
  beforeEach(() => (sandbox = new Sandbox()));
  afterEach(() => sandbox.remove());

  it("finds a file that may be run, in the order of PATH", () => {
    const file = sandbox.executable("docker", "exit 0");
    assert.equal(which("docker", `/nowhere:${sandbox.bin}`), file);
  });

  it("finds no folder, no plain file, and nothing in relative parts of PATH", () => {
    sandbox.write("bin/plain", "text");
    assert.equal(which("plain"), undefined);
    assert.equal(which("bin", sandbox.root), undefined);
    assert.equal(which("docker", "bin:."), undefined);
  });
});

describe("a short command", () => {
  it("that is missing or too slow has failed", async () => {
    assert.equal((await capture("/nowhere/docker", [], 1000)).code, 127);
    assert.notEqual((await capture("/bin/sleep", ["120"], 200)).code, 0);
  });
});

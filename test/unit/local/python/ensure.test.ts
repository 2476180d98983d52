import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { UserError } from "../../../../local/errors";
import { silentProgress } from "../../../../local/progress";
import { ensurePython } from "../../../../local/python";
import {
  executable,
  removeTemporaryFolders,
  temporaryFolder,
} from "../toolchain/support/temporary";

const VARIABLES = ["XDG_CACHE_HOME", "MODELPORT_PYTHON", "PATH"] as const;

describe("local/python/ensure", () => {
  const before = VARIABLES.map((name) => [name, process.env[name]] as const);
  // One for all: each cache is watched until the process ends.
  const cache = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-python-"));
  let bin: string;
  let requirements: string;

  beforeEach(() => {
    bin = temporaryFolder();
    process.env["XDG_CACHE_HOME"] = cache;
    process.env["PATH"] = bin;
    delete process.env["MODELPORT_PYTHON"];
    requirements = path.join(temporaryFolder(), "requirements.txt");
    fs.writeFileSync(requirements, "# why\nnumpy==2.4.6\n");
  });
  afterEach(() => {
    for (const [name, value] of before)
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    fs.rmSync(path.join(cache, "modelport/tools"), { recursive: true, force: true });
    removeTemporaryFolders();
  });
  after(() => fs.rmSync(cache, { recursive: true }));

  /**
   * A Python that writes down what it is asked, and makes environments out of files.
   * @param pip what the environment's own `python -m pip install …` does
   */
  function fakePython({ name = "python3", version = "3.11.7", venv = "", pip = "" } = {}): string {
    const log = path.join(bin, "asked");
    const inside = `echo "pip $*" >> ${log}; ${pip === "" ? "true" : pip}`;
    const file = path.join(bin, name);
    const make = `touch "$3/pyvenv.cfg"; mkdir -p "$3/bin"; printf '%s\\n' '#!/bin/sh' '${inside}' > "$3/bin/python"; chmod +x "$3/bin/python"
      printf '%s\\n' "#!$3/bin/python" > "$3/bin/tool"; echo "venv $3" >> ${log}`;
    return executable(
      file,
      `PATH=/usr/bin:/bin; case "$1" in -c) echo ${version}; echo ${file} ;; -m) ${venv === "" ? make : venv} ;; esac`,
    );
  }

  const asked = (): string[] => fs.readFileSync(path.join(bin, "asked"), "utf8").trim().split("\n");
  const ensure = (range = {}) =>
    ensurePython(requirements, { progress: silentProgress(), ...range });
  const refused = async (range = {}): Promise<UserError> => {
    const error = await ensure(range).then(
      () => assert.fail("was not refused"),
      (error: unknown) => error,
    );
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.exitCode, 3);
    return error;
  };
  const toolsLeft = (): string[] => {
    const folder = path.join(cache, "modelport/tools/python");
    return fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  };

  it("makes an environment once, with scripts that know where it is", async () => {
    fakePython();
    const made = await ensure();
    assert.equal(made.version, "3.11.7");
    assert.equal(made.python, path.join(made.dir, "bin/python"));
    assert.equal(fs.readFileSync(path.join(made.dir, "bin/tool"), "utf8"), `#!${made.python}\n`);
    const [venv, pip, ...more] = asked();
    assert.match(venv!, /^venv /);
    assert.match(pip!, new RegExp(`^pip -m pip install --requirement ${requirements}`));
    assert.deepEqual(more, []);
    assert.deepEqual(await ensure(), made);
    assert.equal(asked().length, 2);
  });

  it("makes another one for other packages, not for other comments", async () => {
    fakePython();
    const first = await ensure();
    fs.writeFileSync(requirements, "numpy==2.4.6  # as of May\n\n# nothing else\n");
    assert.equal((await ensure()).dir, first.dir);
    fs.writeFileSync(requirements, "numpy==2.4.5\n");
    assert.notEqual((await ensure()).dir, first.dir);
  });

  it("makes it again when its Python is gone", async () => {
    fakePython();
    const first = await ensure();
    fs.rmSync(first.python);
    assert.equal((await ensure()).dir, first.dir);
    assert.ok(fs.existsSync(first.python));
  });

  it("takes the first Python in the range, by whatever name", async () => {
    fakePython({ version: "3.9.2" });
    fakePython({ name: "python3.12", version: "3.12.4" });
    assert.equal((await ensure({ below: "3.13" })).version, "3.12.4");
  });

  it("takes the Python it is told to, or none", async () => {
    fakePython();
    process.env["MODELPORT_PYTHON"] = fakePython({ name: "own", version: "3.12.0" });
    assert.equal((await ensure()).version, "3.12.0");
    process.env["MODELPORT_PYTHON"] = "/nowhere/python3";
    assert.match((await refused()).why ?? "", /^\/nowhere\/python3 is not there/);
  });

  it("says which Python there is when none fits", async () => {
    fakePython({ version: "3.10.13" });
    const { message, why, fix } = await refused();
    assert.equal(message, "Python 3.11 or newer, below 3.14, is needed and not on this machine");
    assert.match(why ?? "", /python3 is 3\.10\.13/);
    assert.match(fix ?? "", /MODELPORT_PYTHON/);
  });

  const failures: [
    title: string,
    fake: { venv?: string; pip?: string },
    why: RegExp,
    fix: RegExp,
  ][] = [
    [
      "Python without venv",
      { venv: "echo 'ensurepip is not available'; exit 1" },
      /comes without venv or pip/,
      /python3-venv/,
    ],
    [
      "no network",
      {
        pip: "echo Temporary failure in name resolution; echo ERROR: No matching distribution found for numpy; exit 1",
      },
      /index can.t be reached/,
      /pip config list/,
    ],
    [
      "a package that doesn't exist",
      { pip: "echo ERROR: No matching distribution found for numpy==2.4.6; exit 1" },
      /no numpy==2\.4\.6 for Python 3\.11\.7/,
      /MODELPORT_PYTHON/,
    ],
    [
      "a full disk",
      { pip: "echo OSError: [Errno 28] No space left on device; exit 1" },
      /disk is full/,
      /df -h/,
    ],
    [
      "anything else",
      { pip: "echo ERROR: the wheel is broken; exit 1" },
      /the wheel is broken/,
      /pip install -r/,
    ],
  ];
  for (const [title, fake, why, fix] of failures)
    it(`explains ${title}, and leaves nothing half made`, async () => {
      fakePython(fake);
      const error = await refused();
      assert.match(error.why ?? "", why);
      assert.match(error.fix ?? "", fix);
      assert.deepEqual(toolsLeft(), []);
    });

  it("refuses a requirements file that isn't there", async () => {
    fs.rmSync(requirements);
    await assert.rejects(ensure(), (error: UserError) => {
      assert.match(error.message, /requirements\.txt can't be read/);
      return error.exitCode === 2;
    });
  });
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ApiKeys } from "../../../../app/server/protection/api-keys";
import { createLog } from "../../../../app/server/log";

const sha256 = (key: string) => createHash("sha256").update(key).digest("hex");

describe("API keys", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "modelport-keys-"));
  const file = path.join(folder, "keys");
  let keys: ApiKeys | undefined;
  let lines: Record<string, unknown>[];
  const read = (content: string, at = file): ApiKeys => {
    writeFileSync(at, content);
    lines = [];
    const log = createLog("info", (line) => {
      lines.push(JSON.parse(line) as Record<string, unknown>);
    });
    return (keys = ApiKeys.read(at, log));
  };
  afterEach(() => {
    keys?.close();
    keys = undefined;
  });
  after(() => rmSync(folder, { recursive: true }));

  const two = `# who may ask\nalice ${sha256("secret a")}\n\n  bob\t${sha256("sécret b").toUpperCase()}  # until June\r\n`;

  it("tell whose key a request brings, in either header", () => {
    const own = read(two);
    assert.equal(own.check("Bearer secret a", undefined), "alice");
    assert.equal(own.check("bearer  secret a ", undefined), "alice");
    assert.equal(own.check(undefined, "sécret b"), "bob");
    assert.equal(own.check("Basic c2VjcmV0IGE=", "secret a"), "alice", "another scheme isn't ours");
    assert.equal(own.check("Bearer secret a", "wrong"), "alice");
  });

  it("refuse everything else with 401", () => {
    const own = read(two);
    const wrong: [authorization: string | undefined, header: string | undefined][] = [
      [undefined, undefined],
      ["", ""],
      ["Bearer", undefined],
      ["Bearer ", undefined],
      ["Bearer secret", undefined],
      ["Bearer secret a b", undefined],
      ["secret a", undefined],
      [undefined, "alice"],
      [undefined, sha256("secret a")],
      [undefined, "k".repeat(100_000)],
    ];
    for (const [authorization, header] of wrong)
      assert.throws(() => own.check(authorization, header), {
        status: 401,
        headers: { "www-authenticate": "Bearer" },
      });
  });

  it("are read again when the file changes; a spoilt file leaves them as they are", async () => {
    const own = read(two);
    const logged = async (message: RegExp) => {
      for (let i = 0; i < 100 && !lines.some((line) => message.test(String(line["message"]))); i++)
        await sleep(100);
      assert.ok(lines.some((line) => message.test(String(line["message"]))));
    };
    writeFileSync(file, "alice not-a-hash\n");
    await logged(/can't be read: the old ones stay/);
    assert.equal(own.check("Bearer secret a", undefined), "alice");
    assert.match(JSON.stringify(lines), /line 1: key \\"alice\\": 64 hexadecimal digits/);
    assert.doesNotMatch(JSON.stringify(lines), /not-a-hash/);

    writeFileSync(file, `carol ${sha256("secret c")}\n`);
    await logged(/read again/);
    assert.equal(own.check("Bearer secret c", undefined), "carol");
    assert.throws(() => own.check("Bearer secret a", undefined), { status: 401 });
  });

  it("follow a Kubernetes Secret, whose file is a link that is swapped", async () => {
    const data = (name: string) => path.join(folder, name);
    for (const [name, key] of [
      ["first", "secret a"],
      ["second", "secret b"],
    ] as const) {
      mkdirSync(data(name));
      writeFileSync(path.join(data(name), "keys"), `alice ${sha256(key)}\n`);
    }
    symlinkSync("first", data("..data"));
    symlinkSync("..data/keys", data("mounted"));
    const own = (keys = ApiKeys.read(data("mounted")));
    assert.equal(own.check("Bearer secret a", undefined), "alice");
    symlinkSync("second", data("..new"));
    renameSync(data("..new"), data("..data"));
    const accepts = (key: string): boolean => {
      try {
        return own.check(`Bearer ${key}`, undefined) === "alice";
      } catch {
        return false;
      }
    };
    for (let i = 0; i < 100 && !accepts("secret b"); i++) await sleep(100);
    assert.ok(accepts("secret b"));
    assert.ok(!accepts("secret a"));
  });

  const spoilt: [what: string, content: string, error: RegExp][] = [
    ["nothing", "# none yet\n", /no key in it/],
    ["a key itself", "alice secret\n", /line 1: key "alice": 64 hexadecimal digits/],
    [
      "a hash without a name",
      `${sha256("a")}\n`,
      /line 1: key "[0-9a-f]+": 64 hexadecimal|line 1: "<name> <SHA-256>"/,
    ],
    ["too much in a line", `\nalice ${sha256("a")} x\n`, /line 2: "<name> <SHA-256>" is needed/],
    ["a strange name", `al/ice ${sha256("a")}\n`, /line 1: "<name> <SHA-256>" is needed/],
    ["a name twice", `a ${sha256("a")}\na ${sha256("b")}\n`, /line 2: key "a" is there twice/],
  ];
  for (const [what, content, error] of spoilt)
    it(`a file with ${what} is an error`, () => assert.throws(() => read(content), error));

  it("a missing file is an error", () =>
    assert.throws(() => ApiKeys.read(path.join(folder, "none")), /ENOENT/));
});

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Canaries, textsBelow } from "../../e2e/support/canaries";

describe("canaries", () => {
  const canaries = new Canaries();
  const value = canaries.plant("password");
  const found = (text: string) => canaries.find([{ where: "here", text }]);

  it("are found in plain, wherever they stand", () => {
    assert.deepEqual(found(`user:${value}@host`), ["password in here"]);
    assert.deepEqual(found("user:password@host"), []);
  });

  for (const user of ["", "a", "ab", "abc"])
    it(`are found in base64 after ${user.length} other bytes`, () => {
      const encoded = Buffer.from(`${user}${value}:more`).toString("base64");
      assert.deepEqual(found(`{"auth": "${encoded}"}`), ["password in here"]);
    });

  it("are found twice encoded, as a registry's login in a Secret", () => {
    canaries.add("pull secret", Buffer.from(`iam:${value}`).toString("base64"));
    const secret = JSON.stringify({ auth: Buffer.from(`iam:${value}`).toString("base64") });
    const where = found(Buffer.from(secret).toString("base64"));
    assert.deepEqual(where, ["pull secret in here"]);
  });

  it("are found as a key in PEM, as it is, on one line, and in base64", () => {
    const key = generateKeyPairSync("rsa", { modulusLength: 2048 })
      .privateKey.export({ type: "pkcs8", format: "pem" })
      .toString();
    canaries.add("TLS key", key);
    assert.deepEqual(found(key), ["TLS key in here"]);
    assert.deepEqual(found(JSON.stringify({ key })), ["TLS key in here"]);
    assert.deepEqual(found(Buffer.from(key).toString("base64")), ["TLS key in here"]);
  });

  it("are never told themselves", () => {
    assert.doesNotMatch(found(value).join(), new RegExp(value));
  });

  it("are long enough to be nothing else", () => {
    assert.throws(() => canaries.add("short", "abc"), /short is too short/);
  });

  it("are looked for in files at any depth, but in those that are left out", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "canaries-"));
    try {
      for (const name of ["logs/deep", "kept"]) {
        fs.mkdirSync(path.join(folder, name), { recursive: true });
        fs.writeFileSync(path.join(folder, name, "file"), value);
      }
      const where = canaries.find(textsBelow(folder, [path.join(folder, "kept")]));
      assert.deepEqual(where, [`password in ${path.join(folder, "logs/deep/file")}`]);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});

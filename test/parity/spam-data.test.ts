import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { models, pythonOf, runScript, temporaryFolder } from "./support/python";

const ZIP =
  "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as z:\n  z.writestr('readme', 'x'); z.write(sys.argv[2], 'SMSSpamCollection')\n";

describe("spam is trained on messages of the user", function () {
  this.timeout(600_000);
  const folder = temporaryFolder();
  const text = path.join(folder, "SMSSpamCollection");
  const zip = path.join(folder, "sms.zip");
  let python: string;
  let server: Server;
  let url: string;

  before(async () => {
    python = await pythonOf("spam");
    const corpus = await runScript(python, [path.join(models, "spam/corpus.py")]);
    fs.writeFileSync(text, corpus.split("\n").slice(0, 600).join("\n"));
    const script = path.join(folder, "zip.py");
    fs.writeFileSync(script, ZIP);
    await runScript(python, [script, zip, text]);
    server = createServer((_, response) => response.end(fs.readFileSync(zip)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sms.zip`;
  });
  after(() => server.close());

  const train = async (...options: string[]): Promise<string> => {
    const out = temporaryFolder();
    const script = path.join(models, "spam/train.py");
    await runScript(python, [script, "--trees", "5", "--out", out, ...options]);
    const metadata = JSON.parse(fs.readFileSync(path.join(out, "model.json"), "utf8")) as {
      versions: { "1": { trainedOn: string } };
    };
    return metadata.versions["1"].trainedOn;
  };
  const checksum = (file: string) =>
    createHash("sha256").update(fs.readFileSync(file)).digest("hex");
  const expected = (file: string) =>
    new RegExp(
      `^a file in the format of the UCI SMS Spam Collection, SHA-256 ${checksum(file)}: 600 messages, 1\\d\\.\\d % spam$`,
    );

  it("from a text file", async () => assert.match(await train("--data", text), expected(text)));

  it("from a zip", async () =>
    assert.match(await train("--data", zip, "--sha256", checksum(zip)), expected(zip)));

  it("from a URL", async () =>
    assert.match(await train("--data-url", url, "--sha256", checksum(zip)), expected(zip)));

  it("or made up, and says so", async () =>
    assert.match(
      await train(),
      /^made-up messages .*not the UCI SMS Spam Collection: 5574 messages/,
    ));

  const bad = (name: string, content: string) => {
    fs.writeFileSync(path.join(folder, name), content);
    return path.join(folder, name);
  };
  const refused: [title: string, options: () => string[], told: RegExp][] = [
    [
      "another file than was meant",
      () => ["--data", text, "--sha256", "0".repeat(64)],
      /SHA-256 is [0-9a-f]{64}, expected 0{64}/,
    ],
    ["a URL without a checksum", () => ["--data-url", url], /--data-url needs --sha256/],
    [
      "a URL of a file",
      () => ["--data-url", "file:///etc/passwd", "--sha256", "0".repeat(64)],
      /not an http or https URL/,
    ],
    [
      "a server that isn't there",
      () => ["--data-url", "http://127.0.0.1:9/x", "--sha256", "0".repeat(64)],
      /Connection refused/,
    ],
    ["a file that isn't there", () => ["--data", "/nowhere"], /No such file/],
    [
      "a line of neither kind",
      () => ["--data", bad("line", "ham\thi\nhello\n")],
      /line 2: `ham` or `spam`.*'hello'/,
    ],
    [
      "messages of one kind",
      () => ["--data", bad("kind", "ham\thi\nham\tho\n")],
      /messages of both kinds/,
    ],
    ["half a zip", () => ["--data", bad("half", "PK\x03\x04 and no more")], /a damaged zip/],
  ];
  for (const [title, options, told] of refused)
    it(`refuses ${title}`, () => assert.rejects(train(...options()), told));
});

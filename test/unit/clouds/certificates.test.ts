import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tls from "node:tls";
import { Authority } from "../../support/clouds/certificates";

describe("the simulated clouds' authority", () => {
  let folder: string;
  let authority: Authority;

  before(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-authority-"));
    authority = Authority.load(folder);
  });

  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it("signs what a client that trusts it accepts, for those names alone", async () => {
    const issued = authority.issue(["*.pkg.example", "127.0.0.1"]);
    const server = tls.createServer({ cert: issued.certificate, key: issued.key }, (socket) =>
      socket.end("hello"),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    const read = (servername: string, ca: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let text = "";
        tls
          .connect({ host: "127.0.0.1", port, servername, ca })
          .on("data", (chunk: Buffer) => (text += chunk.toString()))
          .once("end", () => resolve(text))
          .once("error", reject);
      });
    try {
      assert.equal(await read("eu.pkg.example", authority.certificate), "hello");
      await assert.rejects(read("eu.other.example", authority.certificate), {
        code: "ERR_TLS_CERT_ALTNAME_INVALID",
      });
      const stranger = fs.mkdtempSync(path.join(folder, "stranger-"));
      await assert.rejects(read("eu.pkg.example", Authority.load(stranger).certificate));
    } finally {
      server.close();
    }
  });

  it("is the same one when it is loaded again", () => {
    const again = Authority.load(folder);
    assert.equal(again.certificate, authority.certificate);
    const ca = new X509Certificate(authority.certificate);
    assert.ok(ca.ca, "it may sign");
    const issued = new X509Certificate(again.issue(["a.example"]).certificate);
    assert.ok(issued.verify(ca.publicKey));
    assert.ok(!issued.ca, "what it signs may not sign");
  });

  it("gives each certificate a number of its own, and addresses as addresses", () => {
    const issue = () => new X509Certificate(authority.issue(["127.213.7.1"]).certificate);
    const one = issue();
    assert.notEqual(one.serialNumber, issue().serialNumber);
    assert.equal(one.checkIP("127.213.7.1"), "127.213.7.1");
    assert.equal(one.checkIP("127.213.7.2"), undefined);
  });
});

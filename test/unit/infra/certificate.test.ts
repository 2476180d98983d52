import assert from "node:assert/strict";
import { checkCertificate, type CertificateDraft } from "../../../infra/config/certificate";
import { setOffline } from "../../../infra/offline-mode";
import { makeCertificate } from "../../support/certificate";

const AT = "modelport:services.iris";
const own = makeCertificate(["iris.example.com", "*.models.example.com"]);
const right: CertificateDraft = { ...own, host: "iris.example.com", caCertificate: undefined };

describe("a certificate of one's own", () => {
  const faults = (change: Partial<Record<keyof CertificateDraft, unknown>>) =>
    checkCertificate(AT, { ...right, ...change }, "prod");

  it("is right for its hosts, with its key, today", () => {
    assert.deepEqual(faults({}), []);
    assert.deepEqual(faults({ host: "spam.models.example.com" }), []);
    assert.deepEqual(faults({ caCertificate: own.certificate }), []);
  });

  const expired = makeCertificate(["iris.example.com"], { from: -9, to: -2 });
  const early = makeCertificate(["iris.example.com"], { from: 2, to: 9 });
  const wrong: [string, Parameters<typeof faults>[0], key: string, got: RegExp][] = [
    ["expired", expired, "tls.certificate", /^a certificate that expired on \d{4}-\d\d-\d\d$/],
    ["not valid yet", early, "tls.certificate", /is valid from \d{4}-\d\d-\d\d on$/],
    [
      "of another host",
      { host: "spam.example.com" },
      "tls.certificate",
      /^a certificate for iris\.example\.com, \*\.models\.example\.com$/,
    ],
    ["without a host", { host: undefined }, "host", /^nothing, beside a certificate/],
    ["no certificate", { certificate: "hello" }, "tls.certificate", /what is not a certificate/],
    ["another's key", { key: makeCertificate(["a"]).key }, "tls.key", /another certificate$/],
    ["no key", { key: "hello-secret" }, "tls.key", /^what is not a private key$/],
    [
      "a key with a passphrase",
      { key: "-----BEGIN ENCRYPTED PRIVATE KEY-----" },
      "tls.key",
      /passphrase$/,
    ],
    ["no chain", { caCertificate: "hello" }, "tls.caCertificate", /what is not a certificate/],
  ];
  for (const [title, change, key, got] of wrong)
    it(`is refused: ${title}`, () => {
      const [fault, ...others] = faults(change);
      assert.deepEqual(others, []);
      assert.equal(fault?.key, `${AT}.${key}`);
      assert.match(fault.got, got);
      assert.match(fault.fix, /^pulumi config set .*--stack prod/);
      assert.doesNotMatch(JSON.stringify(fault), /hello-secret|PRIVATE KEY/);
    });

  it("is told with all that is wrong at once", () => {
    const both = faults({ ...expired, key: own.key, host: "a.example.com" });
    assert.deepEqual(
      both.map(({ key }) => key.slice(AT.length + 1)),
      ["tls.certificate", "tls.certificate", "tls.key"],
    );
  });

  it("isn't looked at offline, where secrets stay closed", () => {
    setOffline(true);
    try {
      assert.deepEqual(faults({ key: "offline-secret-value" }), []);
    } finally {
      setOffline(false);
    }
  });
});

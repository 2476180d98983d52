import { generateKeyPairSync, sign } from "node:crypto";

export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** A self-signed certificate, made here: no private key lies in the repository, and none ever expires. */
export function makeCertificate(
  names: readonly string[],
  { from = -1, to = 1 }: { from?: number; to?: number } = {},
): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const subject = sequence(set(sequence(OID.commonName, tag(0x0c, Buffer.from(names[0] ?? "")))));
  const alternatives = sequence(...names.map((name) => tag(0x82, Buffer.from(name))));
  const signed = sequence(
    tag(0xa0, tag(0x02, Buffer.from([2]))),
    tag(0x02, Buffer.from([1])),
    sequence(OID.ecdsaWithSha256),
    subject,
    sequence(day(from), day(to)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    tag(0xa3, sequence(sequence(OID.subjectAltName, tag(0x04, alternatives)))),
  );
  const signature = sign("sha256", signed, privateKey);
  const der = sequence(
    signed,
    sequence(OID.ecdsaWithSha256),
    tag(0x03, Buffer.from([0]), signature),
  );
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** DER: tag, length, content (X.690, 8.1). */
function tag(type: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([type, ...size]), content]);
}

const sequence = (...parts: readonly Buffer[]) => tag(0x30, ...parts);
const set = (...parts: readonly Buffer[]) => tag(0x31, ...parts);

const OID = {
  commonName: Buffer.from("0603550403", "hex"),
  subjectAltName: Buffer.from("0603551d11", "hex"),
  ecdsaWithSha256: Buffer.from("06082a8648ce3d040302", "hex"),
};

/** Days from now, as GeneralizedTime. */
function day(days: number): Buffer {
  const date = new Date(Date.now() + days * 24 * 3600 * 1000);
  return tag(0x18, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, "")));
}

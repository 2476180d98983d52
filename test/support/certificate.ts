import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { isIPv4 } from "node:net";

export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

/** Who signs: the common name of its own certificate, and its key in PEM. */
export interface Signer {
  readonly name: string;
  readonly key: string;
}

interface CertificateOptions {
  /** Days from now. Default: since yesterday. */
  readonly from?: number;
  /** Days from now. Default: until tomorrow. */
  readonly to?: number;
  /** Default: the certificate's own key. */
  readonly signer?: Signer;
  /** Whether it may sign others. Default: false. */
  readonly authority?: boolean;
}

/**
 * A certificate, made here: no private key lies in the repository, and none ever expires. RFC 5280, 4.1.
 * @param names host names, `*.` at most in front, or IPv4 addresses; the first is the subject too
 */
export function makeCertificate(
  names: readonly string[],
  { from = -1, to = 1, signer, authority = false }: CertificateOptions = {},
): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const subject = names[0] ?? "";
  const alternatives = sequence(...names.map(alternative));
  const extensions = [
    sequence(OID.subjectAltName, tag(0x04, alternatives)),
    ...(authority ? [sequence(OID.basicConstraints, TRUE, tag(0x04, sequence(TRUE)))] : []),
  ];
  const signed = sequence(
    tag(0xa0, tag(0x02, Buffer.from([2]))),
    tag(0x02, Buffer.from([1]), randomBytes(8)),
    sequence(OID.ecdsaWithSha256),
    distinguished(signer?.name ?? subject),
    sequence(day(from), day(to)),
    distinguished(subject),
    publicKey.export({ type: "spki", format: "der" }),
    tag(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", signed, signer?.key ?? privateKey);
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

/** A name of one attribute; 64 characters at most (RFC 5280, ub-common-name). */
function distinguished(commonName: string): Buffer {
  return sequence(set(sequence(OID.commonName, tag(0x0c, Buffer.from(commonName.slice(0, 64))))));
}

/** RFC 5280, 4.2.1.6: iPAddress or dNSName. */
function alternative(name: string): Buffer {
  return isIPv4(name)
    ? tag(0x87, Buffer.from(name.split(".").map(Number)))
    : tag(0x82, Buffer.from(name));
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

const TRUE = tag(0x01, Buffer.from([0xff]));

const OID = {
  commonName: Buffer.from("0603550403", "hex"),
  subjectAltName: Buffer.from("0603551d11", "hex"),
  basicConstraints: Buffer.from("0603551d13", "hex"),
  ecdsaWithSha256: Buffer.from("06082a8648ce3d040302", "hex"),
};

/** Days from now, as GeneralizedTime. */
function day(days: number): Buffer {
  const date = new Date(Date.now() + days * 24 * 3600 * 1000);
  return tag(0x18, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, "")));
}

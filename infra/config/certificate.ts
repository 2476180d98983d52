import { createPrivateKey, X509Certificate } from "node:crypto";
import { setCommand } from "./faults";
import { messageOf, type Fault } from "../errors";
import { isOffline } from "../offline-mode";

/** As it was read, before anything of it was found right. */
export interface CertificateDraft {
  readonly host: unknown;
  readonly certificate: unknown;
  readonly key: unknown;
  readonly caCertificate: unknown;
}

/**
 * Whether a certificate serves its host now, and with that key: asked before a router or balancer finds out.
 * An offline run has neither the secret key nor a certificate in place of a placeholder, and asks nothing.
 * @param at the service's key
 */
export function checkCertificate(
  at: string,
  draft: CertificateDraft,
  stack: string,
  now = new Date(),
): Fault[] {
  if (isOffline()) return [];
  const replace = (name: string, secret = false) =>
    `${setCommand(`${at}.tls.${name}`, "", stack, secret).replace(" ''", "")} < ${name}.pem`;
  const certificate = parse(draft.certificate);
  if (typeof certificate === "string")
    return [
      {
        key: `${at}.tls.certificate`,
        got: `what is not a certificate: ${certificate}`,
        allowed: "a certificate in PEM",
        fix: replace("certificate"),
      },
    ];
  return [
    ...dateFaults(at, certificate, now, replace("certificate")),
    ...hostFaults(at, certificate, draft.host, stack, replace("certificate")),
    ...keyFaults(at, certificate, draft.key, replace("key", true)),
    ...chainFaults(at, draft.caCertificate, replace("caCertificate")),
  ];
}

function dateFaults(at: string, certificate: X509Certificate, now: Date, fix: string): Fault[] {
  const from = new Date(certificate.validFrom);
  const to = new Date(certificate.validTo);
  const day = (date: Date) => date.toISOString().slice(0, 10);
  const got =
    to < now
      ? `a certificate that expired on ${day(to)}`
      : from > now
        ? `a certificate that is valid from ${day(from)} on`
        : undefined;
  if (got === undefined) return [];
  return [{ key: `${at}.tls.certificate`, got, allowed: "one that is valid today", fix }];
}

function hostFaults(
  at: string,
  certificate: X509Certificate,
  host: unknown,
  stack: string,
  fix: string,
): Fault[] {
  const names = (certificate.subjectAltName ?? "")
    .split(", ")
    .flatMap((name) => (name.startsWith("DNS:") ? [name.slice(4)] : []));
  if (host === undefined) {
    const name = names.find((one) => !one.startsWith("*")) ?? "iris.example.com";
    return [
      {
        key: `${at}.host`,
        got: "nothing, beside a certificate of one's own",
        allowed: `a name that the certificate is for: ${names.join(", ") || "it has none"}`,
        fix: setCommand(`${at}.host`, name, stack),
      },
    ];
  }
  if (typeof host !== "string" || certificate.checkHost(host) !== undefined) return [];
  return [
    {
      key: `${at}.tls.certificate`,
      got: `a certificate for ${names.join(", ") || "no name at all (subjectAltName)"}`,
      allowed: `one for ${host}`,
      fix,
    },
  ];
}

/** Never tells what the key is. */
function keyFaults(at: string, certificate: X509Certificate, key: unknown, fix: string): Fault[] {
  const fault = (got: string): Fault[] => [
    { key: `${at}.tls.key`, got, allowed: "the certificate's own private key, in PEM", fix },
  ];
  if (typeof key !== "string") return fault("what is not text");
  if (/ENCRYPTED/.test(key)) return fault("a key with a passphrase");
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
      ? []
      : fault("the key of another certificate");
  } catch {
    return fault("what is not a private key");
  }
}

function chainFaults(at: string, caCertificate: unknown, fix: string): Fault[] {
  if (caCertificate === undefined) return [];
  const parsed = parse(caCertificate);
  if (typeof parsed !== "string") return [];
  return [
    {
      key: `${at}.tls.caCertificate`,
      got: `what is not a certificate: ${parsed}`,
      allowed: "certificates in PEM",
      fix,
    },
  ];
}

/** The first certificate of a PEM file, or why there is none. */
function parse(pem: unknown): X509Certificate | string {
  try {
    return new X509Certificate(typeof pem === "string" ? pem : "");
  } catch (error) {
    return messageOf(error);
  }
}

import { z } from "zod";
import { recordAt, type ServiceDraft } from "./drafts";
import { checkCertificate } from "./certificate";
import { removeCommand, setCommand, type FaultContext } from "./faults";
import type { Exposure } from "./service";
import { say } from "./values";
import type { Fault } from "../errors";

/** RFC 1123, two labels at least, none of digits alone at the end: that would be an address. */
const HOST =
  /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----/;

const givenTls = z.strictObject({
  /** The host's certificate, PEM; the chain may follow it. */
  certificate: z
    .string()
    .regex(CERTIFICATE, say("a certificate in PEM: -----BEGIN CERTIFICATE-----"))
    .meta({ examples: ["-----BEGIN CERTIFICATE-----\n...\n-----END CERTIFICATE-----\n"] }),
  /** The certificate's private key, PEM, without a passphrase. Set with --secret. */
  key: z.string().regex(/-----BEGIN [A-Z ]*PRIVATE KEY-----/, say("a private key in PEM")),
  /** Certificates of who signed it, PEM. Default: none. */
  caCertificate: z
    .string()
    .regex(CERTIFICATE, say("a certificate in PEM: -----BEGIN CERTIFICATE-----"))
    .optional(),
});

/** Keys of a service that say how it is reached; service.ts takes them in. */
export const exposureKeys = {
  /** A load balancer or an Ingress that only the cluster's own network reaches. Default: false. */
  internal: z.boolean().default(false),
  /** The name in DNS under which an Ingress or a Route answers. Default: the platform's own name for the service. */
  host: z
    .string()
    .regex(HOST, say("a name in DNS, in lower case, e.g. iris.example.com"))
    .meta({ examples: ["iris.example.com"] })
    .optional(),
  /**
   * TLS of an Ingress or a Route: managed (the platform's certificate), none, or one's own certificate and key.
   * Default: managed on an Ingress where the target can, else none.
   */
  tls: z
    .union(
      [z.enum(["managed", "none"]), givenTls],
      say("managed, none, or an object with certificate and key (PEM)"),
    )
    .optional(),
  /**
   * Seconds that its load balancer, Ingress or Route may take to be given an address, and as many again until it answers there.
   * Default: as clouds take, 900 and 600; on the embedded cluster 20 each.
   */
  addressSeconds: z.int().min(1).max(3600).optional(),
};

export type TlsConfig = z.infer<(typeof exposureKeys)["tls"]>;
export type GivenTlsConfig = z.infer<typeof givenTls>;

/** Which of these keys go together. @param at the service's key */
export function checkExposure(at: string, service: ServiceDraft, context: FaultContext): Fault[] {
  const { exposure } = service;
  return [
    ...(isExposure(exposure) ? checkKeysOf(at, exposure, service, context.stack) : []),
    ...checkGivenTls(at, service, context),
  ];
}

/** Any other word is the schema's to refuse, which knows whether it may be shown. */
const isExposure = (word: unknown): word is Exposure =>
  typeof word === "string" && EXPOSURE_WORDS.has(word);

const EXPOSURE_WORDS = new Set<string>([
  "LoadBalancer",
  "NodePort",
  "Route",
  "Ingress",
  "ClusterIP",
] satisfies Exposure[]);

const HOSTED = ["Ingress", "Route"];
const BALANCED = ["LoadBalancer", "Ingress"];
const GIVEN_ADDRESSES = ["LoadBalancer", ...HOSTED];

/** Keys that mean nothing to an exposure; asked of the default one too, once the target tells it. */
export function checkKeysOf(
  at: string,
  exposure: string,
  service: ServiceDraft,
  stack: string,
): Fault[] {
  const misplaced = (key: keyof typeof exposureKeys, where: readonly string[]): Fault => ({
    key: `${at}.${key}`,
    got: `a setting of ${where.join(" and ")}, beside exposure ${exposure}`,
    allowed: `${key} with exposure ${where.join(" or ")}`,
    fix: removeCommand(`${at}.${key}`, stack),
  });
  const hosted = HOSTED.includes(exposure);
  return [
    ...(service.host !== undefined && !hosted ? [misplaced("host", HOSTED)] : []),
    ...(service.tls !== undefined && service.tls !== "none" && !hosted
      ? [misplaced("tls", HOSTED)]
      : []),
    ...(service.internal === true && !BALANCED.includes(exposure)
      ? [misplaced("internal", BALANCED)]
      : []),
    ...(service.addressSeconds !== undefined && !GIVEN_ADDRESSES.includes(exposure)
      ? [misplaced("addressSeconds", GIVEN_ADDRESSES)]
      : []),
  ];
}

/** The user's certificate: secret key, both parts, right for the host. */
function checkGivenTls(at: string, service: ServiceDraft, context: FaultContext): Fault[] {
  if (typeof service.tls !== "object" || service.tls === null) return [];
  const { stack } = context;
  const { certificate, key, caCertificate } = recordAt(service, "tls");
  const keyFault = (got: string, allowed: string): Fault => ({
    key: `${at}.tls.key`,
    got,
    allowed,
    fix: `${setCommand(`${at}.tls.key`, "", stack, true)} < key.pem`,
  });
  if (key === undefined)
    return [keyFault("nothing", "the certificate's private key, PEM, as a secret")];
  if (!context.secret("services")) return [keyFault("plain text", "a secret")];
  if (certificate === undefined)
    return [
      {
        key: `${at}.tls.certificate`,
        got: "nothing",
        allowed: "the certificate of the key, PEM",
        fix: `${setCommand(`${at}.tls.certificate`, "", stack).replace(" ''", "")} < certificate.pem`,
      },
    ];
  return checkCertificate(at, { host: service.host, certificate, key, caCertificate }, stack);
}

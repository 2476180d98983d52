import { isIP } from "node:net";
import type { Exposure } from "../config/service";
import { ProgramError } from "../errors";
import { readContext } from "../kubeconfig";
import type { ReachableFrom } from "../targets/target";
import type { AddressLimits } from "./address";
import { isKnown, proxySender, sender } from "./sender";
import { tryRequest, type Failure, type Proof, type ProofRequest, type Send } from "./smoke";

export interface ProveArgs {
  readonly stack: string;
  readonly service: string;
  readonly namespace: string;
  readonly exposure: Exposure;
  readonly proof: Proof;
  /** Where it may answer, in the order to tell; none: from inside the cluster alone. */
  readonly candidates: readonly Candidate[];
  readonly kubeconfig: string;
  readonly context: string | undefined;
  readonly limits?: Limits;
}

export interface Address {
  readonly url: string;
  readonly reachableFrom: ReachableFrom;
}

export interface Candidate extends Address {
  /** Whether it must answer from here; else silence is not a failure, and the API server's proxy is asked. */
  readonly answersHere: boolean;
  /** Where requests go while the URL's host has no address in DNS. Default: nowhere. */
  readonly address?: string;
  /** Whether DNS will know the host by itself, where it doesn't yet. Default: no, its user must make a record. */
  readonly dns?: boolean;
  /** Of an https URL: `managed` may still be being issued; `router`: the router's own, there from the beginning; PEM: the user's own. */
  readonly certificate?: "managed" | "router" | { readonly pem: string };
}

export interface Proven extends Address {
  /** What the user should know, or do. */
  readonly note?: string;
}

export interface Limits {
  /** How long a silent address may take to answer. */
  readonly silentMs: number;
  /** How long a wrong answer may last: an old pod serves for some seconds beside the new ones. */
  readonly wrongMs: number;
  readonly pauseMs: number;
  readonly requestMs: number;
  /** How long a balancer or router may take to let requests through. Default: ten minutes. */
  readonly balancerMs?: number;
  /** How long a certificate may be one that can't be trusted: controllers serve such until they have the right one. Default: two minutes. */
  readonly untrustedMs?: number;
  /** Patience with a platform that gives addresses. Default: 15 minutes. */
  readonly address?: AddressLimits;
}

export const LIMITS: Limits = { silentMs: 60_000, wrongMs: 30_000, pauseMs: 100, requestMs: 5_000 };

const BALANCER_MS = 10 * 60_000;

const UNTRUSTED_MS = 2 * 60_000;

/** Addresses that some firewall may close from here must not delay the proof from inside for long. */
const SILENT_BEFORE_INSIDE_MS = 10_000;

/** What balancers and routers say in a service's place until they know its pods. */
const NOT_YET = new Set([404, 502, 503, 504]);

const BALANCED = new Set<Exposure>(["LoadBalancer", "Ingress", "Route"]);

/** The first address through which all predictions of the proof succeeded. @throws ProgramError when none did, with the last cause of each */
export async function prove(args: ProveArgs): Promise<Proven> {
  const { candidates, limits = LIMITS } = args;
  const balanced = BALANCED.has(args.exposure);
  // What is wrong from inside is wrong from everywhere, and known at once; a balancer says 404 for minutes.
  if (balanced) {
    const failure = await fromInside(args, { ...limits, silentMs: 0 });
    if (failure?.answered === true) throw notProven(args, [`from inside: ${failure.why}`]);
  }
  const tried = await Promise.all(
    candidates.map(async (candidate) => ({
      candidate,
      failure: await tryCandidate(args.proof, candidate, balanced, limits),
    })),
  );
  for (const { candidate, failure } of tried)
    if (failure === undefined) return told(candidate, await dnsNote(candidate));
  const failures = tried.map(({ candidate, failure }) => `${candidate.url}: ${failure?.why ?? ""}`);
  // A wrong answer is wrong from everywhere; silence may be a firewall, which the API server stands behind, or a certificate's absence.
  const mayBeSilent = tried.every(
    ({ candidate, failure }) =>
      failure?.answered !== true &&
      (!candidate.answersHere || hasPlatformsFault(candidate, failure)),
  );
  if (!mayBeSilent) throw notProven(args, failures);
  const failure = await fromInside(args, limits);
  if (failure !== undefined)
    throw notProven(args, [...failures, `through the API server's proxy: ${failure.why}`]);
  const faulty = tried.find(({ candidate, failure }) => hasPlatformsFault(candidate, failure));
  if (faulty !== undefined)
    return {
      ...insideAddress(args),
      note: certificateNote(faulty.candidate, faulty.failure?.why ?? ""),
    };
  const near = candidates.find(({ reachableFrom }) => reachableFrom === "vpc");
  return near === undefined ? insideAddress(args) : told(near);
}

/** An address that is only right inside the cluster: a Service's DNS name. */
export function insideAddress(of: { service: string; namespace: string }): Address {
  return {
    url: `http://${of.service}.${of.namespace}.svc.cluster.local`,
    reachableFrom: "cluster",
  };
}

/** @param host a name or an IP address */
export function urlOf(scheme: "http" | "https", host: string, port?: number): string {
  const plain = host.includes(":") ? `[${host}]` : host;
  return `${scheme}://${plain}${port === undefined ? "" : `:${port}`}`;
}

const told = ({ url, reachableFrom }: Candidate, note?: string): Proven => ({
  url,
  reachableFrom,
  ...(note === undefined ? {} : { note }),
});

/** Whether the certificate of the platform, which may not be there yet, is in the way: that is not the service's fault. */
const hasPlatformsFault = ({ certificate }: Candidate, failure: Failure) =>
  certificate === "managed" || (certificate === "router" && failure?.untrusted === true);

async function tryCandidate(
  proof: Proof,
  candidate: Candidate,
  balanced: boolean,
  limits: Limits,
): Promise<Failure> {
  const { url, address, certificate } = candidate;
  const send = sender(url, {
    timeoutMs: limits.requestMs,
    ...(address === undefined ? {} : { address }),
    ...(typeof certificate === "object" ? { certificate: certificate.pem } : {}),
  });
  const patience = balanced ? (limits.balancerMs ?? BALANCER_MS) : limits.silentMs;
  // A certificate is issued for a name that DNS knows; before that, waiting is of no use.
  const hopeless =
    certificate === "managed" && candidate.dns !== true && !(await isKnown(new URL(url).hostname));
  const silentMs = candidate.answersHere ? patience : Math.min(patience, SILENT_BEFORE_INSIDE_MS);
  return retry(proof, send, { ...limits, silentMs: hopeless ? 0 : silentMs }, balanced);
}

async function fromInside(args: ProveArgs, limits: Limits): Promise<Failure> {
  const context = await readContext(args.kubeconfig, args.context);
  return retry(args.proof, proxySender(context, args, limits.requestMs), limits);
}

async function dnsNote(candidate: Candidate): Promise<string | undefined> {
  const { url, address } = candidate;
  const host = new URL(url).hostname;
  if (address === undefined || (await isKnown(host))) return undefined;
  return `${host} is not in DNS, the prediction went to ${address} directly; ${recordFor(candidate, host, address)}`;
}

function certificateNote(candidate: Candidate, why: string): string {
  const { url, address, certificate } = candidate;
  const cause = `${url} can't be told: ${why}`;
  if (certificate === "router")
    return `${cause}. It is the router's own: have this machine trust who signed it (NODE_EXTRA_CA_CERTS), or give the service a certificate of its own, or tls: none`;
  const host = new URL(url).hostname;
  const record =
    address === undefined || address === host ? "" : `; ${recordFor(candidate, host, address)}`;
  return `${cause}. Its certificate may still be being issued: the next update tells it once it is${record}`;
}

function recordFor({ reachableFrom }: Candidate, host: string, address: string): string {
  if (reachableFrom === "machine") return `/etc/hosts needs a line: ${address} ${host}`;
  const type = isIP(address) === 4 ? "A" : isIP(address) === 6 ? "AAAA" : "CNAME";
  return `${host} needs a DNS record: ${type} ${address}`;
}

function notProven(args: ProveArgs, failures: readonly string[]): ProgramError {
  return new ProgramError(
    `service ${args.service} runs, but does not predict through its ${args.exposure}`,
    {
      why: failures.join("\n       "),
      fix: `npm run cli -- status --stack ${args.stack}; then npm run up -- --stack ${args.stack} again`,
    },
  );
}

/** Request by request, so that a rate limit delays the proof instead of failing it. */
async function retry(proof: Proof, send: Send, limits: Limits, balanced = false): Promise<Failure> {
  for (const request of proof.requests) {
    const failure = await retryRequest(request, proof.headers, send, limits, balanced);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

async function retryRequest(
  request: ProofRequest,
  headers: Proof["headers"],
  send: Send,
  limits: Limits,
  balanced: boolean,
): Promise<Failure> {
  const started = Date.now();
  let wrongSince: number | undefined;
  for (;;) {
    const failure = await tryRequest(request, headers, send);
    if (failure === undefined) return undefined;
    const now = Date.now();
    const notYet = balanced && failure.status !== undefined && NOT_YET.has(failure.status);
    wrongSince = failure.answered && !notYet ? (wrongSince ?? now) : undefined;
    const { silentMs, wrongMs, untrustedMs = UNTRUSTED_MS } = limits;
    const patience = failure.untrusted === true ? Math.min(silentMs, untrustedMs) : silentMs;
    const over = wrongSince === undefined ? now - started > patience : now - wrongSince > wrongMs;
    if (over) return failure;
    await new Promise((resolve) => setTimeout(resolve, limits.pauseMs));
  }
}

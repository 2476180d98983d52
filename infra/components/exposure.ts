import type { Exposure } from "../config-schema";
import { ProgramError } from "../errors";
import { apiRequest, readContext, type KubeContext } from "../kubeconfig";
import { PORT_NAME } from "../manifests/service";
import type { NodeAddress, ReachableFrom } from "../targets/target";
import { tryRequest, type Failure, type Proof, type ProofRequest, type Send } from "./smoke";

export interface ProveArgs {
  readonly stack: string;
  readonly service: string;
  readonly namespace: string;
  readonly exposure: Exposure;
  readonly proof: Proof;
  /** Of the Service; undefined where the exposure has none. */
  readonly nodePort: number | undefined;
  readonly nodeAddresses: readonly NodeAddress[];
  /** Whether one of the node addresses must answer from here. */
  readonly nodePortsReachable: boolean;
  readonly kubeconfig: string;
  readonly context: string | undefined;
  readonly limits?: Limits;
}

export interface Address {
  readonly url: string;
  readonly reachableFrom: ReachableFrom;
}

export interface Limits {
  /** How long a silent address may take to answer. */
  readonly silentMs: number;
  /** How long a wrong answer may last: an old pod serves for some seconds beside the new ones. */
  readonly wrongMs: number;
  readonly pauseMs: number;
  readonly requestMs: number;
}

const LIMITS: Limits = { silentMs: 60_000, wrongMs: 30_000, pauseMs: 100, requestMs: 5_000 };

/** NodePorts that some nodes keep closed from here must not delay the proof from inside for long. */
const SILENT_BEFORE_INSIDE_MS = 10_000;

/** The address as it will be, without asking it: for previews. Undefined where it can't be known yet. */
export function expectedAddress(
  args: Omit<ProveArgs, "proof" | "kubeconfig">,
): Address | undefined {
  const { exposure, nodePort, nodeAddresses } = args;
  if (exposure !== "NodePort") return insideAddress(args);
  const node = nodeAddresses[0];
  if (node === undefined || nodePort === undefined) return undefined;
  return { url: nodeUrl(node, nodePort), reachableFrom: node.reachableFrom };
}

/** The first address through which all predictions of the proof succeeded. @throws ProgramError when none did, with the last cause of each */
export async function prove(args: ProveArgs): Promise<Address> {
  const limits = args.limits ?? LIMITS;
  const nodes = args.exposure === "NodePort" ? args.nodeAddresses : [];
  const failures: string[] = [];
  const silentMs = args.nodePortsReachable
    ? limits.silentMs
    : Math.min(limits.silentMs, SILENT_BEFORE_INSIDE_MS);
  const tried = await Promise.all(
    nodes.map(async (node) => {
      const url = nodeUrl(node, args.nodePort);
      const send = fetchSender(url, limits.requestMs);
      return { node, url, failure: await retry(args.proof, send, { ...limits, silentMs }) };
    }),
  );
  for (const { node, url, failure } of tried) {
    if (failure === undefined) return { url, reachableFrom: node.reachableFrom };
    failures.push(`${url}: ${failure.why}`);
  }
  // A wrong answer is wrong from everywhere; silence may be a firewall, which the API server stands behind.
  const mayBeSilent = args.exposure !== "NodePort" || !args.nodePortsReachable;
  if (mayBeSilent && !tried.some(({ failure }) => failure?.answered === true)) {
    const context = await readContext(args.kubeconfig, args.context);
    const failure = await retry(args.proof, proxySender(context, args, limits.requestMs), limits);
    if (failure === undefined) return insideAddress(args);
    failures.push(`through the API server's proxy: ${failure.why}`);
  }
  throw new ProgramError(
    `service ${args.service} runs, but does not predict through its ${args.exposure}`,
    {
      why: failures.join("\n       "),
      fix: `npm run cli -- status --stack ${args.stack}; then npm run up -- --stack ${args.stack} again`,
    },
  );
}

/** An address that is only right inside the cluster: a Service's DNS name. */
function insideAddress({ service, namespace }: { service: string; namespace: string }): Address {
  return { url: `http://${service}.${namespace}.svc.cluster.local`, reachableFrom: "cluster" };
}

function nodeUrl({ host }: NodeAddress, nodePort: number | undefined): string {
  if (nodePort === undefined) throw new ProgramError("the Service was given no node port");
  return `http://${host.includes(":") ? `[${host}]` : host}:${nodePort}`;
}

function fetchSender(url: string, timeoutMs: number): Send {
  return async (path, body, headers) => {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json", connection: "close" },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, text: await response.text() };
  };
}

/** https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/#manually-constructing-apiserver-proxy-urls */
function proxySender(context: KubeContext, args: ProveArgs, timeoutMs: number): Send {
  const { namespace, service } = args;
  const prefix = `/api/v1/namespaces/${namespace}/services/http:${service}:${PORT_NAME}/proxy`;
  return (path, body, headers) =>
    apiRequest(context, prefix + path, { method: "POST", body, headers, timeoutMs });
}

/** Request by request, so that a rate limit delays the proof instead of failing it. */
async function retry(proof: Proof, send: Send, limits: Limits): Promise<Failure> {
  for (const request of proof.requests) {
    const failure = await retryRequest(request, proof.headers, send, limits);
    if (failure !== undefined) return failure;
  }
  return undefined;
}

async function retryRequest(
  request: ProofRequest,
  headers: Proof["headers"],
  send: Send,
  limits: Limits,
): Promise<Failure> {
  const started = Date.now();
  let wrongSince: number | undefined;
  for (;;) {
    const failure = await tryRequest(request, headers, send);
    if (failure === undefined) return undefined;
    const now = Date.now();
    wrongSince = failure.answered ? (wrongSince ?? now) : undefined;
    const over =
      now - started > limits.silentMs ||
      (wrongSince !== undefined && now - wrongSince > limits.wrongMs);
    if (over) return failure;
    await new Promise((resolve) => setTimeout(resolve, limits.pauseMs));
  }
}

import { messageOf, ProgramError } from "../errors";
import { apiRequest, readContext, type KubeContext } from "../kubeconfig";

/** The object that a platform writes the address into. */
export type EntryKind = "Service" | "Ingress" | "Route";

export interface AwaitAddressArgs {
  readonly stack: string;
  readonly service: string;
  readonly namespace: string;
  readonly kind: EntryKind;
  readonly kubeconfig: string;
  readonly context: string | undefined;
  /** Address that was reserved for it: another one in the status is the old one, about to go. Default: any is right. */
  readonly reserved?: string | undefined;
  /** Told now and then while there is nothing yet. */
  readonly onWait: (text: string) => void;
  readonly limits?: AddressLimits;
}

export interface AddressLimits {
  readonly totalMs: number;
  readonly pauseMs: number;
  /** How long a router may refuse a Route (another one may still be going), or the API server the question. */
  readonly refusedMs: number;
}

/** Cloud balancers take minutes, IBM's up to ten. */
export const ADDRESS_LIMITS: AddressLimits = {
  totalMs: 15 * 60_000,
  pauseMs: 2_000,
  refusedMs: 30_000,
};

const TELL_EVERY_MS = 30_000;

const COLLECTIONS: Readonly<Record<EntryKind, readonly [prefix: string, plural: string]>> = {
  Service: ["/api/v1", "services"],
  Ingress: ["/apis/networking.k8s.io/v1", "ingresses"],
  Route: ["/apis/route.openshift.io/v1", "routes"],
};

/** What the platform gave: an IP address or a host name. */
export interface GivenAddress {
  /** Of a Route: its host. */
  readonly host: string;
  /** Where a name leads to that DNS may not know yet. */
  readonly address?: string;
}

/**
 * Waits until the platform has given an address.
 * @throws ProgramError when it didn't in time, with the warnings that the cluster has for the object
 */
export async function awaitAddress(args: AwaitAddressArgs): Promise<GivenAddress> {
  const { namespace, service, kind, limits = ADDRESS_LIMITS } = args;
  const context = await readContext(args.kubeconfig, args.context);
  const [prefix, plural] = COLLECTIONS[kind];
  const path = `${prefix}/namespaces/${namespace}/${plural}/${service}`;
  const began = Date.now();
  let told = began;
  let refusedSince: number | undefined;
  for (;;) {
    const found = expected(await read(context, path, kind), args.reserved);
    if ("host" in found) return found;
    const now = Date.now();
    refusedSince = found.refused ? (refusedSince ?? now) : undefined;
    const refused = refusedSince !== undefined && now - refusedSince > limits.refusedMs;
    if (refused || now - began > limits.totalMs) throw await withheld(args, context, found.why);
    if (now - told > TELL_EVERY_MS) {
      told = now;
      const seconds = Math.round((now - began) / 1000);
      args.onWait(`${service}: no address from its ${kind} after ${seconds} s (${found.why})`);
    }
    await new Promise((resolve) => setTimeout(resolve, limits.pauseMs));
  }
}

interface Nothing {
  readonly why: string;
  /** A router, or the API server, said no. */
  readonly refused: boolean;
}

function expected(found: GivenAddress | Nothing, reserved: string | undefined) {
  if (reserved === undefined || !("host" in found) || found.host === reserved) return found;
  return { why: `its status has ${found.host}, not yet ${reserved}`, refused: false };
}

async function read(
  context: KubeContext,
  path: string,
  kind: EntryKind,
): Promise<GivenAddress | Nothing> {
  try {
    const { status, text } = await apiRequest(context, path);
    if (status !== 200)
      return { why: `HTTP ${status} from the API server: ${text.slice(0, 300)}`, refused: true };
    return kind === "Route"
      ? ofRoute(JSON.parse(text) as RouteObject)
      : ofBalancer(JSON.parse(text) as BalancedObject);
  } catch (error) {
    return { why: `the cluster doesn't answer: ${messageOf(error)}`, refused: false };
  }
}

/** Of a Service or an Ingress. */
interface BalancedObject {
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } };
}

function ofBalancer({ status }: BalancedObject): GivenAddress | Nothing {
  const first = status?.loadBalancer?.ingress?.[0];
  const host = first?.ip ?? first?.hostname ?? "";
  return host === "" ? { why: "its status has none", refused: false } : { host };
}

interface RouteObject {
  status?: {
    ingress?: {
      host?: string;
      routerCanonicalHostname?: string;
      conditions?: { type: string; status: string; reason?: string; message?: string }[];
    }[];
  };
}

/** The first router that admits it; they may be several. */
function ofRoute({ status }: RouteObject): GivenAddress | Nothing {
  const routers = status?.ingress ?? [];
  const verdicts = routers.map(({ conditions }) =>
    conditions?.find(({ type }) => type === "Admitted"),
  );
  const at = verdicts.findIndex((verdict) => verdict?.status === "True");
  const { host, routerCanonicalHostname: address } = routers[at] ?? {};
  if (host !== undefined && host !== "")
    return { host, ...(address === undefined ? {} : { address }) };
  const no = verdicts.find((verdict) => verdict?.status === "False");
  if (no === undefined) return { why: "no router has admitted it", refused: false };
  return {
    why: `a router refuses it: ${no.reason ?? "no reason"}: ${no.message ?? ""}`,
    refused: true,
  };
}

async function withheld(
  args: AwaitAddressArgs,
  context: KubeContext,
  why: string,
): Promise<ProgramError> {
  const { service, kind, stack } = args;
  const warnings = await warningsOf(args, context);
  return new ProgramError(
    `service ${service} was given no address by its ${kind === "Service" ? "LoadBalancer" : kind}`,
    {
      why: [why, ...warnings].join("\n       "),
      fix:
        kind === "Route"
          ? `another host, then npm run up -- --stack ${stack} again`
          : `see what the warnings say (a quota? no controller for this kind?), then npm run up -- --stack ${stack} again; or another exposure`,
    },
  );
}

interface EventList {
  items?: { reason?: string; message?: string; lastTimestamp?: string }[];
}

/** What controllers said of it last, e.g. of a quota. */
async function warningsOf(
  { namespace, service, kind }: AwaitAddressArgs,
  context: KubeContext,
): Promise<string[]> {
  const selector = `type=Warning,involvedObject.kind=${kind},involvedObject.name=${service}`;
  const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=${encodeURIComponent(selector)}`;
  try {
    const { status, text } = await apiRequest(context, path);
    if (status !== 200) return [];
    const events = (JSON.parse(text) as EventList).items ?? [];
    const lines = events.map(({ reason, message }) => `${reason ?? "warning"}: ${message ?? ""}`);
    return [...new Set(lines)].slice(-3);
  } catch {
    return [];
  }
}

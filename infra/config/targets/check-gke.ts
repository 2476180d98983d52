import type { TargetCheck } from "../check-target";
import { isRecord, recordAt, serviceDrafts, type ServiceDraft } from "../drafts";
import { PROJECT, removeCommand, setCommand } from "../faults";
import { machineFaults } from "./check-gke-machines";
import { DEFAULT_MACHINE, DEFAULT_REGION } from "./gke";
import { GPU_TYPES } from "./gke-machines";
import type { Fault } from "../../errors";

const AT = `${PROJECT}:gke`;

type Section = Readonly<Record<string, unknown>>;

/** Keys that say how the nodes of a Standard cluster are. */
const STANDARD_ONLY = ["zones", "nodes", "gpuPool"] as const;

/** Wrong combinations of keys. */
export const checkGke: TargetCheck = (values, { stack }) => {
  const gke = recordAt(values, "gke");
  return [
    ...modeFaults(gke, stack),
    ...zoneFaults(gke, stack),
    ...sizeFaults(gke, "nodes", { minNodes: 1, maxNodes: 3 }, stack),
    ...sizeFaults(gke, "gpuPool", { minNodes: 0, maxNodes: 1 }, stack),
    ...machineFaults(gke, DEFAULT_MACHINE, stack),
    ...controlPlaneFaults(gke, stack),
    ...registryFaults(gke, stack),
    ...rangeFaults(gke, stack),
    ...serviceDrafts(values).flatMap(([name, service]) => [
      ...ingressFaults(`${PROJECT}:services.${name}`, service, stack),
      ...gpuFaults(`${PROJECT}:services.${name}`, service, gke, stack),
    ]),
  ];
};

const isStandard = (gke: Section) => gke["mode"] === "standard";

function modeFaults(gke: Section, stack: string): Fault[] {
  if (isStandard(gke)) return [];
  return STANDARD_ONLY.filter((key) => key in gke).map((key) => ({
    key: `${AT}.${key}`,
    got: "a setting of Standard clusters, on Autopilot, whose nodes are Google's",
    allowed: "nothing, or mode: standard",
    fix: `${setCommand(`${AT}.mode`, "standard", stack)}   or   ${removeCommand(`${AT}.${key}`, stack)}`,
  }));
}

function zoneFaults(gke: Section, stack: string): Fault[] {
  const region = typeof gke["region"] === "string" ? gke["region"] : DEFAULT_REGION;
  const zones: unknown[] = Array.isArray(gke["zones"]) ? gke["zones"] : [];
  return zones.flatMap((zone, index): Fault[] => {
    if (typeof zone !== "string") return [];
    const key = `${AT}.zones[${index}]`;
    if (!zone.startsWith(`${region}-`))
      return [
        {
          key,
          got: `"${zone}"`,
          allowed: `a zone of the region ${region}, such as ${region}-b`,
          fix: setCommand(key, `${region}-b`, stack),
        },
      ];
    if (zones.indexOf(zone) === index) return [];
    const fix = removeCommand(key, stack);
    return [{ key, got: `"${zone}" a second time`, allowed: "each zone once", fix }];
  });
}

function sizeFaults(
  gke: Section,
  pool: "nodes" | "gpuPool",
  defaults: { readonly minNodes: number; readonly maxNodes: number },
  stack: string,
): Fault[] {
  const { minNodes, maxNodes } = { ...defaults, ...recordAt(gke, pool) };
  if (typeof minNodes !== "number" || typeof maxNodes !== "number" || minNodes <= maxNodes)
    return [];
  const key = `${AT}.${pool}.maxNodes`;
  return [
    {
      key,
      got: `${maxNodes}, with minNodes ${minNodes}`,
      allowed: "at least minNodes",
      fix: setCommand(key, String(minNodes), stack),
    },
  ];
}

function controlPlaneFaults(gke: Section, stack: string): Fault[] {
  const controlPlane = recordAt(gke, "controlPlane");
  if (!("authorizedNetworks" in controlPlane) || controlPlane["endpoint"] === "ip") return [];
  return [
    {
      key: `${AT}.controlPlane.authorizedNetworks`,
      got: "networks, where the API has no address that they could reach",
      allowed: "nothing with endpoint dns, which IAM guards; networks with endpoint ip",
      fix: setCommand(`${AT}.controlPlane.endpoint`, "ip", stack),
    },
  ];
}

function registryFaults(gke: Section, stack: string): Fault[] {
  const { host = "pkg.dev", create } = recordAt(gke, "registry");
  if (create !== false || host !== "pkg.dev") return [];
  const key = `${AT}.registry.create`;
  return [
    {
      key,
      got: "false, with the registry pkg.dev",
      allowed: "true: that repository is the stack's own; false for a gcr.io name only",
      fix: removeCommand(key, stack),
    },
  ];
}

const RANGES = {
  nodeRange: "10.0.0.0/20",
  podRange: "10.4.0.0/14",
  serviceRange: "10.8.0.0/20",
} as const;

/** Ranges of one network may not overlap. */
function rangeFaults(gke: Section, stack: string): Fault[] {
  const ranges = Object.entries({ ...RANGES, ...recordAt(gke, "network") }).flatMap(
    ([name, range]) => {
      const span = typeof range === "string" ? spanOf(range) : undefined;
      return span === undefined ? [] : [{ name, range, ...span }];
    },
  );
  return ranges.flatMap((range, index) => {
    const other = ranges
      .slice(0, index)
      .find(({ first, last }) => range.first <= last && first <= range.last);
    if (other === undefined) return [];
    const key = `${AT}.network.${range.name}`;
    return [
      {
        key,
        got: `"${range.range}", which overlaps ${other.name} ${other.range}`,
        allowed: "three ranges that have no address in common",
        fix: setCommand(key, "<range>", stack),
      },
    ];
  });
}

/** First and last address, as numbers. */
function spanOf(range: string): { first: number; last: number } | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(range);
  if (match === null) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number);
  const size = 2 ** (32 - bits);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

/** https://docs.cloud.google.com/kubernetes-engine/docs/how-to/managed-certs: at most 63 characters, no wildcard. */
const MAX_MANAGED_HOST_LENGTH = 63;

function ingressFaults(at: string, service: ServiceDraft, stack: string): Fault[] {
  if (service.exposure !== "Ingress") return [];
  const { host, internal, tls = "managed" } = service;
  const faults: Fault[] = [];
  if (host === undefined)
    faults.push({
      key: `${at}.host`,
      got: "nothing, with exposure Ingress",
      allowed: "a name of yours: GKE has none to give",
      fix: setCommand(`${at}.host`, "iris.example.com", stack),
    });
  else if (tls === "managed" && typeof host === "string" && host.length > MAX_MANAGED_HOST_LENGTH)
    faults.push({
      key: `${at}.host`,
      got: `"${host}", ${host.length} characters`,
      allowed: `at most ${MAX_MANAGED_HOST_LENGTH} characters for a certificate of Google's`,
      fix: setCommand(`${at}.host`, "iris.example.com", stack),
    });
  if (internal === true)
    faults.push({
      key: `${at}.internal`,
      got: "true, with exposure Ingress",
      allowed: "an internal LoadBalancer, or an Ingress of the internet",
      fix: `${setCommand(`${at}.exposure`, "LoadBalancer", stack)}   or   ${removeCommand(`${at}.internal`, stack)}`,
    });
  return faults;
}

function gpuFaults(at: string, service: ServiceDraft, gke: Section, stack: string): Fault[] {
  if (!isRecord(service.gpu)) return [];
  const { type, count = 1 } = service.gpu;
  if (!isStandard(gke))
    return type === undefined
      ? [
          {
            key: `${at}.gpu.type`,
            got: "nothing, on Autopilot, which has to know what node to bring",
            allowed: `one of ${GPU_TYPES.join(", ")}`,
            fix: setCommand(`${at}.gpu.type`, "nvidia-l4", stack),
          },
        ]
      : [];
  if (!("gpuPool" in gke))
    return [
      {
        key: `${at}.gpu`,
        got: "a GPU, in a Standard cluster without nodes that have one",
        allowed: "a GPU where there is a gpuPool, or mode: autopilot",
        fix: setCommand(`${AT}.gpuPool.type`, typeof type === "string" ? type : "nvidia-l4", stack),
      },
    ];
  const { count: there = 1 } = recordAt(gke, "gpuPool");
  if (typeof count !== "number" || typeof there !== "number" || count <= there) return [];
  const key = `${at}.gpu.count`;
  return [
    {
      key,
      got: String(count),
      allowed: `at most ${there}: the GPUs of a node of the gpuPool`,
      fix: setCommand(key, String(there), stack),
    },
  ];
}

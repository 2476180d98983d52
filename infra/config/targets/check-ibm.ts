import { isRecord, recordAt, serviceDrafts, type ServiceDraft } from "../drafts";
import { PROJECT, removeCommand, setCommand, type FaultContext, type Values } from "../faults";
import { DEFAULT_REGION, GPU_FLAVORS, GPU_TYPES } from "./ibm";
import { mirrored } from "../../mirrors";
import type { Fault } from "../../errors";

type Section = Readonly<Record<string, unknown>>;

/** A section and where it stands, for what is told of it. */
export interface Place {
  readonly at: string;
  readonly section: Section;
  readonly stack: string;
}

/** Wrong combinations of the keys that both targets of IBM Cloud have, and of services' keys with them. */
export function checkIbm(
  target: "iks" | "openshift",
  values: Values,
  { stack }: Pick<FaultContext, "stack">,
): Fault[] {
  const place = { at: `${PROJECT}:${target}`, section: recordAt(values, target), stack };
  return [
    ...infrastructureFaults(place),
    ...zoneFaults(place),
    ...sizeFaults(place),
    ...gpuFlavorFaults(place),
    ...rangeFaults(place),
    ...serviceDrafts(values).flatMap(([name, service]) => {
      const at = `${PROJECT}:services.${name}`;
      return [
        ...imageFaults(at, service, place, values),
        ...frontFaults(at, service, place),
        // OpenShift has none: its own check's to tell.
        ...(target === "iks" ? gpuFaults(at, service, place) : []),
      ];
    }),
  ];
}

const isClassic = ({ section }: Place) => section["infrastructure"] === "classic";

/** Keys that say how the stack's own network is. */
const VPC_ONLY = [
  "zones",
  "gpuPool",
  "loadBalancer",
  "subnetAddresses",
  "disableOutboundTrafficProtection",
] as const;

function infrastructureFaults(place: Place): Fault[] {
  const { at, section, stack } = place;
  if (!isClassic(place))
    return "classic" in section
      ? [
          {
            key: `${at}.classic`,
            got: "settings of classic infrastructure, on a VPC",
            allowed: "nothing, or infrastructure: classic",
            fix: removeCommand(`${at}.classic`, stack),
          },
        ]
      : [];
  const misplaced = VPC_ONLY.filter((key) => key in section).map((key) => ({
    key: `${at}.${key}`,
    got: "a setting of VPC clusters, on classic infrastructure",
    allowed: "nothing, or infrastructure: vpc",
    fix: removeCommand(`${at}.${key}`, stack),
  }));
  if (isRecord(section["classic"])) return misplaced;
  const key = `${at}.classic.datacenter`;
  return [
    ...misplaced,
    {
      key,
      got: "nothing, on classic infrastructure",
      allowed: "a data centre in which the account has a cluster already, such as fra02",
      fix: setCommand(key, "<data centre>", stack),
    },
  ];
}

function zoneFaults({ at, section, stack }: Place): Fault[] {
  const region = typeof section["region"] === "string" ? section["region"] : DEFAULT_REGION;
  const zones: unknown[] = Array.isArray(section["zones"]) ? section["zones"] : [];
  return zones.flatMap((zone, index): Fault[] => {
    if (typeof zone !== "string") return [];
    const key = `${at}.zones[${index}]`;
    if (!zone.startsWith(`${region}-`))
      return [
        {
          key,
          got: `"${zone}"`,
          allowed: `a zone of the region ${region}, such as ${region}-1`,
          fix: setCommand(key, `${region}-1`, stack),
        },
      ];
    if (zones.indexOf(zone) === index) return [];
    const fix = removeCommand(key, stack);
    return [{ key, got: `"${zone}" a second time`, allowed: "each zone once", fix }];
  });
}

const DEFAULT_WORKERS = 2;

function sizeFaults({ at, section, stack }: Place): Fault[] {
  const { workersPerZone = DEFAULT_WORKERS, maxWorkersPerZone } = section;
  if (typeof workersPerZone !== "number" || typeof maxWorkersPerZone !== "number") return [];
  if (workersPerZone < maxWorkersPerZone) return [];
  const key = `${at}.maxWorkersPerZone`;
  return [
    {
      key,
      got: `${maxWorkersPerZone}, with workersPerZone ${workersPerZone}`,
      allowed: "more than workersPerZone, or nothing: no autoscaling",
      fix: setCommand(key, String(workersPerZone + 1), stack),
    },
  ];
}

/** What has a GPU; a flavor that is none is the schema's to tell. */
function gpuFlavorFaults({ at, section, stack }: Place): Fault[] {
  const { type, flavor } = recordAt(section, "gpuPool");
  const known = GPU_TYPES.find((name) => name === type);
  if (known === undefined || typeof flavor !== "string") return [];
  const model = known.replace("nvidia-", "");
  if (new RegExp(`[.x]\\d*${model}$`).test(flavor)) return [];
  const key = `${at}.gpuPool.flavor`;
  return [
    {
      key,
      got: `"${flavor}"`,
      allowed: `a flavor that has ${known}, such as ${GPU_FLAVORS[known]}`,
      fix: setCommand(key, GPU_FLAVORS[known], stack),
    },
  ];
}

/** Longest prefixes: https://cloud.ibm.com/docs/containers?topic=containers-kubernetes-service-cli#cluster-create-vpc-gen2 */
const LONGEST_PREFIX = { podSubnet: 23, serviceSubnet: 24 } as const;

function rangeFaults({ at, section, stack }: Place): Fault[] {
  return (["podSubnet", "serviceSubnet"] as const).flatMap((name): Fault[] => {
    const range = section[name];
    const bits = typeof range === "string" ? Number(/\/(\d{1,2})$/.exec(range)?.[1]) : NaN;
    if (!(bits > LONGEST_PREFIX[name])) return [];
    const key = `${at}.${name}`;
    return [
      {
        key,
        got: `"${String(range)}"`,
        allowed: `a range of /${LONGEST_PREFIX[name]} or larger`,
        fix: setCommand(key, "<range>", stack),
      },
    ];
  });
}

/** The registry's hosts, which workers reach without the internet: the global one, and a region's. */
const IBM_REGISTRY = /^(?:([a-z]{2}\d?)\.)?icr\.io\/([^/]+)\//;

/** Where an image is pulled from, as config says. */
export function mirroredIn(values: Values, image: string): string {
  const mirrors = Object.entries(recordAt(recordAt(values, "images"), "mirrors")).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  );
  return mirrored(image, Object.fromEntries(mirrors));
}

/** Pods whose image nobody can pull stay away without a word of the reason. */
function imageFaults(at: string, service: ServiceDraft, place: Place, values: Values): Fault[] {
  const { image } = service;
  if (typeof image !== "string") return [];
  const key = `${at}.image`;
  const closed = closedNamespace(key, image, place, values);
  if (closed !== undefined) return [closed];
  const { section, stack } = place;
  if (isClassic(place) || section["disableOutboundTrafficProtection"] === true) return [];
  if (IBM_REGISTRY.test(mirroredIn(values, image))) return [];
  const flag = `${place.at}.disableOutboundTrafficProtection`;
  return [
    {
      key,
      got: `"${image}", which workers can't reach: the cluster blocks traffic to the internet`,
      allowed:
        "an image in icr.io, or images.mirrors that lead there, or a cluster that may call the internet",
      fix: setCommand(flag, "true", stack),
    },
  ];
}

/**
 * An image of a region's namespace that the pull secret is not for. Images in icr.io itself are IBM's own, mostly, which everybody may pull.
 * https://cloud.ibm.com/docs/Registry?topic=Registry-registry_overview#registry_regions
 */
export function closedNamespace(
  key: string,
  image: string,
  { at, section, stack }: Place,
  values: Values,
): Fault | undefined {
  const from = mirroredIn(values, image);
  const [, region, namespace] = IBM_REGISTRY.exec(from) ?? [];
  const others: unknown[] = Array.isArray(section["pullNamespaces"])
    ? section["pullNamespaces"]
    : [];
  if (region === undefined || namespace === undefined) return undefined;
  if ([section["registryNamespace"], ...others].includes(namespace)) return undefined;
  return {
    key,
    got: `"${from}", in a namespace that the cluster's login may not pull from`,
    allowed: `an image in the stack's own namespace, or ${namespace} in ${at}.pullNamespaces`,
    fix: setCommand(`${at}.pullNamespaces[${others.length}]`, namespace, stack),
  };
}

/** The cluster's own domain; only it has a certificate of IBM's. */
const PLATFORM_DOMAIN = /\.appdomain\.cloud$/;

function frontFaults(at: string, service: ServiceDraft, { at: section, ...place }: Place): Fault[] {
  const { exposure = "LoadBalancer", host, tls = "managed", internal } = service;
  const { stack } = place;
  const balancer = place.section["loadBalancer"];
  if (exposure === "LoadBalancer" && internal === true && balancer === "nlb")
    return [
      {
        key: `${section}.loadBalancer`,
        got: "nlb, with the internal service of a LoadBalancer",
        allowed: "alb: a private network load balancer needs a subnet that no worker is in",
        fix: setCommand(`${section}.loadBalancer`, "alb", stack),
      },
    ];
  if (exposure !== "Ingress" || typeof host !== "string") return [];
  if (tls !== "managed" || PLATFORM_DOMAIN.test(host)) return [];
  return [
    {
      key: `${at}.tls`,
      got: `managed, with the host "${host}"`,
      allowed:
        "your host's certificate and key, or none: IBM Cloud's certificate is for the cluster's own domain",
      fix: `${setCommand(`${at}.tls`, "none", stack)}   or   ${removeCommand(`${at}.host`, stack)}`,
    },
  ];
}

function gpuFaults(at: string, service: ServiceDraft, { at: section, ...place }: Place): Fault[] {
  if (!isRecord(service.gpu)) return [];
  const pool = recordAt(place.section, "gpuPool")["type"];
  const { type } = service.gpu;
  const wanted = GPU_TYPES.find((name) => name === type);
  const { stack } = place;
  if (pool === undefined)
    return [
      {
        key: `${at}.gpu`,
        got: "a GPU, in a cluster without workers that have one",
        allowed: `nothing, or a GPU with ${section}.gpuPool`,
        fix: setCommand(`${section}.gpuPool.type`, wanted ?? GPU_TYPES[0], stack),
      },
    ];
  if (type === undefined || type === pool || typeof pool !== "string") return [];
  return [
    {
      key: `${at}.gpu.type`,
      got: JSON.stringify(type),
      allowed: `${pool}, the GPU of ${section}.gpuPool`,
      fix: setCommand(`${at}.gpu.type`, pool, stack),
    },
  ];
}

import { isRecord, recordAt, serviceDrafts, type ServiceDraft } from "./drafts";
import { PROJECT, setCommand, type FaultContext, type Values } from "./faults";
import type { TargetName } from "./target-names";
import type { Fault } from "../errors";

/** How a target's `gpuPool` is told. */
interface Pool {
  /** Nodes of a zone at most, 1 by default. */
  readonly nodes: string;
  /** GPUs of a node. */
  readonly gpus: (pool: Readonly<Record<string, unknown>>) => unknown;
}

/** Flavors end with their GPUs: gx3.16x80.l4, gx3.48x240.2l40s, gx2.16x128x2v100. */
const FLAVOR_GPUS = /[x.](\d+)[a-z]\d+[a-z]*$/;

const IBM: Pool = {
  nodes: "workersPerZone",
  gpus: ({ flavor }) => Number(FLAVOR_GPUS.exec(String(flavor))?.[1] ?? 1),
};

const POOLS: Readonly<Partial<Record<TargetName, Pool>>> = {
  gke: { nodes: "maxNodes", gpus: ({ count = 1 }) => count },
  iks: IBM,
  openshift: IBM,
};

/** All pods that want GPUs find some at once: one beyond them would wait until the update fails, after the cluster was paid for. */
export function checkGpuPool(values: Values, { stack }: FaultContext): Fault[] {
  const [target, told] = Object.entries(POOLS).find(([name]) => name === values["target"]) ?? [];
  if (target === undefined || told === undefined) return [];
  const section = recordAt(values, target);
  const pool = section["gpuPool"];
  if (!isRecord(pool)) return [];
  const { zones } = section;
  const zoneCount = Array.isArray(zones) ? zones.length : 1;
  const nodes = pool[told.nodes] ?? 1;
  const gpus = told.gpus(pool);
  if (!isNumber(nodes) || !isNumber(gpus)) return [];
  const there = nodes * zoneCount * gpus;
  const services = serviceDrafts(values);
  const tooLarge = services.flatMap(([name, service]) =>
    countOf(service) > gpus ? [largeFault(name, countOf(service), gpus, stack)] : [],
  );
  const wanted = services.reduce((sum, [, service]) => sum + countOf(service) * podsOf(service), 0);
  if (tooLarge.length > 0 || wanted <= there) return tooLarge;
  const key = `${PROJECT}:${target}.gpuPool.${told.nodes}`;
  const least = Math.ceil(wanted / (zoneCount * gpus));
  return [
    {
      key,
      got: `${nodes}, hence ${there} GPUs in all, for pods that want ${wanted}`,
      allowed: `at least ${least}, or fewer pods: a service has 2 by default`,
      fix: setCommand(key, String(least), stack),
    },
  ];
}

function largeFault(service: string, count: number, gpus: number, stack: string): Fault {
  const key = `${PROJECT}:services.${service}.gpu.count`;
  return {
    key,
    got: String(count),
    allowed: `at most ${gpus}: the GPUs of a node of the gpuPool`,
    fix: setCommand(key, String(gpus), stack),
  };
}

/** GPUs of a pod. */
function countOf({ gpu }: ServiceDraft): number {
  const count = isRecord(gpu) ? (gpu["count"] ?? 1) : 0;
  return isNumber(count) ? count : 0;
}

/** At most. */
function podsOf({ replicas = 2, autoscaling }: ServiceDraft): number {
  const pods = isRecord(autoscaling) ? autoscaling["maxReplicas"] : replicas;
  return isNumber(pods) ? pods : 0;
}

const isNumber = (value: unknown): value is number => typeof value === "number";

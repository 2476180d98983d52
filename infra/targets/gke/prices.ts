import type { GkeConfig } from "../../config/targets/gke";
import { gpuMachine } from "../../config/targets/gke-machines";
import type { HourlyPrices, PriceItem } from "../target";
import { zonesOf } from "./context";

const SOURCE =
  "list prices of us-central1 from cloud.google.com/kubernetes-engine/pricing, /compute/vm-instance-pricing and /vpc/network-pricing; other regions cost up to half more: check before you rely on it";
const AS_OF = "2025-06";

const CLUSTER_FEE = 0.1;
const BALANCER = 0.025;
const NAT_ADDRESS = 0.005;
const NAT_PER_NODE = 0.0014;

/** Of pods' requests on Autopilot. */
const AUTOPILOT = { cpu: 0.0445, gibibyte: 0.0049225 } as const;

/** What a service with the defaults asks for: 2 replicas of 100m and 160Mi. */
const SERVICE = { cpu: 0.2, gibibytes: 0.3125 } as const;

/** Of predefined machines, by family; memory of a core by kind. */
const FAMILIES: Readonly<Record<string, { readonly cpu: number; readonly gibibyte: number }>> = {
  e2: { cpu: 0.02181159, gibibyte: 0.00292353 },
  n1: { cpu: 0.031611, gibibyte: 0.004237 },
  n2: { cpu: 0.031611, gibibyte: 0.004237 },
  n2d: { cpu: 0.027502, gibibyte: 0.003686 },
};
const GIBIBYTES_A_CORE: Readonly<Record<string, number>> = { standard: 4, highmem: 8, highcpu: 1 };
const N1_GIBIBYTES_A_CORE: Readonly<Record<string, number>> = {
  standard: 3.75,
  highmem: 6.5,
  highcpu: 0.9,
};

/** Machines that don't follow from cores and memory; those with GPUs include them. */
const MACHINES: Readonly<Record<string, number>> = {
  "e2-small": 0.016751,
  "e2-medium": 0.033503,
  "g2-standard-4": 0.706832,
  "a2-highgpu-1g": 3.673385,
  "a2-ultragpu-1g": 5.06879789,
};
const T4 = 0.35;

/** On demand; undefined where the table doesn't have it. */
export function machinePrice(machineType: string): number | undefined {
  const exact = MACHINES[machineType];
  if (exact !== undefined) return exact;
  const [family = "", kind = "", cores = ""] = machineType.split("-");
  const rate = FAMILIES[family];
  const memory = (family === "n1" ? N1_GIBIBYTES_A_CORE : GIBIBYTES_A_CORE)[kind];
  if (rate === undefined || memory === undefined) return undefined;
  return Number(cores) * (rate.cpu + memory * rate.gibibyte);
}

/** With the fewest nodes that config allows, and one balancer. */
export function prices(config: GkeConfig): HourlyPrices {
  const items: PriceItem[] = [
    { what: "cluster fee, before the free tier", quantity: 1, usdPerHour: CLUSTER_FEE },
    ...(config.mode === "autopilot" ? autopilotItems() : []),
  ];
  const unknown: string[] = [];
  for (const pool of pools(config)) {
    if (pool.quantity === 0) continue;
    if (pool.usdPerHour === undefined) unknown.push(`${pool.quantity} × ${pool.what}`);
    else items.push({ ...pool, usdPerHour: pool.usdPerHour });
  }
  if (config.privateNodes)
    items.push({
      what: "Cloud NAT with its address, before traffic",
      quantity: 1,
      usdPerHour: NAT_ADDRESS + NAT_PER_NODE * Math.max(1, nodeCount(config)),
    });
  items.push({ what: "balancer of a service, before traffic", quantity: 1, usdPerHour: BALANCER });
  const left = unknown.length === 0 ? "" : `; not counted: ${unknown.join(", ")}`;
  return { kind: "hourly", items, source: SOURCE + left, asOf: AS_OF };
}

const autopilotItems = (): PriceItem[] => [
  {
    what: "vCPUs that the pods of a service ask for",
    quantity: SERVICE.cpu,
    usdPerHour: AUTOPILOT.cpu,
  },
  {
    what: "GiB of memory that the pods of a service ask for",
    quantity: SERVICE.gibibytes,
    usdPerHour: AUTOPILOT.gibibyte,
  },
];

interface PoolPrice {
  readonly what: string;
  readonly quantity: number;
  readonly usdPerHour: number | undefined;
}

function pools(config: GkeConfig): PoolPrice[] {
  if (config.mode === "autopilot") return [];
  const { nodes, gpuPool } = config;
  const zones = zonesOf(config).length;
  const spot = (on: boolean) => (on ? " at the price of one that is not spot" : "");
  const plain = {
    what: `node ${nodes.machineType}${spot(nodes.spot)}`,
    quantity: nodes.minNodes * zones,
    usdPerHour: machinePrice(nodes.machineType),
  };
  if (gpuPool === undefined) return [plain];
  const machineType = gpuMachine(gpuPool);
  const machine = machinePrice(machineType);
  const attached = gpuPool.type === "nvidia-tesla-t4" ? T4 * gpuPool.count : 0;
  return [
    plain,
    {
      what: `node ${machineType} with ${gpuPool.count} ${gpuPool.type}${spot(gpuPool.spot)}`,
      quantity: gpuPool.minNodes * zones,
      usdPerHour: machine === undefined ? undefined : machine + attached,
    },
  ];
}

const nodeCount = (config: GkeConfig) =>
  pools(config).reduce((sum, { quantity }) => sum + quantity, 0);

import { recordAt } from "../drafts";
import { PROJECT, setCommand } from "../faults";
import {
  bootDisks,
  DISK_TYPES,
  GPU_TYPES,
  GPUS,
  isSpotOnly,
  ownGpus,
  smallestMachine,
  type GpuType,
} from "./gke-machines";
import type { Fault } from "../../errors";

type Section = Readonly<Record<string, unknown>>;

/** A pool's machines, as far as config has them; a machine type that is none is the schema's to tell. */
interface Pool {
  readonly at: string;
  readonly pool: Section;
  /** Config's, or the default. */
  readonly machineType: string | undefined;
  readonly stack: string;
}

/** Machines that Google refuses, or never brings. */
export function machineFaults(gke: Section, defaultMachine: string, stack: string): Fault[] {
  const faults: Fault[] = [];
  const nodes = recordAt(gke, "nodes");
  const machineType = nodes["machineType"] ?? defaultMachine;
  faults.push(...diskFaults(placeOf("nodes", nodes, machineType, stack)));
  const gpuPool = recordAt(gke, "gpuPool");
  const type = GPU_TYPES.find((name) => name === gpuPool["type"]);
  if (type === undefined) return faults;
  const { count = 1 } = gpuPool;
  const place = placeOf(
    "gpuPool",
    gpuPool,
    gpuPool["machineType"] ??
      (typeof count === "number" ? smallestMachine(type, count) : undefined),
    stack,
  );
  const [wrong] = carrierFaults(type, place);
  if (wrong !== undefined) return [...faults, wrong];
  return [...faults, ...countFaults(type, place), ...spotFaults(place), ...diskFaults(place)];
}

const placeOf = (name: string, pool: Section, machineType: unknown, stack: string): Pool => ({
  at: `${PROJECT}:gke.${name}`,
  pool,
  machineType: typeof machineType === "string" ? machineType : undefined,
  stack,
});

function carrierFaults(type: GpuType, { at, machineType, stack }: Pool): Fault[] {
  const { machines, smallest } = GPUS[type];
  if (machineType === undefined || machineType.startsWith(machines)) return [];
  const key = `${at}.machineType`;
  return [
    {
      key,
      got: `"${machineType}"`,
      allowed: `a machine that carries ${type}: ${machines}…`,
      fix: setCommand(key, smallest[1], stack),
    },
  ];
}

/** Most machines come with a number of GPUs; a pool says the same. */
function countFaults(type: GpuType, { at, pool, machineType, stack }: Pool): Fault[] {
  const { count = 1 } = pool;
  if (typeof count !== "number") return [];
  const key = `${at}.count`;
  const smallest = smallestMachine(type, count);
  if (smallest === undefined) {
    const counts = Object.keys(GPUS[type].smallest);
    return [
      {
        key,
        got: `${count} ${type}`,
        allowed: `${counts.join(", ")}: no machine takes more`,
        fix: setCommand(key, counts.at(-1) ?? "1", stack),
      },
    ];
  }
  const there = machineType === undefined ? undefined : ownGpus(machineType);
  if (there === undefined || there === count) return [];
  return [
    {
      key,
      got: `${count}, with ${machineType}, which comes with ${there}`,
      allowed: `${there}, or a machine with ${count}, such as ${smallest}`,
      fix: `${setCommand(key, String(there), stack)}   or   ${setCommand(`${at}.machineType`, smallest, stack)}`,
    },
  ];
}

function spotFaults({ at, pool, machineType, stack }: Pool): Fault[] {
  if (machineType === undefined || pool["spot"] === true || !isSpotOnly(machineType)) return [];
  const key = `${at}.spot`;
  return [
    {
      key,
      got: `false, with ${machineType}`,
      allowed: "true: Google has this GPU by the piece on Spot machines only; or count 8",
      fix: `${setCommand(key, "true", stack)}   or   ${setCommand(`${at}.count`, "8", stack)}`,
    },
  ];
}

function diskFaults({ at, pool, machineType, stack }: Pool): Fault[] {
  const diskType = DISK_TYPES.find((kind) => kind === pool["diskType"]);
  if (diskType === undefined || machineType === undefined) return [];
  const kinds = bootDisks(machineType);
  if (kinds.includes(diskType)) return [];
  const key = `${at}.diskType`;
  return [
    {
      key,
      got: `"${diskType}", with ${machineType}`,
      allowed: `what it boots from: ${kinds.join(", ")}`,
      fix: setCommand(key, kinds[0] ?? "", stack),
    },
  ];
}

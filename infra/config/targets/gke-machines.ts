/** What Google's machine types have: GPUs, and kinds of boot disk. Taken before a cluster is paid for, instead of learnt after. */

/** GPUs of a machine. */
export type GpuCount = 1 | 2 | 4 | 8;

interface Gpu {
  /** How the names of the machines begin that carry it. */
  readonly machines: string;
  /** The smallest one by number of GPUs. */
  readonly smallest: Readonly<{ 1: string } & Partial<Record<GpuCount, string>>>;
}

/** Machines that have their number of GPUs at the end of their names. */
const numbered = (series: string): Gpu => ({
  machines: `${series}-`,
  smallest: { 1: `${series}-1g`, 2: `${series}-2g`, 4: `${series}-4g`, 8: `${series}-8g` },
});

/**
 * GPUs by the names that GKE has for them, with the machines that carry them: N1 takes up to four, the others come with theirs.
 * https://docs.cloud.google.com/compute/docs/gpus
 */
export const GPUS = {
  "nvidia-tesla-t4": {
    machines: "n1-",
    smallest: { 1: "n1-standard-4", 2: "n1-standard-8", 4: "n1-standard-16" },
  },
  "nvidia-l4": {
    machines: "g2-standard-",
    smallest: { 1: "g2-standard-4", 2: "g2-standard-24", 4: "g2-standard-48", 8: "g2-standard-96" },
  },
  "nvidia-tesla-a100": numbered("a2-highgpu"),
  "nvidia-a100-80gb": numbered("a2-ultragpu"),
  "nvidia-h100-80gb": numbered("a3-highgpu"),
} as const satisfies Readonly<Record<string, Gpu>>;

export type GpuType = keyof typeof GPUS;
export const GPU_TYPES = [
  "nvidia-tesla-t4",
  "nvidia-l4",
  "nvidia-tesla-a100",
  "nvidia-a100-80gb",
  "nvidia-h100-80gb",
] as const satisfies readonly GpuType[];

/** @returns undefined where no machine has so many */
export function smallestMachine(type: GpuType, count: number): string | undefined {
  const { smallest }: Gpu = GPUS[type];
  return Object.entries(smallest).find(([gpus]) => Number(gpus) === count)?.[1];
}

/** The machines of a pool with GPUs: config's, or the smallest that carry them. */
export const gpuMachine = (pool: {
  readonly type: GpuType;
  readonly count: GpuCount;
  readonly machineType?: string | undefined;
}): string =>
  pool.machineType ?? smallestMachine(pool.type, pool.count) ?? GPUS[pool.type].smallest[1];

/** GPUs that a machine comes with; undefined for N1, which is given some. */
export function ownGpus(machineType: string): number | undefined {
  const [series = "", , size = ""] = machineType.split("-");
  if (series === "g2") return { "24": 2, "48": 4, "96": 8 }[size] ?? 1;
  const count = /gpu-(\d+)g$/.exec(machineType)?.[1];
  return count === undefined ? undefined : Number(count);
}

/** With fewer GPUs these are never to be had on demand. Key: how machines' names begin. */
const ON_DEMAND_FROM: Readonly<Record<string, number>> = { "a3-highgpu-": 8 };

/** https://docs.cloud.google.com/compute/docs/accelerator-optimized-machines#consumption_option_availability_by_machine_type */
export const isSpotOnly = (machineType: string) =>
  Object.entries(ON_DEMAND_FROM).some(
    ([machines, least]) =>
      machineType.startsWith(machines) && (ownGpus(machineType) ?? least) < least,
  );

export const DISK_TYPES = ["pd-balanced", "pd-standard", "pd-ssd", "hyperdisk-balanced"] as const;
export type DiskType = (typeof DISK_TYPES)[number];

const PERSISTENT: readonly DiskType[] = ["pd-balanced", "pd-standard", "pd-ssd"];
const EITHER: readonly DiskType[] = ["pd-balanced", "pd-ssd", "hyperdisk-balanced"];
const HYPERDISK: readonly DiskType[] = ["hyperdisk-balanced"];

/**
 * Boot disks by series, the default first. N2 and N2D take Hyperdisk Balanced only where Google has let a project in.
 * https://docs.cloud.google.com/compute/docs/disks/hyperdisks, https://docs.cloud.google.com/compute/docs/disks/persistent-disks
 */
const DISKS: Readonly<Record<string, readonly DiskType[]>> = {
  a2: PERSISTENT,
  a3: EITHER,
  a4: HYPERDISK,
  c2: PERSISTENT,
  c2d: PERSISTENT,
  c3: EITHER,
  c3d: EITHER,
  c4: HYPERDISK,
  c4d: HYPERDISK,
  e2: PERSISTENT,
  g2: PERSISTENT,
  g4: HYPERDISK,
  h4d: HYPERDISK,
  m4: HYPERDISK,
  n1: PERSISTENT,
  n2: PERSISTENT,
  n2d: PERSISTENT,
  n4: HYPERDISK,
  n4d: HYPERDISK,
  t2d: PERSISTENT,
  z3: EITHER,
};

/** Kinds of disk that a machine boots from, the default first; all of them where the table doesn't have it. */
export const bootDisks = (machineType: string): readonly DiskType[] =>
  DISKS[machineType.split("-")[0] ?? ""] ?? DISK_TYPES;

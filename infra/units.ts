/** CPU of a container: whole cores (`"2"`) or thousandths (`"250m"`). */
export type CpuQuantity = `${number}` | `${number}m`;

/** Memory or disk: `"256Mi"`, `"2Gi"`. */
export type ByteQuantity = `${number}Mi` | `${number}Gi`;

/** Operating system and processor of a node and of the images it runs. */
export type Platform = "linux/amd64" | "linux/arm64";

const CPU = /^(?:[1-9]\d*m|[1-9]\d*(?:\.\d{1,3})?|0\.\d{1,3})$/;
const BYTES = /^[1-9]\d*(?:Mi|Gi)$/;

export function isCpuQuantity(text: string): text is CpuQuantity {
  return CPU.test(text);
}

export function isByteQuantity(text: string): text is ByteQuantity {
  return BYTES.test(text);
}

/** Thousandths of a core. */
export function milliCores(cpu: CpuQuantity): number {
  return cpu.endsWith("m") ? Number(cpu.slice(0, -1)) : Math.round(Number(cpu) * 1000);
}

export function mebibytes(bytes: ByteQuantity): number {
  return Number(bytes.slice(0, -2)) * (bytes.endsWith("Gi") ? 1024 : 1);
}

/** Of a machine that runs Linux containers, by Node's name for its processor; undefined for one that there are no images for. */
export function machinePlatform(arch: NodeJS.Architecture): Platform | undefined {
  if (arch === "x64") return "linux/amd64";
  return arch === "arm64" ? "linux/arm64" : undefined;
}

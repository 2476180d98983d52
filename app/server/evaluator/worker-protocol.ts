import type { Tensor } from "../tensor";
import type { GraphFiles, GraphMetadata } from "./graph";

/** What the main thread asks of a worker; `graph` is the number it gives a graph. */
export type WorkerTask =
  | {
      readonly kind: "load";
      readonly graph: number;
      readonly files: GraphFiles;
      readonly metadata: GraphMetadata;
    }
  | { readonly kind: "run"; readonly graph: number; readonly inputs: readonly Tensor[] }
  | { readonly kind: "release"; readonly graph: number };

export interface WorkerRequest {
  readonly id: number;
  readonly task: WorkerTask;
}

/** A run's outputs, or what went wrong. */
export interface WorkerAnswer {
  readonly id: number;
  readonly outputs?: readonly Tensor[];
  readonly error?: string;
}

/**
 * `tensors` with data of their own, and those data's memory, which then moves to the other thread: a window would take along
 * a copy of all that it is a window on.
 */
export function detach(
  tensors: readonly Tensor[],
): [tensors: readonly Tensor[], memory: ArrayBuffer[]] {
  const memory: ArrayBuffer[] = [];
  const own = tensors.map((tensor) => {
    if (!ArrayBuffer.isView(tensor.data)) return tensor;
    const data = tensor.data.slice();
    memory.push(data.buffer);
    return { ...tensor, data };
  });
  return [own, memory];
}

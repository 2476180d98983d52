import { createLog } from "../../../../app/server/log";
import type { Graph } from "../../../../app/server/evaluator/graph";
import { SessionGraph } from "../../../../app/server/evaluator/session-graph";
import type { Tensor } from "../../../../app/server/tensor";
import type { TestGraph } from "./graphs";

export const silent = createLog("error", () => undefined);

/** The session of a graph in this thread. */
export function load(graph: TestGraph): SessionGraph {
  return SessionGraph.load({ onnx: graph.onnx }, graph);
}

/** FP32 rows of two numbers as the tensor "x". */
export function x(...rows: readonly (readonly [number, number])[]): Tensor[] {
  const data = Float32Array.from(rows.flat());
  return [{ name: "x", datatype: "FP32", shape: [rows.length, 2], data }];
}

/** The numbers of the first output. */
export function numbers(outputs: readonly Tensor[]): number[] {
  return Array.from(outputs[0]!.data as Float32Array, Number);
}

/** A graph that answers each input as it came, in a time that the test decides, and remembers its runs. */
export class HeldGraph implements Graph {
  readonly thread = "main";
  /** Rows of each run. */
  readonly runs: number[] = [];
  released = false;
  private readonly gate: Promise<void>[] = [];

  /** @param fails a run of these inputs */
  constructor(
    private readonly fails: (inputs: readonly Tensor[]) => Error | undefined = () => undefined,
  ) {}

  /** Holds every run from now on until what it returns is called. */
  hold(): () => void {
    let open: () => void = () => undefined;
    this.gate.push(new Promise((resolve) => (open = resolve)));
    return open;
  }

  async run(inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
    if (this.released) throw new Error("run after release");
    this.runs.push(inputs[0]!.shape[0]!);
    await this.gate.at(-1);
    const error = this.fails(inputs);
    if (error) throw error;
    return inputs;
  }

  release(): Promise<void> {
    this.released = true;
    return Promise.resolve();
  }
}

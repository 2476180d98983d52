import type { ModelMetadata } from "../model-metadata";
import type { Tensor } from "../tensor";

/** What a graph is made of: the contents of a version's files, whose checksums were right. */
export interface GraphFiles {
  readonly onnx: Uint8Array;
  /** The text of vectorizer.json, when model.json names a vectorizer. */
  readonly vectorizer?: string;
}

/** The part of the metadata that a graph needs; plain data, so that it can go to another thread. */
export type GraphMetadata = Pick<ModelMetadata, "inputs" | "outputs" | "vectorizer">;

/** A loaded graph, in whichever thread it lives. */
export interface Graph {
  readonly thread: "main" | "worker";
  /**
   * One run: at once where the graph lives in this thread, which it blocks; a promise where it lives in another.
   * @param inputs in the order of the metadata's inputs
   * @returns the outputs in the order of the metadata's outputs
   */
  run(inputs: readonly Tensor[]): readonly Tensor[] | Promise<readonly Tensor[]>;
  /** Frees its memory; nothing may run any more. */
  release(): void | Promise<void>;
}

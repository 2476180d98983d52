import * as fs from "node:fs";
import * as path from "node:path";
import type { Datatype } from "../../../app/server/tensor";

export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

export interface Golden {
  readonly tolerance: number;
  readonly requests: readonly { readonly instance: unknown; readonly prediction: Prediction }[];
}

export interface Prediction {
  readonly label: string;
  readonly probabilities: readonly number[];
}

/** What the oracle knows of a model, from its files: not from the server. */
export interface Signature {
  readonly name: string;
  readonly versions: readonly string[];
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly labels: readonly string[] | undefined;
  /** Answers its inputs, in their order. */
  readonly echo: boolean;
  readonly golden: Golden | undefined;
  /** The golden predictions by `instanceKey`. */
  readonly known: ReadonlyMap<string, Prediction>;
}

interface ModelFile {
  readonly name: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly labels?: readonly string[];
  readonly versions: Readonly<Record<string, unknown>>;
}

export function readSignature(modelsDir: string, name: string): Signature {
  const folder = path.join(modelsDir, name);
  const model = readJson(path.join(folder, "model.json")) as ModelFile;
  const versions = Object.keys(model.versions).sort((a, b) => Number(b) - Number(a));
  const file = path.join(folder, versions[0] ?? "", "golden.json");
  const golden = fs.existsSync(file) ? (readJson(file) as Golden) : undefined;
  return {
    name: model.name,
    versions,
    inputs: model.inputs,
    outputs: model.outputs,
    labels: model.labels,
    echo: model.labels === undefined,
    golden,
    known: new Map(
      golden?.requests.map(({ instance, prediction }) => [instanceKey(instance), prediction]),
    ),
  };
}

/** Equal for two rows that reach the model as the same. */
export function instanceKey(instance: unknown): string {
  return JSON.stringify(
    Array.isArray(instance) ? instance.map((value) => Math.fround(Number(value))) : instance,
  );
}

function readJson(file: string): unknown {
  return JSON.parse(fs.readFileSync(file, "utf8"));
}

/** Those whose right answers are on file. */
export function goldenModels(models: readonly Signature[]): Signature[] {
  return models.filter(({ known }) => known.size > 0);
}

import { createHash } from "node:crypto";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestGraph } from "./graphs";

/** The models that ship. */
export const shippedModels = path.join(__dirname, "../../../../app/models");

/**
 * The iris model with a second, visibly different version (always answers setosa), made by:
 * `train.py --out DIR` and `train.py --out DIR --version 2 --C 0.01`.
 */
export const retrainedModels = path.join(__dirname, "../fixtures/retrained");

export interface Golden {
  readonly model: string;
  readonly version: string;
  readonly tolerance: number;
  readonly requests: readonly {
    readonly instance: number[];
    readonly prediction: Prediction;
  }[];
}

export interface Prediction {
  readonly label: string;
  readonly probabilities: readonly number[];
}

export interface Predictions {
  readonly model: string;
  readonly version: string;
  readonly predictions: readonly Prediction[];
}

export function readGolden(modelsDir: string, version = "1"): Golden {
  const file = path.join(modelsDir, "iris", version, "golden.json");
  return JSON.parse(readFileSync(file, "utf8")) as Golden;
}

const temporary: string[] = [];
process.on("exit", () => {
  for (const folder of temporary) rmSync(folder, { recursive: true, force: true });
});

/** A folder of models to break, removed when the process ends. */
export function temporaryModels(): ModelsFolder {
  const folder = mkdtempSync(path.join(tmpdir(), "modelport-models-"));
  temporary.push(folder);
  return new ModelsFolder(folder);
}

/** The shipped vectorizer with the terms w0, w1 and so on. */
export function vectorizerOf(width: number): string {
  const shipped = readFileSync(path.join(shippedModels, "spam/1/vectorizer.json"), "utf8");
  const vocabulary = Array.from({ length: width }, (_, i) => `w${i}`);
  return JSON.stringify({ ...(JSON.parse(shipped) as Fields), vocabulary });
}

type Fields = Record<string, unknown>;

export class ModelsFolder {
  constructor(readonly path: string) {}

  /** A copy of the iris model under `name`, with its metadata's name to match. */
  add(name: string, from = shippedModels): this {
    const target = this.in(name);
    cpSync(path.join(from, "iris"), target, {
      recursive: true,
      filter: (file) => !file.endsWith(".py"),
    });
    return this.edit(name, (metadata) => ({ ...metadata, name }));
  }

  /** A text model: `graph` behind a vectorizer whose terms are w0, w1 and so on. */
  addWords(name: string, graph: TestGraph, width: number): this {
    const { onnx, vectorizer } = graph;
    const terms = vectorizerOf(width);
    const files = { "model.onnx": sha256(onnx), "vectorizer.json": sha256(terms) };
    this.addGraph(name, graph, "1", { vectorizer, versions: { "1": { files } } });
    return this.write(`${name}/1/vectorizer.json`, terms);
  }

  /** A model of one version of `graph`; of several when called again. */
  addGraph(name: string, graph: TestGraph, version = "1", fields: Fields = {}): this {
    const { onnx, inputs, outputs, instances } = graph;
    mkdirSync(this.in(name, version), { recursive: true });
    this.write(`${name}/${version}/model.onnx`, onnx);
    const known = this.read(name)?.["versions"] as Fields | undefined;
    const metadata = {
      name,
      title: name,
      description: name,
      framework: { name: "by hand", version: "1" },
      inputs,
      outputs,
      examples: instances.map((instance, i) => ({ title: `example ${i}`, instance })),
      versions: { ...known, [version]: { files: { "model.onnx": sha256(onnx) } } },
      ...fields,
    };
    return this.writeMetadata(name, JSON.stringify(metadata));
  }

  edit(name: string, change: (metadata: Fields) => unknown): this {
    return this.writeMetadata(name, JSON.stringify(change(this.read(name) ?? {})));
  }

  write(file: string, content: string | Uint8Array): this {
    writeFileSync(this.in(file), content);
    return this;
  }

  /** Version 1's model.onnx becomes `bytes`, with a checksum that fits. */
  replaceModel(name: string, bytes: Uint8Array): this {
    this.write(`${name}/1/model.onnx`, bytes);
    return this.edit(name, (metadata) => {
      const { "1": one } = metadata["versions"] as Record<string, Fields>;
      const files = { ...(one!["files"] as Fields), "model.onnx": sha256(bytes) };
      return { ...metadata, versions: { "1": { ...one, files } } };
    });
  }

  remove(file: string): this {
    rmSync(this.in(file), { recursive: true });
    return this;
  }

  in(...parts: string[]): string {
    return path.join(this.path, ...parts);
  }

  private read(name: string): Fields | undefined {
    try {
      return JSON.parse(readFileSync(this.in(name, "model.json"), "utf8")) as Fields;
    } catch {
      return undefined;
    }
  }

  /** At once, as whoever deploys models should: nobody sees half of it. */
  private writeMetadata(name: string, text: string): this {
    writeFileSync(this.in(name, "model.json.new"), text);
    renameSync(this.in(name, "model.json.new"), this.in(name, "model.json"));
    return this;
  }
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

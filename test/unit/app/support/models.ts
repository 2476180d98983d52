import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

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

export function readGolden(modelsDir: string): Golden {
  return JSON.parse(readFileSync(path.join(modelsDir, "iris/golden.json"), "utf8")) as Golden;
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

  edit(name: string, change: (metadata: Record<string, unknown>) => unknown): this {
    const file = this.in(name, "model.json");
    const metadata = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    return this.write(`${name}/model.json`, JSON.stringify(change(metadata)));
  }

  write(file: string, content: string | Uint8Array): this {
    writeFileSync(this.in(file), content);
    return this;
  }

  /** Version 1's model.onnx becomes `bytes`, with a checksum that fits. */
  replaceModel(name: string, bytes: Uint8Array): this {
    this.write(`${name}/1/model.onnx`, bytes);
    return this.edit(name, (metadata) => {
      const versions = metadata["versions"] as Record<string, Record<string, unknown>>;
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return { ...metadata, versions: { "1": { ...versions["1"], sha256 } } };
    });
  }

  remove(file: string): this {
    rmSync(this.in(file), { recursive: true });
    return this;
  }

  in(...parts: string[]): string {
    return path.join(this.path, ...parts);
  }
}

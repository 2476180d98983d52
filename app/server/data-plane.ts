import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { RequestError } from "./errors";
import { loadEvaluator, type Answer, type Evaluator, type Rows } from "./evaluator";
import type { Log } from "./log";
import { parseModelMetadata, type ModelMetadata, type ModelVersion } from "./model-metadata";

/** One version of a model, ready to answer. */
export interface ServedVersion {
  readonly metadata: ModelMetadata;
  readonly version: string;
  readonly facts: ModelVersion;
  readonly evaluator: Evaluator;
}

type State<T> =
  { state: "loading" } | { state: "ready"; value: T } | { state: "failed"; reason: string };

/** What `/readyz` tells of one version; a model whose folder can't be read has no version. */
export interface VersionStatus {
  readonly name: string;
  readonly version?: string;
  readonly state: "loading" | "ready" | "failed";
  readonly reason?: string;
}

interface Model {
  state: State<ModelMetadata>;
  /** By number, newest first: the first one is the default. */
  readonly versions: Map<string, State<ServedVersion>>;
}

/**
 * The models of a folder: `<model>/model.json` and `<model>/<version>/model.onnx`. Knows nothing of HTTP; its errors carry
 * the status a transport shall answer with. A model that can't be loaded stays, with the reason, and hurts no other.
 */
export class DataPlane {
  private readonly models = new Map<string, Model>();
  private loaded = false;

  /** `modelsDir` as a path; `defaultModel` answers when a request names none (default: the first by name). */
  constructor(
    private readonly modelsDir: string,
    private readonly log: Log,
    private readonly defaultModel?: string,
  ) {}

  /**
   * Loads every version of every model: checksum, session, one warm-up run.
   * @throws Error when the folder can't be read or the default model isn't in it.
   */
  async load(): Promise<void> {
    const names = await folders(this.modelsDir);
    if (this.defaultModel !== undefined && !names.includes(this.defaultModel))
      throw new Error(
        `DEFAULT_MODEL: got "${this.defaultModel}", ${this.modelsDir} has ${names.join(", ") || "no model"}`,
      );
    for (const name of names)
      this.models.set(name, { state: { state: "loading" }, versions: new Map() });
    for (const [name, model] of this.models) await this.loadModel(name, model);
    this.loaded = true;
  }

  /** Ready when there is a model and every version of every model is. */
  status(): { ready: boolean; models: VersionStatus[] } {
    const models = [...this.models].flatMap(([name, { state, versions }]) =>
      versions.size === 0
        ? [{ name, ...stateOnly(state) }]
        : [...versions].map(([version, own]) => ({ name, version, ...stateOnly(own) })),
    );
    return {
      ready: this.loaded && models.length > 0 && models.every(({ state }) => state === "ready"),
      models,
    };
  }

  /**
   * The version that answers.
   * @param name default: the default model
   * @param version default: the newest
   * @throws RequestError 404 when there is none such, 503 while it loads or when it could not be loaded.
   */
  find(name?: string, version?: string): ServedVersion {
    const wanted = name ?? this.defaultModel ?? this.models.keys().next().value;
    if (wanted === undefined)
      throw new RequestError(
        503,
        this.loaded ? `no model in ${this.modelsDir}` : "models are being loaded",
      );
    const model = this.models.get(wanted);
    if (model === undefined) throw new RequestError(404, `no model "${wanted}"`);
    ready(model.state, `model "${wanted}"`);
    const number = version ?? model.versions.keys().next().value ?? "";
    const served = model.versions.get(number);
    if (served === undefined)
      throw new RequestError(404, `no version "${number}" of model "${wanted}"`);
    return ready(served, `version ${number} of model "${wanted}"`);
  }

  predict(served: ServedVersion, rows: Rows): Promise<Answer> {
    return served.evaluator.evaluate(rows);
  }

  /** Frees every model; nothing may be asked after it. */
  async close(): Promise<void> {
    for (const { versions } of this.models.values())
      for (const state of versions.values())
        if (state.state === "ready") await state.value.evaluator.close();
    this.models.clear();
  }

  private async loadModel(name: string, model: Model): Promise<void> {
    const folder = path.join(this.modelsDir, name);
    try {
      const metadata = parseModelMetadata(await readFile(path.join(folder, "model.json"), "utf8"));
      if (metadata.name !== name)
        throw new Error(`model.json: name: "${metadata.name}" is in a folder named "${name}"`);
      const numbers = (await folders(folder)).filter((entry) => /^[1-9][0-9]*$/.test(entry));
      if (numbers.length === 0) throw new Error("no version: no folder named by a number");
      numbers.sort((a, b) => Number(b) - Number(a));
      for (const number of numbers) model.versions.set(number, { state: "loading" });
      model.state = { state: "ready", value: metadata };
      for (const number of numbers)
        model.versions.set(number, await this.loadVersion(folder, metadata, number));
    } catch (error) {
      const reason = reasonOf(error);
      model.state = { state: "failed", reason };
      this.log.error("model failed to load", { model: name, reason });
    }
  }

  private async loadVersion(
    folder: string,
    metadata: ModelMetadata,
    version: string,
  ): Promise<State<ServedVersion>> {
    const began = performance.now();
    try {
      const facts = metadata.versions[version];
      if (facts === undefined) throw new Error(`model.json: versions: has no entry "${version}"`);
      const bytes = await readFile(path.join(folder, version, "model.onnx"));
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      if (sha256 !== facts.sha256)
        throw new Error(`model.onnx has SHA-256 ${sha256}, model.json says ${facts.sha256}`);
      const evaluator = await loadEvaluator(bytes, metadata);
      const examples = metadata.examples.map(({ instance }) => instance);
      const answer = await evaluator.evaluate(examples);
      if (answer.probabilities.length !== examples.length * metadata.labels.length)
        throw new Error(`the model answers other than ${metadata.labels.length} labels a row`);
      const milliseconds = Math.round(performance.now() - began);
      this.log.info("model ready", { model: metadata.name, version, milliseconds });
      return { state: "ready", value: { metadata, version, facts, evaluator } };
    } catch (error) {
      const reason = reasonOf(error);
      this.log.error("model failed to load", { model: metadata.name, version, reason });
      return { state: "failed", reason };
    }
  }
}

function ready<T>(state: State<T>, what: string): T {
  if (state.state === "ready") return state.value;
  const why = state.state === "loading" ? "is being loaded" : `can't be served: ${state.reason}`;
  throw new RequestError(503, `${what} ${why}`);
}

function stateOnly({ state, ...rest }: State<unknown>): Pick<VersionStatus, "state" | "reason"> {
  return "reason" in rest ? { state, reason: rest.reason } : { state };
}

/** Names of the folders in `folder`, sorted; what starts with `.` or `_` and a volume's lost+found are no models. */
async function folders(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if ((entry.isDirectory() || entry.isSymbolicLink()) && !/^[._]|^lost\+found$/.test(entry.name))
      names.push(entry.name);
  return names.sort();
}

/** One line, without the stack. */
function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
}

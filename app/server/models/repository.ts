import path from "node:path";
import type {
  DataPlaneSettings,
  ModelMetrics,
  ModelStatus,
  ServedVersion,
  VersionStatus,
} from "../data-plane";
import { RequestError } from "../errors";
import { WorkerPool } from "../evaluator/worker-pool";
import type { Log } from "../log";
import { folders } from "./files";
import { ModelFolder, type FolderContext } from "./model-folder";

/**
 * The models of a folder, `<model>/model.json` and `<model>/<version>/model.onnx`: loads them, and looks every few seconds
 * whether they changed.
 */
export class Repository {
  /** By name. */
  private byName = new Map<string, ModelFolder>();
  /** What answers when a request names neither model nor version; looked up again after a change. */
  private answering: ServedVersion | undefined;
  private readonly context: FolderContext;
  private readonly workers: WorkerPool | undefined;
  private readonly background = new Set<Promise<void>>();
  private loaded = false;
  private everReady = false;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();
  private closed = false;
  private scanFault: string | undefined;

  constructor(
    private readonly settings: DataPlaneSettings,
    private readonly log: Log,
    metrics: ModelMetrics,
  ) {
    const { workers, maxRows, maxBatchRows, maxQueue } = settings;
    this.workers = workers === 0 ? undefined : new WorkerPool(workers, log);
    this.context = {
      log,
      metrics,
      loader: { maxRows, maxBatchRows, maxQueue, workers: this.workers, log },
      changed: () => (this.answering = undefined),
      background: (done) => this.inBackground(done),
    };
  }

  /**
   * Loads every version of every model, then follows the folder.
   * @throws Error when the folder can't be read or the default model isn't in it.
   */
  async load(): Promise<void> {
    const { modelsDir, defaultModel } = this.settings;
    const names = await folders(modelsDir);
    if (defaultModel !== undefined && !names.includes(defaultModel))
      throw new Error(
        `DEFAULT_MODEL: got "${defaultModel}", ${modelsDir} has ${names.join(", ") || "no model"}`,
      );
    this.looking = this.follow(names, false);
    await this.looking;
    this.loaded = true;
    this.checkReady();
    this.lookAgainLater();
  }

  /** True from the moment on when there was a model and every version of every model could be asked. */
  get ready(): boolean {
    return this.everReady;
  }

  models(): readonly ModelStatus[] {
    return [...this.byName.values()].map((model) => model.status());
  }

  status(): VersionStatus[] {
    return this.models().flatMap(({ name, state, reason, versions }): VersionStatus[] =>
      versions.length === 0
        ? [{ name, state, ...(reason === undefined ? {} : { reason }) }]
        : versions.map((version) => ({ name, ...version })),
    );
  }

  /** @throws RequestError 404 when there is none such, 503 while it loads or when it could not be loaded. */
  find(name?: string, version?: string): ServedVersion {
    if (name === undefined && version === undefined && this.answering !== undefined)
      return this.answering;
    const model = name === undefined ? this.default() : this.byName.get(name);
    if (model === undefined) throw new RequestError(404, `no model "${shorten(name ?? "")}"`);
    const served = version === undefined ? model.newest : model.get(version);
    if (served === undefined) throw unavailable(model.status(), version);
    if (name === undefined && version === undefined) this.answering = served;
    return served;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.looking;
    const models = [...this.byName.values()];
    this.byName.clear();
    this.answering = undefined;
    await Promise.all([...models.map((model) => model.close()), ...this.background]);
    await this.workers?.close();
  }

  /** The one that is named, else the first by name that can answer, so that a broken one beside it takes nothing away. */
  private default(): ModelFolder {
    const { defaultModel, modelsDir } = this.settings;
    const models = [...this.byName.values()];
    const model =
      defaultModel === undefined
        ? (models.find(({ newest }) => newest !== undefined) ?? models[0])
        : this.byName.get(defaultModel);
    if (model !== undefined) return model;
    const missing = defaultModel === undefined ? "no model" : `no model "${defaultModel}"`;
    throw new RequestError(
      503,
      this.loaded ? `${missing} in ${modelsDir}` : "models are being loaded",
    );
  }

  private async follow(present: readonly string[], patient: boolean): Promise<void> {
    const { modelsDir, modelVersions } = this.settings;
    const names = [...new Set([...present, ...modelVersions.keys()])].sort();
    for (const [name, model] of this.byName) if (!names.includes(name)) model.retire();
    const known = this.byName;
    this.byName = new Map(
      names.map((name) => [
        name,
        known.get(name) ??
          new ModelFolder(name, path.join(modelsDir, name), modelVersions.get(name), this.context),
      ]),
    );
    for (const model of this.byName.values()) {
      if (this.closed) return;
      await model.follow(patient);
    }
  }

  private lookAgainLater(): void {
    const { pollSeconds } = this.settings;
    if (pollSeconds === 0 || this.closed) return;
    this.timer = setTimeout(() => {
      this.looking = this.look().then(() => this.lookAgainLater());
    }, pollSeconds * 1000);
    this.timer.unref();
  }

  /** Never rejects: a folder that can't be read takes nothing away. */
  private async look(): Promise<void> {
    try {
      await this.follow(await folders(this.settings.modelsDir), true);
      this.scanFault = undefined;
      this.checkReady();
    } catch (error) {
      const reason = String(error);
      if (reason !== this.scanFault) this.log.error("models can't be looked at", { reason });
      this.scanFault = reason;
    }
  }

  private checkReady(): void {
    const states = this.status();
    this.everReady ||= states.length > 0 && states.every(({ state }) => state === "ready");
  }

  private inBackground(done: Promise<void>): void {
    const settled = done
      .catch((error: unknown) => this.log.error("model failed to close", { reason: String(error) }))
      .finally(() => this.background.delete(settled));
    this.background.add(settled);
  }
}

/** Names that come from outside go back cut. */
function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function unavailable(
  { name, state, reason, versions }: ModelStatus,
  wanted: string | undefined,
): RequestError {
  const version = versions.find((own) => own.version === wanted) ?? versions[0];
  if (wanted !== undefined && version?.version !== wanted && versions.length > 0)
    return new RequestError(404, `no version "${shorten(wanted)}" of model "${name}"`);
  const what = version === undefined ? "" : `version ${version.version} of `;
  const own = version ?? { state, reason };
  const why =
    own.state === "loading" ? "is being loaded" : `can't be served: ${own.reason ?? "unknown"}`;
  return new RequestError(503, `${what}model "${name}" ${why}`);
}

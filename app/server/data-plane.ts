import type { Log } from "./log";
import type { ModelMetadata, ModelVersion } from "./model-metadata";
import { Repository } from "./models/repository";
import type { Metrics, VersionMetrics } from "./observability/metrics";
import type { Settings } from "./settings";
import type { Tensor } from "./tensor";

/** One version of a model, ready to answer. */
export interface ServedVersion {
  readonly metadata: ModelMetadata;
  readonly version: string;
  readonly facts: ModelVersion;
  readonly metrics: VersionMetrics;
  /**
   * Evaluates `inputs`, the model's by their public names in any order, checked: datatype, shape, the same number of rows.
   * What one turn of the event loop brings is joined into one run. Found and asked in one turn, a version can't be
   * retired in between.
   * @returns the outputs of `metadata.outputs` in that order; their data are windows on a result that others share
   * @throws RequestError (the promise rejects) 503 with Retry-After when too many wait already or the model is gone, 400
   * when the model can't evaluate these values.
   */
  infer(inputs: readonly Tensor[]): Promise<readonly Tensor[]>;
}

/** What `/readyz` tells of one version; a model whose folder can't be read has no version. */
export interface VersionStatus {
  readonly name: string;
  readonly version?: string;
  readonly state: "loading" | "ready" | "failed";
  /** Why it failed; of a ready one, why what is on disk now is not what it serves. */
  readonly reason?: string;
}

export interface ModelStatus {
  readonly name: string;
  /** Ready when one version is. */
  readonly state: "loading" | "ready" | "failed";
  readonly reason?: string;
  /** By number, newest first; none before model.json could be read. */
  readonly versions: readonly {
    readonly version: string;
    readonly state: "loading" | "ready" | "failed";
    readonly reason?: string;
  }[];
  /** The newest one that is ready. */
  readonly defaultVersion?: string;
  /** That version's. */
  readonly metadata?: ModelMetadata;
}

/** What the data plane needs to be told; each as in Settings. */
export type DataPlaneSettings = Pick<
  Settings,
  | "modelsDir"
  | "defaultModel"
  | "modelVersions"
  | "pollSeconds"
  | "maxRows"
  | "maxBatchRows"
  | "maxQueue"
  | "workers"
>;

/** Where counts go: one set per version. */
export type ModelMetrics = Pick<Metrics, "version" | "forget" | "modelState">;

/**
 * The models of a folder, as the transports see them. Knows nothing of HTTP; its errors carry the status a transport shall
 * answer with. A model that can't be loaded stays, with the reason, and hurts no other.
 */
export class DataPlane {
  private readonly repository: Repository;

  constructor(settings: DataPlaneSettings, log: Log, metrics: ModelMetrics) {
    this.repository = new Repository(settings, log, metrics);
  }

  /**
   * Loads every version of every model: checksums, session, warm-up; from then on follows what changes on disk.
   * @throws Error when the folder can't be read or the default model isn't in it.
   */
  load(): Promise<void> {
    return this.repository.load();
  }

  /** Ready once there is a model and every version of every model is, and from then on. */
  status(): { ready: boolean; models: VersionStatus[] } {
    return { ready: this.repository.ready, models: this.repository.status() };
  }

  /** Every model there is, by name. */
  models(): readonly ModelStatus[] {
    return this.repository.models();
  }

  /**
   * The version that answers.
   * @param name default: the default model
   * @param version default: the newest one that is ready
   * @throws RequestError 404 when there is none such, 503 while it loads or when it could not be loaded.
   */
  find(name?: string, version?: string): ServedVersion {
    return this.repository.find(name, version);
  }

  /** Stops following the disk, finishes what runs, frees every model; nothing may be asked after it. */
  close(): Promise<void> {
    return this.repository.close();
  }
}

/** What every operation on a resource works with. */
import { randomBytes } from "node:crypto";
import type { EngineLog } from "../rpc/engine";
import { InitializationError } from "../rpc/errors";
import type { PropertyMap } from "../rpc/properties";
import { annotations } from "./annotations";
import { Applier } from "./apply";
import { typeName } from "./await/registry";
import { NotReadyError, type WaitContext } from "./await/wait";
import { ClusterUnreachableError, type Cluster, type Reach } from "./cluster";
import type { Settings } from "./config";
import { annotation, apiVersionOf, kindOf, qualifiedName, type KubeObject } from "./object";

export interface OperationOptions {
  preview: boolean;
  /** `customTimeouts`; 0 when not set. */
  timeoutSeconds: number;
}

export class Operation {
  constructor(
    readonly urn: string,
    readonly reach: Reach,
    readonly settings: Settings,
    readonly engine: EngineLog,
    readonly signal: AbortSignal,
  ) {}

  /** @throws ClusterUnreachableError */
  cluster(): Cluster {
    if (this.reach.cluster === undefined)
      throw new ClusterUnreachableError(`the cluster is unreachable: ${this.reach.reason}`);
    return this.reach.cluster;
  }

  applier(): Applier {
    const { client, discovery } = this.cluster();
    return new Applier(client, discovery, this.settings);
  }

  waiting(): WaitContext {
    const { engine, urn, signal } = this;
    return { ...this.cluster(), engine, urn, signal };
  }

  async isServed(object: KubeObject): Promise<boolean> {
    const { cluster } = this.reach;
    return (
      cluster !== undefined &&
      (await cluster.discovery.exists(apiVersionOf(object), kindOf(object)))
    );
  }

  /** Without a cluster: true when the resource may be dropped from the state. */
  mayForget(id: string): boolean {
    if (this.reach.cluster !== undefined) return false;
    this.engine.log("warning", this.reach.reason, this.urn);
    if (this.settings.deleteUnreachable) return true;
    if (this.settings.skipUpdateUnreachable) return false;
    throw new ClusterUnreachableError(
      `${id} is out of reach: ${this.reach.reason}. If the cluster is gone for good, run again with ` +
        'PULUMI_K8S_DELETE_UNREACHABLE="true" to drop its resources from the state',
    );
  }
}

/** The annotation, else what the state has, else a new one: each resource has a manager of its own. */
export function chooseFieldManager(fromOldState: string, inputs: KubeObject): string {
  const wanted = annotation(inputs, annotations.patchFieldManager);
  if (wanted !== "") return wanted;
  if (fromOldState !== "") return fromOldState;
  return `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}

/** The operation failed with the object in place: Pulumi is to know both. */
export function partialFailure(
  error: unknown,
  live: KubeObject,
  what: string,
  toProperties: (object: KubeObject) => PropertyMap,
): Error {
  const notReady = error instanceof NotReadyError ? error : undefined;
  const message =
    notReady === undefined
      ? `${typeName(live)} ${qualifiedName(live)} ${what}: ${(error as Error).message}`
      : `${typeName(live)} ${notReady.message}`;
  return new InitializationError(
    message,
    qualifiedName(live),
    toProperties(notReady?.object ?? live),
    [message, ...(notReady?.reasons ?? [])],
  );
}

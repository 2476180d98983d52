import { setTimeout as sleep } from "node:timers/promises";
import { ApiError, isNotFound, KubeClient } from "../../../local/providers/kubernetes/client";
import { connect, loadKubeconfig } from "../../../local/providers/kubernetes/kubeconfig";
import type { PlainObject } from "../../../local/providers/rpc/properties";
import { keyOf, type Stored } from "./kinds";

const RETRY_MS = 500;

/** Named in managedFields as what it stands for. */
const MANAGER = "openshift-controller-manager";

export interface Account {
  readonly user: string;
  readonly groups: readonly string[];
}

/** https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1/ */
export interface Access {
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly verb: string;
  readonly namespace: string;
  readonly name: string;
}

/** The API server, as controllers use it. */
export class Api {
  private readonly ended = new AbortController();

  private constructor(private readonly client: KubeClient) {}

  static async connect(kubeconfig: string): Promise<Api> {
    return new Api(new KubeClient(connect(await loadKubeconfig(kubeconfig), {})));
  }

  /** Undefined where there is none. */
  async get<T>(path: string): Promise<T | undefined> {
    try {
      return (await this.client.get(path)) as T;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** What is no object, e.g. a log. */
  text(path: string): Promise<string> {
    return this.client.text(path);
  }

  /** Undefined where it is there already. */
  async create<T>(path: string, object: object): Promise<T | undefined> {
    try {
      return (await this.client.create(path, { body: plain(object) })) as T;
    } catch (error) {
      if (error instanceof ApiError && error.reason === "AlreadyExists") return undefined;
      throw error;
    }
  }

  /** Asks something that is not kept: a review, a token. */
  async ask<T>(path: string, object: object): Promise<T> {
    return (await this.client.create(path, { body: plain(object) })) as T;
  }

  /** Whether an account has a right: SubjectAccessReview. */
  async may(account: Account, access: Access): Promise<boolean> {
    const kind = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview" };
    const { status } = await this.ask<{ status: { allowed: boolean } }>(
      "/apis/authorization.k8s.io/v1/subjectaccessreviews",
      { ...kind, spec: { ...account, resourceAttributes: access } },
    );
    return status.allowed;
  }

  /**
   * Server-side apply: makes it so, whoever said otherwise.
   * @param manager whose fields these are; what it doesn't say any more goes
   * @returns false where the object has a resourceVersion and was changed since
   */
  apply(path: string, object: object, manager = MANAGER): Promise<boolean> {
    const options = { query: { fieldManager: manager, force: "true" }, body: plain(object) };
    return unlessChanged(() => this.client.apply(path, options));
  }

  /** @returns false where somebody else changed it meanwhile: then it is to be looked at again */
  async replace(path: string, object: object): Promise<boolean> {
    const options = { query: { fieldManager: MANAGER }, body: plain(object) };
    return unlessChanged(() => this.client.replace(path, options));
  }

  async delete(path: string): Promise<void> {
    try {
      await this.client.delete(path, { body: { propagationPolicy: "Background" } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** @param path of a collection */
  follow<T extends Stored>(path: string): Followed<T> {
    return new Followed<T>(this.client, path, this.ended.signal);
  }

  close(): void {
    this.ended.abort();
    this.client.close();
  }
}

interface List<T> {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly T[];
}

/** The objects of a collection, as the API server last told of them. */
export class Followed<T extends Stored> {
  private objects = new Map<string, T>();
  private readonly listeners: (() => void)[] = [];
  /** Resolves when all are known. */
  readonly synced: Promise<void>;

  constructor(
    private readonly client: KubeClient,
    private readonly path: string,
    private readonly signal: AbortSignal,
  ) {
    this.synced = new Promise((resolve) => void this.run(resolve));
  }

  /** @param listener called after each change, and when all are known */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  get(key: string): T | undefined {
    return this.objects.get(key);
  }

  values(): T[] {
    return [...this.objects.values()];
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }

  private async run(synced: () => void): Promise<void> {
    while (!this.signal.aborted) {
      try {
        const version = await this.list();
        synced();
        this.changed();
        await this.watch(version);
      } catch {
        // The API server is gone for a moment, or forgot what came after our version: listed anew.
        await sleep(RETRY_MS);
      }
    }
  }

  private async list(): Promise<string> {
    const answer = await this.client.get(this.path, { signal: this.signal });
    const { metadata, items } = answer as unknown as List<T>;
    this.objects = new Map(items.map((item) => [keyOf(item), item]));
    return metadata.resourceVersion;
  }

  private async watch(version: string): Promise<void> {
    const query = { watch: "true", allowWatchBookmarks: "true", resourceVersion: version };
    await this.client.watch(this.path, { query, signal: this.signal }, (type, object) => {
      if (type === "BOOKMARK") return;
      if (type === "ERROR") throw new ApiError(object);
      const item = object as unknown as T;
      if (type === "DELETED") this.objects.delete(keyOf(item));
      else this.objects.set(keyOf(item), item);
      this.changed();
    });
  }
}

/** Does the same work again after each request, one at a time; what fails is tried again. */
export class Reconciler {
  private wanted = false;
  private running: Promise<void> | undefined;
  private ended = false;

  constructor(
    private readonly name: string,
    private readonly work: () => Promise<void>,
    private readonly log: (line: string) => void,
  ) {}

  request(): void {
    this.wanted = true;
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.ended = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.wanted && !this.ended) {
      this.wanted = false;
      try {
        await this.work();
      } catch (error) {
        this.wanted = true;
        this.log(`${this.name}: ${String(error)}`);
        await sleep(RETRY_MS);
      }
    }
    this.running = undefined;
  }
}

async function unlessChanged(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.reason === "Conflict") return false;
    throw error;
  }
}

/** Without what is undefined, as it goes over the wire. */
const plain = (object: object): PlainObject => JSON.parse(JSON.stringify(object)) as PlainObject;

import { readFile } from "node:fs/promises";
import path from "node:path";
import type { ModelMetrics, ModelStatus, ServedVersion } from "../data-plane";
import { RequestError } from "../errors";
import type { Log } from "../log";
import { parseModelMetadata, type ModelMetadata } from "../model-metadata";
import { print, readChecked, versionFolders } from "./files";
import { loadVersion, type LoadedVersion, type LoaderOptions } from "./loader";

/** A version on disk, or one that MODEL_VERSIONS names. */
interface Version {
  /** Why it can't be served; of a loaded one, why what is on disk now can't. */
  reason?: string | undefined;
  loaded?: LoadedVersion | undefined;
  /** What `loaded` was made from. */
  identity?: string | undefined;
  /** The state on disk that was dealt with last. */
  seen?: string | undefined;
  /** Failures in a row that may pass by themselves. */
  failures?: number;
  /** Looks until that state is tried again. */
  retryIn?: number;
}

/** Looks between two attempts, at most: loading what fails costs those that are served, too. */
const LONGEST_RETRY = 64;

/** What the folders of all models share. */
export interface FolderContext {
  readonly log: Log;
  readonly metrics: ModelMetrics;
  readonly loader: LoaderOptions;
  /** Called when what can be found is other than before. */
  readonly changed: () => void;
  /** Called with the end of something that nobody waits for. */
  readonly background: (done: Promise<void>) => void;
}

/** One model's folder: what is on disk, what is served of it, and how one follows the other. */
export class ModelFolder {
  /** By number, newest first. */
  private versions = new Map<string, Version>();
  private metadata: ModelMetadata | undefined;
  /** Of each version: what must be the same for it to be the same. */
  private identities = new Map<string, string>();
  private metadataFault: string | undefined;
  private folderFault: string | undefined;
  private seen: string | undefined;
  /** model.json is read again at the next look: why it couldn't be may have passed. */
  private readAgain = false;
  /** States on disk seen once, by version; "" is model.json. */
  private readonly unsettled = new Map<string, string>();

  /** @param pinned the versions to serve; default: all there are */
  constructor(
    readonly name: string,
    private readonly folder: string,
    private readonly pinned: readonly string[] | undefined,
    private readonly context: FolderContext,
  ) {}

  /** The newest version that is ready. */
  get newest(): ServedVersion | undefined {
    for (const { loaded } of this.versions.values()) if (loaded) return loaded.served;
    return undefined;
  }

  /** Why the model as a whole can't be served, or what is on disk now can't. */
  private get fault(): string | undefined {
    return this.metadataFault ?? this.folderFault;
  }

  get(version: string): ServedVersion | undefined {
    return this.versions.get(version)?.loaded?.served;
  }

  status(): ModelStatus {
    const { newest, fault } = this;
    const versions = [...this.versions.values()];
    const failed = versions.length > 0 && versions.every(({ reason }) => reason !== undefined);
    return {
      name: this.name,
      state: newest !== undefined ? "ready" : fault !== undefined || failed ? "failed" : "loading",
      ...(fault === undefined ? {} : { reason: fault }),
      versions: [...this.versions].map(([version, { loaded, reason: own }]) => {
        const reason = fault ?? own;
        return {
          version,
          state: loaded !== undefined ? "ready" : reason !== undefined ? "failed" : "loading",
          ...(reason === undefined ? {} : { reason }),
        };
      }),
      ...(newest === undefined
        ? {}
        : { defaultVersion: newest.version, metadata: newest.metadata }),
    };
  }

  /**
   * Makes what is served follow what is on disk; never throws.
   * @param patient waits until what changed is the same at two calls: it may be half copied
   */
  async follow(patient: boolean): Promise<void> {
    try {
      await this.followMetadata(patient);
      const present = await versionFolders(this.folder);
      const wanted = this.pinned === undefined ? present : newestFirst(this.pinned);
      this.keep(wanted, present);
      if (wanted.length === 0) throw new Error("no version: no folder named by a number");
      this.folderFault = undefined;
      if (this.metadataFault !== undefined || this.metadata === undefined) return;
      for (const [number, version] of this.versions)
        await this.followVersion(this.metadata, number, version, present, patient);
    } catch (error) {
      const reason = reasonOf(error);
      if (reason !== this.folderFault && this.metadataFault === undefined) this.report(reason);
      this.folderFault = reason;
    }
  }

  /** Retires every version. */
  retire(): void {
    this.keep([], []);
  }

  /** Finishes what runs and frees every version; nothing may be asked any more. */
  async close(): Promise<void> {
    const versions = [...this.versions.values()];
    this.versions.clear();
    await Promise.all(versions.flatMap(({ loaded }) => loaded?.close() ?? []));
  }

  private async followMetadata(patient: boolean): Promise<void> {
    const file = path.join(this.folder, "model.json");
    const seen = await print(file);
    const again = seen === this.seen;
    if (again ? !this.readAgain : !this.settled("", seen, patient)) return;
    this.seen = seen;
    this.readAgain = false;
    try {
      const metadata = parseModelMetadata(await readFile(file, "utf8"));
      if (metadata.name !== this.name)
        throw new Error(`model.json: name: "${metadata.name}" is in a folder named "${this.name}"`);
      const { versions, ...rest } = metadata;
      this.identities = new Map(
        Object.entries(versions).map(([number, facts]) => [number, JSON.stringify([rest, facts])]),
      );
      this.metadata = metadata;
      this.metadataFault = undefined;
    } catch (error) {
      const reason = reasonOf(error);
      if (!again || reason !== this.metadataFault) this.report(reason);
      this.metadataFault = reason;
      this.readAgain = mayPass(error);
    }
  }

  /** From now on there are the `wanted` versions; one whose folder or entry in model.json is gone is no longer served. */
  private keep(wanted: readonly string[], present: readonly string[]): void {
    const known = this.versions;
    // Before model.json was read there is nothing to tell of a version.
    const listed = this.metadata === undefined ? [] : wanted;
    this.versions = new Map(listed.map((number) => [number, known.get(number) ?? {}]));
    for (const [number, version] of known) {
      const stays = this.versions.has(number);
      if (!stays || !present.includes(number) || !this.identities.has(number))
        this.retireVersion(number, version);
      if (!stays) this.context.metrics.forget(this.name, number);
    }
  }

  private async followVersion(
    metadata: ModelMetadata,
    number: string,
    version: Version,
    present: readonly string[],
    patient: boolean,
  ): Promise<void> {
    const folder = path.join(this.folder, number);
    const facts = metadata.versions[number];
    const identity = this.identities.get(number);
    const there = present.includes(number);
    let seen = `${identity ?? ""} ${there}`;
    for (const file of Object.keys(facts?.files ?? {}))
      seen += ` ${await print(path.join(folder, file))}`;
    const again = seen === version.seen;
    if (again ? !isDue(version) : !this.settled(number, seen, patient)) return;
    version.seen = seen;
    const { failures = 0 } = again ? version : {};
    version.failures = version.retryIn = 0;
    try {
      if (!there) throw new Error(`MODEL_VERSIONS: there is no folder "${number}"`);
      if (facts === undefined) throw new Error(`model.json: versions: has no entry "${number}"`);
      if (version.loaded !== undefined && version.identity === identity)
        for (const [file, sum] of Object.entries(facts.files)) await readChecked(folder, file, sum);
      else {
        const { metrics, loader } = this.context;
        const counts = metrics.version(this.name, number);
        const former = version.loaded;
        version.loaded = await loadVersion(folder, metadata, number, facts, counts, loader);
        version.identity = identity;
        this.context.changed();
        if (former !== undefined) this.context.background(former.close());
      }
      version.reason = undefined;
    } catch (error) {
      const reason = reasonOf(error);
      if (!again || reason !== version.reason) this.report(reason, number);
      version.reason = reason;
      if (mayPass(error)) {
        version.failures = failures + 1;
        version.retryIn = Math.min(2 ** failures, LONGEST_RETRY);
      }
    }
    this.context.metrics.modelState(this.name, number, version.loaded !== undefined);
  }

  private retireVersion(number: string, version: Version): void {
    const { loaded } = version;
    version.loaded = version.identity = version.seen = undefined;
    if (loaded === undefined) return;
    this.context.changed();
    this.context.metrics.modelState(this.name, number, false);
    this.context.log.info("model retired", { model: this.name, version: number });
    this.context.background(loaded.close());
  }

  private settled(key: string, seen: string, patient: boolean): boolean {
    const before = this.unsettled.get(key);
    if (patient && before !== seen) {
      this.unsettled.set(key, seen);
      return false;
    }
    this.unsettled.delete(key);
    return true;
  }

  private report(reason: string, version?: string): void {
    const served = (version === undefined ? this.newest : this.get(version)) !== undefined;
    this.context.log.error(
      served ? "model changed and failed to load, what was loaded stays" : "model failed to load",
      { model: this.name, ...(version === undefined ? {} : { version }), reason },
    );
  }
}

function newestFirst(numbers: readonly string[]): readonly string[] {
  return [...numbers].sort((a, b) => Number(b) - Number(a));
}

/** Counts this look. @returns whether what failed is to be tried again at it */
function isDue(version: Version): boolean {
  const { retryIn = 0 } = version;
  if (retryIn > 0) version.retryIn = retryIn - 1;
  return retryIn === 1;
}

const PASSING = ["EAGAIN", "EIO", "EMFILE", "ENFILE", "ENOMEM", "ESTALE", "ETIMEDOUT"];

/** Whether a failure may pass though nothing changes on disk: a worker that ended, a disk's trouble, memory that ran out. */
function mayPass(error: unknown): boolean {
  if (error instanceof RequestError) return error.status === 503;
  const { code, message } = error as NodeJS.ErrnoException;
  return PASSING.includes(code ?? "") || /alloc/i.test(message);
}

/** One line, without the stack. */
function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
}

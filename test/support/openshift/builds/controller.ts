import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import type { ServerResponse } from "node:http";
import * as path from "node:path";
import { rootCertificates } from "node:tls";
import { type Api, type Followed, Reconciler } from "../api";
import {
  type Build,
  type BuildStatus,
  type ImageStream,
  keyOf,
  type Secret,
  type Stored,
} from "../kinds";
import { BUILDER, type Accounts } from "../registry/accounts";
import { now } from "../router/router";
import { Docker, type DockerPlace, type Logins } from "./docker";
import { BuildLog } from "./log";
import { isOver, logSnippet, MESSAGES, outcomeOf, type Outcome } from "./outcome";
import { buildPod, podName, type PodOptions } from "./pod";
import type { StepContext } from "./run";
import { fetchSource } from "./source";
import { buildImage } from "./strategies";

export interface BuildsOptions extends Omit<PodOptions, "url"> {
  readonly docker: DockerPlace;
  readonly s2i: string;
  /** For what a build needs while it runs. */
  readonly folder: string;
  /** Where the logs are served: URL of a folder. */
  readonly logs: string;
}

interface Begun {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

/**
 * Runs Builds: openshift/openshift-controller-manager, pkg/build/controller/build. Each has a pod, which has its log; the work is done here,
 * by the cluster's Docker daemon.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/builds_using_buildconfig/understanding-image-builds
 */
export class Builds {
  private readonly builds: Followed<Build>;
  private readonly streams: Followed<ImageStream>;
  private readonly reconciler: Reconciler;
  /** By uid, until the Build is gone: each runs once. */
  private readonly begun = new Map<string, Begun>();
  private readonly logs = new Map<string, BuildLog>();

  constructor(
    private readonly api: Api,
    private readonly accounts: Accounts,
    private readonly options: BuildsOptions,
    private readonly tellLog: (line: string) => void,
  ) {
    this.reconciler = new Reconciler("builds", () => this.reconcile(), tellLog);
    this.builds = api.follow("/apis/build.openshift.io/v1/builds");
    this.streams = api.follow("/apis/image.openshift.io/v1/imagestreams");
    for (const followed of [this.builds, this.streams, accounts])
      followed.onChange(() => this.reconciler.request());
  }

  async stop(): Promise<void> {
    await this.reconciler.stop();
    for (const { abort } of this.begun.values()) abort.abort();
    await Promise.all([...this.begun.values()].map(({ done }) => done));
  }

  /** Answers a build's pod. @returns false for a name that no log has */
  serveLog(name: string, response: ServerResponse): boolean {
    const log = this.logs.get(name);
    log?.serve(response);
    return log !== undefined;
  }

  private async reconcile(): Promise<void> {
    await Promise.all([this.builds.synced, this.streams.synced]);
    const builds = this.builds.values();
    const present = new Set(builds.map(({ metadata }) => metadata.uid));
    for (const [uid, { abort }] of this.begun) {
      if (present.has(uid)) continue;
      abort.abort();
      this.begun.delete(uid);
    }
    await Promise.all(builds.map((build) => this.look(build)));
  }

  private async look(build: Build): Promise<void> {
    const { uid = "", deletionTimestamp } = build.metadata;
    const begun = this.begun.get(uid);
    if (begun !== undefined) {
      if (build.status?.cancelled === true || deletionTimestamp !== undefined) begun.abort.abort();
      return;
    }
    if (isOver(build.status?.phase) || deletionTimestamp !== undefined) return;
    const obstacle = this.obstacle(build);
    if (obstacle !== undefined) await this.say(build, { phase: "New", reason: obstacle });
    else this.start(build);
  }

  /** Why a build stays new, until that changes. */
  private obstacle({ metadata, spec }: Build): keyof typeof MESSAGES | undefined {
    const { namespace = "" } = metadata;
    const [stream = "", tag] = spec.output.to.name.split(":");
    const known = this.streams.get(`${namespace}/${stream}`)?.status?.dockerImageRepository;
    if (spec.output.to.kind !== "ImageStreamTag" || tag === undefined || known === undefined)
      return "InvalidOutputReference";
    const from = spec.strategy.sourceStrategy?.from;
    if (from !== undefined && from.kind !== "DockerImage") return "InvalidImageReference";
    const account = spec.serviceAccount ?? BUILDER;
    return this.accounts.loginOf(namespace, account) === undefined
      ? "CannotRetrieveServiceAccount"
      : undefined;
  }

  private start(build: Build): void {
    const abort = new AbortController();
    const done = this.run(build, abort).catch((error: unknown) =>
      this.tellLog(`build ${keyOf(build)}: ${String(error)}`),
    );
    this.begun.set(build.metadata.uid ?? "", { abort, done });
  }

  private async run(build: Build, abort: AbortController): Promise<void> {
    const { name } = build.metadata;
    const log = new BuildLog();
    const secret = randomUUID();
    this.logs.set(secret, log);
    const fault = await this.createPod(build, `${this.options.logs}/${secret}`);
    if (fault !== undefined) {
      await this.say(build, fault);
      this.logs.delete(secret);
      return;
    }
    const reference = this.outputOf(build);
    const pending = { outputDockerImageReference: reference };
    await this.say(build, { phase: "Pending" }, pending);
    void log.lost.then(() => abort.abort());
    const aborted = new Promise<void>((resolve) => {
      abort.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([log.read, aborted]);
    const startTimestamp = now();
    const facts = { ...pending, startTimestamp };
    if (!abort.signal.aborted) await this.say(build, { phase: "Running" }, facts);
    const scratch = fs.mkdtempSync(path.join(this.options.folder, `${name}-`));
    let digest: string | undefined;
    let failure: unknown;
    try {
      abort.signal.throwIfAborted();
      digest = await this.work(build, reference, {
        log: (text) => log.write(text),
        signal: abort.signal,
        scratch,
      });
    } catch (error) {
      failure = error;
      log.write(`${(error as Error).message}\n`);
    } finally {
      fs.rmSync(scratch, { recursive: true, force: true });
    }
    log.end(failure === undefined ? 0 : 1);
    await this.conclude(build, { failure, digest, facts, aborted: abort.signal.aborted, log });
    this.logs.delete(secret);
  }

  /** @returns what is said of the build where it got no pod */
  private async createPod(build: Build, url: string): Promise<Outcome | undefined> {
    const path = `/api/v1/namespaces/${build.metadata.namespace ?? ""}/pods`;
    try {
      const pod = await this.api.create<Stored>(path, buildPod(build, { ...this.options, url }));
      return pod === undefined ? { phase: "Error", reason: "BuildPodExists" } : undefined;
    } catch (error) {
      this.tellLog(`build ${keyOf(build)}: ${String(error)}`);
      return { phase: "New", reason: "CannotCreateBuildPod" };
    }
  }

  /** @returns the digest of what was pushed */
  private async work(build: Build, reference: string, context: StepContext): Promise<string> {
    const { metadata, spec } = build;
    const { namespace = "" } = metadata;
    const { sourceSecret } = spec.source;
    const credentials =
      sourceSecret === undefined ? {} : await this.decoded(namespace, sourceSecret.name);
    const source = await fetchSource(spec.source, credentials, this.trusted(), context);
    const docker = new Docker(this.options.docker, await this.logins(build), context);
    await buildImage(spec, source, reference, { ...context, docker, s2i: this.options.s2i });
    const digest = await docker.push(reference);
    await this.tagStream(build, reference, digest);
    return digest;
  }

  /** As a cluster has it whose proxy trusts more than the rest of the world: the system's authorities and the cluster's own. */
  private trusted(): string {
    const file = path.join(this.options.folder, "trusted.pem");
    fs.writeFileSync(file, [...rootCertificates, this.options.authority].join("\n"));
    return file;
  }

  private async conclude(
    build: Build,
    end: {
      failure: unknown;
      digest: string | undefined;
      facts: Partial<BuildStatus> & { startTimestamp: string };
      aborted: boolean;
      log: BuildLog;
    },
  ): Promise<void> {
    const { namespace = "" } = build.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${podName(build)}`;
    const current = this.builds.get(keyOf(build));
    // A build that was deleted has nothing to be told, and its pod goes with it.
    if (current?.metadata.uid !== build.metadata.uid) return;
    const cancelled = current?.status?.cancelled === true;
    const pod = end.aborted ? await this.api.get<Stored>(path) : undefined;
    const podDeleted =
      end.aborted && (pod === undefined || pod.metadata.deletionTimestamp !== undefined);
    if (cancelled) await this.api.delete(path);
    const outcome = outcomeOf({ cancelled, podDeleted, failure: end.failure });
    const completionTimestamp = now();
    const seconds = (Date.parse(completionTimestamp) - Date.parse(end.facts.startTimestamp)) / 1000;
    await this.say(build, outcome, {
      ...end.facts,
      ...(cancelled ? { cancelled } : {}),
      ...(end.digest === undefined ? {} : { output: { to: { imageDigest: end.digest } } }),
      ...(outcome.phase === "Failed" ? { logSnippet: logSnippet(end.log.all()) } : {}),
      completionTimestamp,
      duration: seconds * 1e9,
    });
  }

  private outputOf({ metadata, spec }: Build): string {
    const [stream = "", tag = ""] = spec.output.to.name.split(":");
    const repository = this.streams.get(`${metadata.namespace ?? ""}/${stream}`)?.status;
    return `${repository?.dockerImageRepository ?? ""}:${tag}`;
  }

  /** The account's own login to the internal registry, and the pull secret's. */
  private async logins({ metadata, spec }: Build): Promise<Logins> {
    const { namespace = "" } = metadata;
    const { strategy, serviceAccount = BUILDER } = spec;
    const pull = (strategy.sourceStrategy ?? strategy.dockerStrategy)?.pullSecret?.name;
    const own = this.accounts.loginOf(namespace, serviceAccount);
    const found = await Promise.all(
      [pull, own].flatMap((name) => (name === undefined ? [] : [this.decoded(namespace, name)])),
    );
    const logins = found.map((data): Logins => {
      const { auths } = JSON.parse(data[".dockerconfigjson"] ?? "{}") as { auths?: Logins };
      return auths ?? (JSON.parse(data[".dockercfg"] ?? "{}") as Logins);
    });
    return Object.assign({}, ...logins) as Logins;
  }

  private async decoded(namespace: string, name: string): Promise<Record<string, string>> {
    const secret = await this.api.get<Secret>(`/api/v1/namespaces/${namespace}/secrets/${name}`);
    return Object.fromEntries(
      Object.entries(secret?.data ?? {}).map(([key, value]) => [
        key,
        Buffer.from(value, "base64").toString(),
      ]),
    );
  }

  /** As the registry does with each push: the stream's tag leads to the new image. */
  private async tagStream({ metadata, spec }: Build, reference: string, image: string) {
    const { namespace = "" } = metadata;
    const [name = "", tag = ""] = spec.output.to.name.split(":");
    const stream = this.streams.get(`${namespace}/${name}`);
    const { dockerImageRepository = "", tags = [] } = stream?.status ?? {};
    const before = tags.find((one) => one.tag === tag)?.items ?? [];
    const item = {
      created: now(),
      dockerImageReference: `${reference.replace(/:[^:/]+$/, "")}@${image}`,
      image,
      generation: 1,
    };
    await this.api.apply(
      `/apis/image.openshift.io/v1/namespaces/${namespace}/imagestreams/${name}`,
      {
        apiVersion: "image.openshift.io/v1",
        kind: "ImageStream",
        metadata: { name, namespace },
        status: {
          dockerImageRepository,
          tags: [...tags.filter((one) => one.tag !== tag), { tag, items: [item, ...before] }],
        },
      },
    );
  }

  private async say(
    build: Build,
    { phase, reason }: Outcome,
    more: Partial<BuildStatus> = {},
  ): Promise<void> {
    const current = this.builds.get(keyOf(build))?.status;
    if (current?.phase === phase && current.reason === reason && phase === "New") return;
    const { name, namespace = "" } = build.metadata;
    await this.api.apply(`/apis/build.openshift.io/v1/namespaces/${namespace}/builds/${name}`, {
      apiVersion: "build.openshift.io/v1",
      kind: "Build",
      metadata: { name, namespace, annotations: { "openshift.io/build.pod-name": podName(build) } },
      status: { phase, reason, message: reason && MESSAGES[reason], ...more },
    });
  }
}

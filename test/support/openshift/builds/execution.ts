import { randomUUID } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { rootCertificates } from "node:tls";
import type { Api } from "../api";
import { type Build, type BuildStatus, keyOf, type Stored } from "../kinds";
import { now } from "../router/router";
import { Docker, type DockerPlace } from "./docker";
import { BuildLog } from "./log";
import { logSnippet, outcomeOf, type Outcome } from "./outcome";
import type { Output } from "./output";
import { buildPod, podName, type PodOptions } from "./pod";
import type { StepContext } from "./run";
import type { BuildSecrets } from "./secrets";
import { fetchSource } from "./source";
import type { BuildStatuses } from "./status";
import { buildImage } from "./strategies";

export interface BuildsOptions extends Omit<PodOptions, "url"> {
  readonly docker: DockerPlace;
  /** Path of source-to-image's program. */
  readonly s2i: string;
  /** Path of git's ssh. */
  readonly ssh: string;
  /** For what a build needs while it runs. */
  readonly folder: string;
  /** Where the logs are served: URL of a folder. */
  readonly logs: string;
}

/** What all executions share. */
export interface Surroundings {
  readonly api: Api;
  readonly options: BuildsOptions;
  readonly statuses: BuildStatuses;
  readonly secrets: BuildSecrets;
  readonly output: Output;
  /** Logs that are served now, by their names. */
  readonly logs: Map<string, BuildLog>;
  readonly tellLog: (line: string) => void;
}

/** One build, from its pod to its last word. */
export class Execution {
  private readonly log = new BuildLog();
  /** Where the image goes. */
  private readonly reference: string;

  constructor(
    private readonly build: Build,
    private readonly abort: AbortController,
    private readonly surroundings: Surroundings,
  ) {
    this.reference = surroundings.output.referenceOf(build) ?? "";
  }

  async run(): Promise<void> {
    const { logs, options, statuses } = this.surroundings;
    const name = randomUUID();
    logs.set(name, this.log);
    try {
      const fault = await this.createPod(`${options.logs}/${name}`);
      if (fault === undefined) await this.runPod();
      else await statuses.say(this.build, fault);
    } finally {
      logs.delete(name);
    }
  }

  /** @returns what is said of the build where it got no pod */
  private async createPod(url: string): Promise<Outcome | undefined> {
    const { api, options, tellLog } = this.surroundings;
    const path = `/api/v1/namespaces/${this.build.metadata.namespace ?? ""}/pods`;
    try {
      const pod = await api.create<Stored>(path, buildPod(this.build, { ...options, url }));
      return pod === undefined ? { phase: "Error", reason: "BuildPodExists" } : undefined;
    } catch (error) {
      tellLog(`build ${keyOf(this.build)}: ${String(error)}`);
      return { phase: "New", reason: "CannotCreateBuildPod" };
    }
  }

  private async runPod(): Promise<void> {
    const { build, log, abort, surroundings } = this;
    const { options, statuses } = surroundings;
    const pending = { outputDockerImageReference: this.reference };
    await statuses.say(build, { phase: "Pending" }, pending);
    void log.lost.then(() => abort.abort());
    const aborted = new Promise<void>((resolve) => {
      if (abort.signal.aborted) resolve();
      abort.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([log.read, aborted]);
    const facts = { ...pending, startTimestamp: now() };
    if (!abort.signal.aborted) await statuses.say(build, { phase: "Running" }, facts);
    const scratch = fs.mkdtempSync(path.join(options.folder, `${build.metadata.name}-`));
    let digest: string | undefined;
    let failure: unknown;
    try {
      abort.signal.throwIfAborted();
      digest = await this.work({ log: (text) => log.write(text), signal: abort.signal, scratch });
    } catch (error) {
      failure = error;
      log.write(`${(error as Error).message}\n`);
    } finally {
      fs.rmSync(scratch, { recursive: true, force: true });
    }
    log.end(failure === undefined ? 0 : 1);
    await this.conclude({ failure, digest, facts, aborted: abort.signal.aborted });
  }

  /** @returns the digest of what was pushed */
  private async work(context: StepContext): Promise<string> {
    const { build, reference } = this;
    const { options, secrets, output } = this.surroundings;
    const source = await fetchSource(build.spec.source, {
      ...context,
      credentials: await secrets.sourceCredentials(build),
      trusted: this.trusted(context.scratch),
      ssh: options.ssh,
    });
    const docker = new Docker(options.docker, await secrets.registryLogins(build), context);
    await buildImage(build.spec, source, reference, { ...context, docker, s2i: options.s2i });
    const digest = await docker.push(reference);
    await output.tag(build, reference, digest);
    return digest;
  }

  /** As a cluster has it whose proxy trusts more than the rest of the world: the system's authorities and the cluster's own. */
  private trusted(folder: string): string {
    const file = path.join(folder, "trusted.pem");
    fs.writeFileSync(file, [...rootCertificates, this.surroundings.options.authority].join("\n"));
    return file;
  }

  private async conclude(end: {
    failure: unknown;
    digest: string | undefined;
    facts: Partial<BuildStatus> & { startTimestamp: string };
    aborted: boolean;
  }): Promise<void> {
    const { build, log } = this;
    const { api, statuses } = this.surroundings;
    const path = `/api/v1/namespaces/${build.metadata.namespace ?? ""}/pods/${podName(build)}`;
    const current = statuses.current(build);
    // A build that was deleted has nothing to be told, and its pod goes with it.
    if (current === undefined) return;
    const cancelled = current.status?.cancelled === true;
    const pod = end.aborted ? await api.get<Stored>(path) : undefined;
    const podDeleted =
      end.aborted && (pod === undefined || pod.metadata.deletionTimestamp !== undefined);
    if (cancelled) await api.delete(path);
    const outcome = outcomeOf({ cancelled, podDeleted, failure: end.failure });
    const completionTimestamp = now();
    const seconds = (Date.parse(completionTimestamp) - Date.parse(end.facts.startTimestamp)) / 1000;
    await statuses.say(build, outcome, {
      ...end.facts,
      ...(cancelled ? { cancelled } : {}),
      ...(end.digest === undefined ? {} : { output: { to: { imageDigest: end.digest } } }),
      ...(outcome.phase === "Failed" ? { logSnippet: logSnippet(log.all()) } : {}),
      completionTimestamp,
      duration: seconds * 1e9,
    });
  }
}

import type { ServerResponse } from "node:http";
import { type Api, type Followed, Reconciler } from "../api";
import { type Build, keyOf } from "../kinds";
import type { Accounts } from "../registry/accounts";
import { type BuildsOptions, Execution, type Surroundings } from "./execution";
import type { BuildLog } from "./log";
import { isOver, type MESSAGES } from "./outcome";
import { Output } from "./output";
import { BuildSecrets } from "./secrets";
import { BuildStatuses } from "./status";

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
  private readonly reconciler: Reconciler;
  /** By uid, until the Build is gone: each runs once. */
  private readonly begun = new Map<string, Begun>();
  private readonly logs = new Map<string, BuildLog>();
  private readonly surroundings: Surroundings;

  constructor(
    api: Api,
    accounts: Accounts,
    options: BuildsOptions,
    private readonly tellLog: (line: string) => void,
  ) {
    this.reconciler = new Reconciler("builds", () => this.reconcile(), tellLog);
    this.builds = api.follow("/apis/build.openshift.io/v1/builds");
    const output = new Output(api);
    const statuses = new BuildStatuses(api, this.builds);
    const secrets = new BuildSecrets(api, accounts);
    this.surroundings = { api, options, statuses, secrets, output, logs: this.logs, tellLog };
    for (const followed of [this.builds, output, accounts])
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
    await Promise.all([this.builds.synced, this.surroundings.output.synced]);
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
    if (obstacle === undefined) this.start(build);
    else await this.surroundings.statuses.say(build, { phase: "New", reason: obstacle });
  }

  /** Why a build stays new, until that changes. */
  private obstacle(build: Build): keyof typeof MESSAGES | undefined {
    const { output, secrets } = this.surroundings;
    if (output.referenceOf(build) === undefined) return "InvalidOutputReference";
    const from = build.spec.strategy.sourceStrategy?.from;
    if (from !== undefined && from.kind !== "DockerImage") return "InvalidImageReference";
    return secrets.accountLogin(build) === undefined ? "CannotRetrieveServiceAccount" : undefined;
  }

  private start(build: Build): void {
    const abort = new AbortController();
    const execution = new Execution(build, abort, this.surroundings);
    const done = execution
      .run()
      .catch((error: unknown) => this.tellLog(`build ${keyOf(build)}: ${String(error)}`));
    this.begun.set(build.metadata.uid ?? "", { abort, done });
  }
}

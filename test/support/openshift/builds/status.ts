import type { Api, Followed } from "../api";
import { type Build, type BuildStatus, keyOf } from "../kinds";
import { MESSAGES, type Outcome } from "./outcome";
import { podName } from "./pod";

/** What is said of builds, and was. */
export class BuildStatuses {
  constructor(
    private readonly api: Api,
    private readonly builds: Followed<Build>,
  ) {}

  /** As the API server has it now; undefined where it is gone, or another has its name. */
  current(build: Build): Build | undefined {
    const found = this.builds.get(keyOf(build));
    return found?.metadata.uid === build.metadata.uid ? found : undefined;
  }

  async say(
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

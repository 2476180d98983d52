import type { BuildPhase } from "../kinds";

/**
 * What became of a build. Reasons and messages: openshift/api, build/v1/consts.go, and openshift/builder, pkg/build/builder/util.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/workloads_apis/build-build-openshift-io-v1 (status)
 */
export interface Outcome {
  readonly phase: BuildPhase;
  readonly reason?: keyof typeof MESSAGES;
}

export const MESSAGES = {
  InvalidOutputReference: "Output image could not be resolved.",
  InvalidImageReference: "Referenced image could not be resolved.",
  CannotRetrieveServiceAccount: "Unable to look up the service account secrets for this build.",
  CannotCreateBuildPod: "Failed creating build pod.",
  BuildPodExists: "The pod for this build already exists and is older than the build.",
  BuildPodDeleted: "The pod for this build was deleted before the build completed.",
  FetchSourceFailed: "Failed to fetch the input source.",
  InvalidContextDirectory: "The supplied context directory does not exist.",
  PullBuilderImageFailed: "Failed pulling builder image.",
  DockerBuildFailed: "Docker build strategy has failed.",
  GenericBuildFailed: "Generic Build failure - check logs for details.",
  PushImageToRegistryFailed: "Failed to push the image to the registry.",
  CancelledBuild: "The build was cancelled by the user.",
} as const;

/** What ends a build; its text goes into the log. */
export class BuildFailure extends Error {
  constructor(
    readonly reason: keyof typeof MESSAGES,
    message: string,
  ) {
    super(message);
  }
}

export interface Ending {
  /** Set by the user. */
  readonly cancelled: boolean;
  /** The pod is gone, or on its way. */
  readonly podDeleted: boolean;
  /** Undefined: all went well. */
  readonly failure: unknown;
}

/** openshift/openshift-controller-manager, build_controller.go: what counts first. */
export function outcomeOf({ cancelled, podDeleted, failure }: Ending): Outcome {
  if (cancelled) return { phase: "Cancelled", reason: "CancelledBuild" };
  if (podDeleted) return { phase: "Error", reason: "BuildPodDeleted" };
  if (failure === undefined) return { phase: "Complete" };
  const reason = failure instanceof BuildFailure ? failure.reason : "GenericBuildFailed";
  return { phase: "Failed", reason };
}

const SNIPPET_LINES = 5;
const LINE_LENGTH = 120;

/** The end of a failed build's log as its status quotes it; build_controller.go, setBuildCompletionData. */
export function logSnippet(log: string): string {
  return log
    .replace(/\n+$/, "")
    .split("\n")
    .slice(-SNIPPET_LINES)
    .map((line) => (line.length > LINE_LENGTH ? `${line.slice(0, 58)}...${line.slice(-59)}` : line))
    .join("\n");
}

export const isOver = (phase: BuildPhase | undefined): boolean =>
  phase !== undefined && !["New", "Pending", "Running"].includes(phase);

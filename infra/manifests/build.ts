import { createHash } from "node:crypto";
import type { GitSource } from "../git-source";
import { physicalName } from "../naming";
import { labels, type ServiceIdentity } from "./labels";

/**
 * build.openshift.io/v1 Build, as far as it is used. One without a BuildConfig runs at once, and once.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/workloads_apis/build-build-openshift-io-v1
 */
export interface Build {
  readonly apiVersion: "build.openshift.io/v1";
  readonly kind: "Build";
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
  };
  readonly spec: BuildSpec;
}

export interface BuildSpec {
  readonly serviceAccount: "builder";
  /** From the start of its pod. */
  readonly completionDeadlineSeconds: number;
  readonly source: {
    readonly type: "Git";
    readonly git: { readonly uri: string; readonly ref: string };
    readonly contextDir?: string;
    readonly sourceSecret?: { readonly name: string };
  };
  readonly strategy:
    | { readonly type: "Docker"; readonly dockerStrategy: { readonly dockerfilePath: string } }
    | {
        readonly type: "Source";
        readonly sourceStrategy: {
          readonly from: ImageReference;
          readonly pullSecret?: { readonly name: string };
        };
      };
  readonly output: { readonly to: ImageReference };
}

export interface ImageReference {
  readonly kind: "DockerImage" | "ImageStreamTag";
  readonly name: string;
}

/** What the cluster says of a Build. */
export interface BuildStatus {
  readonly phase?: "New" | "Pending" | "Running" | "Complete" | "Failed" | "Error" | "Cancelled";
  readonly reason?: string;
  readonly message?: string;
  /** Last lines of a failed build's log. */
  readonly logSnippet?: string;
  /** With its tag. */
  readonly outputDockerImageReference?: string;
  readonly output?: { readonly to?: { readonly imageDigest?: string } };
}

export interface BuildArgs {
  readonly identity: ServiceIdentity;
  readonly namespace: string;
  readonly source: GitSource;
  /** Secret with the repository's credentials. Default: none. */
  readonly sourceSecret?: string;
  /** Secret with a login for the builder image. Default: the cluster's own, for its own registry. */
  readonly pullSecret?: string;
}

/** A training run in a Dockerfile takes its time; a build that hangs shall not hold a node for ever. */
const DEADLINE_SECONDS = 45 * 60;

/** Beside the deadline: until the pod is scheduled. */
const SCHEDULING_SECONDS = 5 * 60;

/** Enough of a commit to be the only one of its repository. */
const COMMIT_LENGTH = 12;

/** A Build can't be changed: another commit, or another way to build it, is another Build. */
export function build(args: BuildArgs): Build {
  const { identity, namespace, source, sourceSecret, pullSecret } = args;
  const tag = buildTag(source);
  return {
    apiVersion: "build.openshift.io/v1",
    kind: "Build",
    metadata: {
      name: physicalName([identity.service, tag]),
      namespace,
      labels: labels(identity),
      annotations: {
        // Set when a build ends, well or not: a failed one is told at once.
        "pulumi.com/waitFor": "jsonpath={.status.completionTimestamp}",
        "pulumi.com/timeoutSeconds": String(DEADLINE_SECONDS + SCHEDULING_SECONDS),
      },
    },
    spec: {
      serviceAccount: "builder",
      completionDeadlineSeconds: DEADLINE_SECONDS,
      source: {
        type: "Git",
        git: { uri: source.repository, ref: source.commit },
        ...(source.contextDir === "." ? {} : { contextDir: source.contextDir }),
        ...(sourceSecret === undefined ? {} : { sourceSecret: { name: sourceSecret } }),
      },
      strategy:
        source.strategy.kind === "docker"
          ? { type: "Docker", dockerStrategy: { dockerfilePath: source.strategy.dockerfile } }
          : {
              type: "Source",
              sourceStrategy: {
                from: { kind: "DockerImage", name: source.strategy.builderImage },
                ...(pullSecret === undefined ? {} : { pullSecret: { name: pullSecret } }),
              },
            },
      output: { to: { kind: "ImageStreamTag", name: `${identity.service}:${tag}` } },
    },
  };
}

/** The commit, and a hash of how it is built. */
function buildTag({ repository, commit, contextDir, strategy, rebuild }: GitSource): string {
  const how = JSON.stringify([repository, contextDir, strategy, rebuild]);
  const hash = createHash("sha256").update(how).digest("hex");
  return `${commit.slice(0, COMMIT_LENGTH)}-${hash.slice(0, 6)}`;
}

import type { Build } from "../kinds";
import { BUILDER } from "../registry/accounts";
import { EXIT_TRAILER } from "./log";

export interface PodOptions {
  /** Has node at /nodejs/bin/node. */
  readonly image: string;
  /** Of the build's log. */
  readonly url: string;
  /** PEM of who signed the log's server. */
  readonly authority: string;
}

export const podName = ({ metadata }: Build): string => `${metadata.name}-build`;

/** In the network of the node, from which this machine is reached; a real one builds in privileged containers. */
const READ_LOG = `
require("node:https").get(process.env.LOG, { ca: process.env.CA }, (log) => {
  log.pipe(process.stdout);
  log.once("end", () => (process.exitCode = Number(log.trailers["${EXIT_TRAILER}"] ?? 1)));
}).once("error", (error) => { console.error(error.message); process.exitCode = 1; });
`;

/** The pod whose log is the build's: openshift/openshift-controller-manager, pkg/build/controller/strategy. */
export function buildPod(build: Build, { image, url, authority }: PodOptions): object {
  const { name, namespace, uid } = build.metadata;
  const { serviceAccount, completionDeadlineSeconds, strategy } = build.spec;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(build),
      namespace,
      labels: { "openshift.io/build.name": name },
      annotations: { "openshift.io/build.name": name },
      ownerReferences: [
        { apiVersion: "build.openshift.io/v1", kind: "Build", name, uid, controller: true },
      ],
    },
    spec: {
      serviceAccountName: serviceAccount ?? BUILDER,
      automountServiceAccountToken: false,
      hostNetwork: true,
      restartPolicy: "Never",
      terminationGracePeriodSeconds: 0,
      activeDeadlineSeconds: completionDeadlineSeconds,
      containers: [
        {
          name: strategy.sourceStrategy === undefined ? "docker-build" : "sti-build",
          image,
          command: ["/nodejs/bin/node", "-e", READ_LOG],
          env: [
            { name: "LOG", value: url },
            { name: "CA", value: authority },
          ],
          terminationMessagePolicy: "FallbackToLogsOnError",
        },
      ],
    },
  };
}

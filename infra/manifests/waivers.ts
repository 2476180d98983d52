/** A scanner's rule that an object breaks, and why that is right. */
export interface Waiver {
  readonly reason: string;
  /** Of kube-score: https://github.com/zegl/kube-score/blob/master/README_CHECKS.md */
  readonly kubeScore?: string;
  /** Of Checkov: https://www.checkov.io/5.Policy%20Index/kubernetes.html */
  readonly checkov?: readonly string[];
}

/** Annotations by which the scanners, and whoever reads the object, are told. kube-score has no place for reasons: they stand beside. */
export function waiverAnnotations(waivers: readonly Waiver[]): Record<string, string> {
  const rules = waivers.flatMap(({ checkov = [], reason }) =>
    checkov.map((rule) => `${rule}=${reason}`),
  );
  const checks = waivers.flatMap(({ kubeScore, reason }) =>
    kubeScore === undefined ? [] : [[kubeScore, reason] as const],
  );
  return {
    ...Object.fromEntries(rules.map((rule, index) => [`checkov.io/skip${index + 1}`, rule])),
    ...(checks.length === 0
      ? {}
      : { "kube-score/ignore": checks.map(([check]) => check).join(",") }),
    ...Object.fromEntries(
      checks.map(([check, reason]) => [`modelport.dev/waiver-${check}`, reason]),
    ),
  };
}

interface PodFacts {
  readonly replicas: number;
  readonly autoscaled?: boolean;
  readonly imagePullPolicy?: "IfNotPresent" | "Never";
  readonly runAsUser?: number;
  readonly readOnlyRootFilesystem?: boolean;
  readonly securityReason?: string;
}

/** Below it a user may be one of the node's own. */
const FIRST_FOREIGN_USER = 10_000;

/** What a Deployment's pods break. */
export function podWaivers(pod: PodFacts): Waiver[] {
  const { replicas, imagePullPolicy, runAsUser, readOnlyRootFilesystem } = pod;
  const chosen = pod.securityReason ?? "the user that the image is made for";
  return [
    {
      kubeScore: "deployment-has-host-podantiaffinity",
      reason: "topologySpreadConstraints spread the pods over zones and hosts",
    },
    ...(imagePullPolicy === "Never"
      ? [
          {
            kubeScore: "container-image-pull-policy",
            checkov: ["CKV_K8S_15", "CKV_K8S_43"],
            reason: "the image is loaded into the nodes under a tag of its own",
          },
        ]
      : [
          {
            kubeScore: "container-image-pull-policy",
            reason: "the image is named by its digest",
          },
        ]),
    ...(pod.autoscaled === true
      ? [
          {
            kubeScore: "deployment-targeted-by-hpa-does-not-have-replicas-configured",
            reason: "those that the autoscaler starts from; updates leave its own number",
          },
        ]
      : []),
    ...(replicas === 1
      ? [{ kubeScore: "deployment-replicas", reason: "the stack's config asks for one pod" }]
      : []),
    ...(readOnlyRootFilesystem === false
      ? [
          {
            kubeScore: "container-security-context-readonlyrootfilesystem",
            checkov: ["CKV_K8S_22"],
            reason: chosen,
          },
        ]
      : []),
    ...(runAsUser === undefined || runAsUser < FIRST_FOREIGN_USER
      ? [
          {
            kubeScore: "container-security-context-user-group-id",
            checkov: ["CKV_K8S_40"],
            reason:
              runAsUser === undefined ? "the platform assigns a user to each namespace" : chosen,
          },
        ]
      : []),
    ...(runAsUser === 0 ? [{ checkov: ["CKV_K8S_23", "CKV_K8S_25"], reason: chosen }] : []),
  ];
}

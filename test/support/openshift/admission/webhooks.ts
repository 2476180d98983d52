import type { ClusterObject } from "../definitions";
import { PRIVILEGED_NAMESPACES } from "../kinds";

interface Hook {
  readonly path: string;
  readonly group: string;
  readonly plural: string;
}

/** Paths of the webhooks that change objects, by what they change. */
export const CHANGING = {
  namespaces: { path: "/namespaces", group: "", plural: "namespaces" },
  pods: { path: "/pods", group: "", plural: "pods" },
  routes: { path: "/routes", group: "route.openshift.io", plural: "routes" },
  streams: { path: "/streams", group: "image.openshift.io", plural: "imagestreams" },
} as const;

export const CHECKING = {
  pods: { path: "/checked-pods", group: "", plural: "pods" },
} as const;

const HOOKS: Readonly<Record<"mutating" | "validating", readonly Hook[]>> = {
  mutating: Object.values(CHANGING),
  validating: Object.values(CHECKING),
};

const NAME = "openshift-stand-in";

interface WebhookServer {
  /** `https://<address>:<port>` */
  readonly url: string;
  /** PEM of who signed its certificate. */
  readonly authority: string;
}

/** https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/ */
export function webhookConfigurations(server: WebhookServer): readonly ClusterObject[] {
  const registration = "admissionregistration.k8s.io";
  return (["mutating", "validating"] as const).map((way) => ({
    path: `/apis/${registration}/v1/${way}webhookconfigurations/${NAME}`,
    body: {
      apiVersion: `${registration}/v1`,
      kind: `${way === "mutating" ? "Mutating" : "Validating"}WebhookConfiguration`,
      metadata: { name: NAME },
      webhooks: HOOKS[way].map((hook) => webhook(hook, server)),
    },
  }));
}

function webhook({ path, group, plural }: Hook, { url, authority }: WebhookServer): object {
  return {
    name: `${plural}.admission.openshift.io`,
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    failurePolicy: "Fail",
    timeoutSeconds: 30,
    clientConfig: {
      url: `${url}${path}`,
      caBundle: Buffer.from(authority).toString("base64"),
    },
    rules: [
      { apiGroups: [group], apiVersions: ["v1"], resources: [plural], operations: ["CREATE"] },
    ],
    // The cluster's own pods never wait for a test's process.
    namespaceSelector: {
      matchExpressions: [
        {
          key: "kubernetes.io/metadata.name",
          operator: "NotIn",
          values: [...PRIVILEGED_NAMESPACES],
        },
      ],
    },
  };
}

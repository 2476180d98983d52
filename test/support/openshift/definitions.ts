import { CONSTRAINTS } from "./admission/constraints";

const string = { type: "string" };
const named = { type: "object", properties: { name: string }, required: ["name"] };
const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true };
const object = (properties: object, required: readonly string[] = []) => ({
  type: "object",
  properties,
  ...(required.length === 0 ? {} : { required }),
});

/** openshift/api route/v1/types.go; of the terminations only what the router here does. */
const ROUTE = object(
  {
    host: { ...string, maxLength: 253 },
    to: object(
      {
        kind: { enum: ["Service", ""], ...string, default: "Service" },
        name: { ...string, minLength: 1 },
        weight: { type: "integer", minimum: 0, maximum: 256, default: 100 },
      },
      ["kind", "name"],
    ),
    port: object({ targetPort: { "x-kubernetes-int-or-string": true } }, ["targetPort"]),
    tls: object(
      {
        termination: { ...string, enum: ["edge"] },
        certificate: string,
        key: string,
        caCertificate: string,
        insecureEdgeTerminationPolicy: { ...string, enum: ["Allow", "None", "Redirect", ""] },
      },
      ["termination"],
    ),
    wildcardPolicy: { ...string, enum: ["None"], default: "None" },
  },
  ["to"],
);

const reference = object({ kind: string, name: string, namespace: string }, ["kind", "name"]);

/** openshift/api build/v1/types.go; what isn't here isn't built here, and is refused or dropped. */
const BUILD = {
  ...object(
    {
      serviceAccount: string,
      completionDeadlineSeconds: { type: "integer", format: "int64", minimum: 1 },
      source: object(
        {
          type: string,
          git: object({ uri: string, ref: string }, ["uri"]),
          contextDir: string,
          sourceSecret: named,
        },
        ["git"],
      ),
      strategy: object({
        type: { ...string, enum: ["Docker", "Source"] },
        dockerStrategy: object({ dockerfilePath: string, pullSecret: named }),
        sourceStrategy: object({ from: reference, pullSecret: named }, ["from"]),
      }),
      output: object({ to: reference }, ["to"]),
    },
    ["source", "strategy", "output"],
  ),
  "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "spec is immutable" }],
};

interface Kind {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames?: readonly string[];
  readonly scope: "Namespaced" | "Cluster";
  readonly schema: object;
  /** Whether status is a resource of its own, that only controllers write. */
  readonly status?: true;
}

const whole = (spec: object) => object({ spec, status: open }, ["spec"]);

const KINDS: readonly Kind[] = [
  {
    group: "route.openshift.io",
    kind: "Route",
    plural: "routes",
    scope: "Namespaced",
    schema: whole(ROUTE),
    status: true,
  },
  // The real API has builds/details and builds/log, no builds/status.
  {
    group: "build.openshift.io",
    kind: "Build",
    plural: "builds",
    scope: "Namespaced",
    schema: whole(BUILD),
  },
  // The real API answers the creation with the repository in its status; with a resource of its own that could not be done.
  {
    group: "image.openshift.io",
    kind: "ImageStream",
    plural: "imagestreams",
    shortNames: ["is"],
    scope: "Namespaced",
    schema: object({
      spec: object({ lookupPolicy: object({ local: { type: "boolean" } }) }),
      status: open,
    }),
  },
  {
    group: "security.openshift.io",
    kind: "SecurityContextConstraints",
    plural: "securitycontextconstraints",
    shortNames: ["scc"],
    scope: "Cluster",
    schema: open,
  },
];

export interface ClusterObject {
  readonly path: string;
  readonly body: object;
}

/** CustomResourceDefinitions of the APIs that the stand-ins serve. */
export const DEFINITIONS: readonly ClusterObject[] = KINDS.map(
  ({ group, kind, plural, shortNames, scope, schema, status }) => ({
    path: `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`,
    body: {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        names: {
          plural,
          singular: kind.toLowerCase(),
          kind,
          listKind: `${kind}List`,
          ...(shortNames === undefined ? {} : { shortNames }),
        },
        scope,
        versions: [
          {
            name: "v1",
            served: true,
            storage: true,
            schema: { openAPIV3Schema: schema },
            ...(status === true ? { subresources: { status: {} } } : {}),
          },
        ],
      },
    },
  }),
);

const RBAC = "rbac.authorization.k8s.io";

const clusterRole = (name: string, rule: object): ClusterObject => ({
  path: `/apis/${RBAC}/v1/clusterroles/${name}`,
  body: { apiVersion: `${RBAC}/v1`, kind: "ClusterRole", metadata: { name }, rules: [rule] },
});

const images = (verbs: readonly string[]) => ({
  apiGroups: ["", "image.openshift.io"],
  resources: ["imagestreams/layers"],
  verbs,
});

/**
 * Roles that every OpenShift has: who may pull and push images, and who may use which constraint.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/registry/accessing-the-registry
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/authentication_and_authorization/managing-pod-security-policies#role-based-access-to-ssc_configuring-internal-oauth
 */
export const ROLES: readonly ClusterObject[] = [
  clusterRole("system:image-puller", images(["get"])),
  clusterRole("system:image-builder", images(["get", "update"])),
  ...CONSTRAINTS.map(({ name }) =>
    clusterRole(`system:openshift:scc:${name}`, {
      apiGroups: ["security.openshift.io"],
      resources: ["securitycontextconstraints"],
      resourceNames: [name],
      verbs: ["use"],
    }),
  ),
];

export const CONSTRAINT_OBJECTS: readonly ClusterObject[] = CONSTRAINTS.map(
  ({ name, priority }) => ({
    path: `/apis/security.openshift.io/v1/securitycontextconstraints/${name}`,
    body: {
      apiVersion: "security.openshift.io/v1",
      kind: "SecurityContextConstraints",
      metadata: { name },
      priority: priority ?? null,
    },
  }),
);

/** Google's own kinds, which every GKE cluster has: https://docs.cloud.google.com/kubernetes-engine/docs/concepts/ingress */
import { setTimeout as sleep } from "node:timers/promises";
import type { Kubernetes } from "../kubernetes";
import { child, children, text, type Values } from "../values";

const PATH = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const boolean = { type: "boolean" };
const integer = { type: "integer", format: "int64" };
const string = { type: "string" };
const list = (items: Values) => ({ type: "array", items });
const object = (properties: Values) => ({ type: "object", properties });

interface Definition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly spec: Values;
  readonly status?: Values;
}

/** Fields as their references list them; others are refused or dropped, as in the real ones. */
const DEFINITIONS: readonly Definition[] = [
  {
    // https://docs.cloud.google.com/kubernetes-engine/docs/how-to/ingress-configuration
    group: "cloud.google.com",
    version: "v1",
    kind: "BackendConfig",
    plural: "backendconfigs",
    spec: object({
      timeoutSec: integer,
      connectionDraining: object({ drainingTimeoutSec: integer }),
      healthCheck: object({
        type: string,
        requestPath: string,
        port: integer,
        checkIntervalSec: integer,
        timeoutSec: integer,
        healthyThreshold: integer,
        unhealthyThreshold: integer,
      }),
      logging: object({ enable: boolean, sampleRate: { type: "number" } }),
      securityPolicy: object({ name: string }),
      sessionAffinity: object({ affinityType: string, affinityCookieTtlSec: integer }),
      customRequestHeaders: object({ headers: list(string) }),
    }),
  },
  {
    group: "networking.gke.io",
    version: "v1beta1",
    kind: "FrontendConfig",
    plural: "frontendconfigs",
    spec: object({
      sslPolicy: string,
      redirectToHttps: object({ enabled: boolean, responseCodeName: string }),
    }),
  },
  {
    // https://docs.cloud.google.com/kubernetes-engine/docs/how-to/managed-certs
    group: "networking.gke.io",
    version: "v1",
    kind: "ManagedCertificate",
    plural: "managedcertificates",
    spec: object({ domains: list(string) }),
    status: object({
      certificateName: string,
      certificateStatus: string,
      expireTime: string,
      domainStatus: list(object({ domain: string, status: string })),
    }),
  },
];

export async function installDefinitions(kubernetes: Kubernetes): Promise<void> {
  await Promise.all(
    DEFINITIONS.map((definition) =>
      kubernetes.apply(`${PATH}/${nameOf(definition)}`, crd(definition)),
    ),
  );
  for (const definition of DEFINITIONS)
    while (!(await isEstablished(kubernetes, nameOf(definition)))) await sleep(100);
}

export async function removeDefinitions(kubernetes: Kubernetes): Promise<void> {
  for (const definition of DEFINITIONS) await kubernetes.remove(`${PATH}/${nameOf(definition)}`);
}

const nameOf = ({ plural, group }: Definition) => `${plural}.${group}`;

async function isEstablished(kubernetes: Kubernetes, name: string): Promise<boolean> {
  const conditions = children(
    child(await kubernetes.get(`${PATH}/${name}`), "status"),
    "conditions",
  );
  return conditions.some(
    (one) => text(one, "type") === "Established" && text(one, "status") === "True",
  );
}

const crd = ({ group, version, kind, plural, spec, status }: Definition): Values => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.${group}` },
  spec: {
    group,
    scope: "Namespaced",
    names: { kind, plural, singular: kind.toLowerCase() },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: object({ spec, ...(status === undefined ? {} : { status }) }),
        },
      },
    ],
  },
});

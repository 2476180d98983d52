import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as path from "node:path";
import type { OfflineRendering } from "../../../infra/offline/render";
import { renderVariant, VARIANTS } from "../../manifests/variants";

const ROOT = path.join(__dirname, "..", "..", "..");

/** A Kubernetes object, as far as it is asked about here. */
interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: Record<string, unknown>;
  data?: Record<string, unknown>;
  stringData?: Record<string, unknown>;
}

interface PodSpec {
  serviceAccountName: string;
  automountServiceAccountToken: boolean;
  imagePullSecrets?: { name: string }[];
  securityContext: Record<string, unknown>;
  volumes?: { secret?: { secretName: string } }[];
  containers: {
    image: string;
    imagePullPolicy: string;
    ports: { name: string; containerPort: number }[];
    securityContext: Record<string, unknown>;
    resources: { requests: object; limits: object };
    [probe: string]: unknown;
  }[];
}

interface Deployment extends Manifest {
  spec: {
    replicas?: number;
    selector: { matchLabels: Record<string, string> };
    template: {
      metadata: { labels: Record<string, string>; annotations?: Record<string, string> };
      spec: PodSpec;
    };
  };
}

const SECRET_VALUE = "offline-secret-value";
const REASON = "modelport.dev/pod-security-reason";
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

describe("facts of every rendered object", function () {
  this.timeout(300_000);
  before(() => {
    // Staging copies the server's bundle.
    execFileSync(process.execPath, [path.join(ROOT, "local", "build.js"), "server"]);
  });

  for (const variant of VARIANTS)
    describe(variant.name, () => {
      let rendering: OfflineRendering;
      let objects: Manifest[];
      let deployments: Deployment[];
      before(async () => {
        rendering = await renderVariant(variant);
        objects = rendering.manifests as unknown as Manifest[];
        deployments = objects.filter(({ kind }) => kind === "Deployment") as Deployment[];
      });

      const named = (kind: string, namespace: string | undefined) =>
        objects
          .filter((object) => object.kind === kind && object.metadata.namespace === namespace)
          .map(({ metadata }) => metadata.name);

      it("tells no secret", () => {
        assert.doesNotMatch(JSON.stringify(rendering), new RegExp(SECRET_VALUE));
        for (const { kind, data = {}, stringData = {} } of objects)
          if (kind === "Secret")
            for (const value of Object.values({ ...data, ...stringData }))
              if (!String(value).startsWith("-----BEGIN CERTIFICATE"))
                assert.equal(value, "<secret>");
      });

      it("labels and names everything", () => {
        const identities = objects.map(
          ({ kind, metadata }) => `${kind} ${metadata.namespace ?? ""}/${metadata.name}`,
        );
        assert.equal(new Set(identities).size, objects.length, "each object once");
        const namespaces = named("Namespace", undefined);
        for (const { kind, metadata } of objects) {
          assert.match(metadata.name, NAME);
          assert.equal(metadata.labels["app.kubernetes.io/part-of"], "modelport", kind);
          assert.equal(metadata.labels["app.kubernetes.io/instance"], "test", kind);
          if (kind === "Namespace") {
            assert.match(metadata.labels["pod-security.kubernetes.io/enforce"] ?? "", LEVEL);
            continue;
          }
          assert.ok(metadata.namespace !== undefined && namespaces.includes(metadata.namespace));
        }
      });

      it("runs images by digest, as nobody in particular", () => {
        assert.ok(deployments.length > 0);
        for (const { spec } of deployments) {
          const { metadata, spec: pod } = spec.template;
          const excused = (metadata.annotations?.[REASON] ?? "").length >= 10;
          assert.equal(pod.automountServiceAccountToken, false);
          assert.deepEqual(pod.securityContext["seccompProfile"], { type: "RuntimeDefault" });
          if (!excused) assert.equal(pod.securityContext["runAsNonRoot"], true);
          if (variant.target === "openshift")
            for (const key of ["runAsUser", "runAsGroup", "fsGroup"])
              assert.equal(pod.securityContext[key], undefined, "restricted-v2 assigns them");
          for (const container of pod.containers) {
            assert.match(container.image, IMAGES[container.imagePullPolicy] ?? /^$/);
            const { securityContext, resources } = container;
            if (!excused) assert.equal(securityContext["readOnlyRootFilesystem"], true);
            assert.equal(securityContext["privileged"], false);
            if (!excused) {
              assert.equal(securityContext["allowPrivilegeEscalation"], false);
              assert.deepEqual(securityContext["capabilities"], { drop: ["ALL"] });
            }
            assert.deepEqual(
              ["cpu", "memory"].filter(
                (key) => !(key in resources.requests && key in resources.limits),
              ),
              [],
            );
            for (const probe of ["startupProbe", "readinessProbe", "livenessProbe"])
              assert.ok(container[probe], probe);
          }
        }
      });

      it("has no loose ends", () => {
        for (const { metadata, spec } of deployments) {
          const { namespace, name } = metadata;
          const pod = spec.template.spec;
          const labels = spec.template.metadata.labels;
          const selects = (selector: object) =>
            Object.entries(selector).every(([key, value]) => labels[key] === value);
          assert.ok(selects(spec.selector.matchLabels));
          assert.ok(named("ServiceAccount", namespace).includes(pod.serviceAccountName));
          const secrets = [
            ...(pod.imagePullSecrets ?? []).map((secret) => secret.name),
            ...(pod.volumes ?? []).flatMap(({ secret }) => secret?.secretName ?? []),
          ];
          for (const secret of secrets)
            assert.ok(named("Secret", namespace).includes(secret), secret);
          const own = (kind: string) =>
            objects.filter(
              (object) =>
                object.kind === kind &&
                object.metadata.namespace === namespace &&
                object.metadata.name === name,
            );
          const service = own("Service")[0]?.spec as ServiceSpec | undefined;
          assert.ok(service && selects(service.selector));
          const ports = pod.containers.flatMap((container) =>
            container.ports.map((port) => port.name),
          );
          for (const { targetPort } of service.ports) assert.ok(ports.includes(targetPort));
          const [scaler] = own("HorizontalPodAutoscaler");
          if (scaler !== undefined)
            assert.equal(spec.replicas, scaler.spec["minReplicas"], "where the autoscaler begins");
          const policy = own("NetworkPolicy")[0]?.spec as PolicySpec | undefined;
          assert.ok(policy && selects(policy.podSelector.matchLabels));
          if (spec.replicas !== 1) assert.equal(own("PodDisruptionBudget").length, 1);
        }
      });

      it("denies what it doesn't allow", () => {
        for (const namespace of new Set(deployments.map(({ metadata }) => metadata.namespace))) {
          const deniers = objects.filter(
            ({ kind, metadata, spec }) =>
              kind === "NetworkPolicy" &&
              metadata.namespace === namespace &&
              JSON.stringify(spec["podSelector"]) === "{}",
          );
          assert.deepEqual(
            deniers.map(({ spec }) => spec["policyTypes"]),
            [["Ingress", "Egress"]],
          );
        }
      });

      it("leads requests to a Service that is there", () => {
        for (const { kind, metadata, spec } of objects) {
          if (kind === "Ingress") {
            const { rules } = spec as unknown as IngressSpec;
            const backends = rules.flatMap(({ http }) => http.paths.map(({ backend }) => backend));
            assert.ok(backends.length > 0);
            for (const { service } of backends)
              assert.ok(named("Service", metadata.namespace).includes(service.name));
          }
          if (kind === "Route") {
            const { name } = spec["to"] as { name: string };
            assert.ok(named("Service", metadata.namespace).includes(name));
          }
        }
      });

      it("gives a reason for every waiver", () => {
        for (const { kind, metadata } of objects) {
          const annotations = metadata.annotations ?? {};
          const ignored = annotations["kube-score/ignore"]?.split(",") ?? [];
          for (const check of ignored)
            assert.ok(
              (annotations[`modelport.dev/waiver-${check}`] ?? "").length >= 10,
              `${kind}: ${check}`,
            );
          for (const [key, value] of Object.entries(annotations))
            if (key.startsWith("checkov.io/skip")) assert.match(value, /^CKV_K8S_\d+=.{10,}$/);
        }
      });
    });
});

interface ServiceSpec {
  selector: object;
  ports: { targetPort: string }[];
}

interface PolicySpec {
  podSelector: { matchLabels: object };
}

interface IngressSpec {
  rules: { http: { paths: { backend: { service: { name: string } } }[] } }[];
}

const LEVEL = /^(?:restricted|baseline|privileged)$/;

/** By pull policy: what is never pulled was loaded under a tag that only ever named one image. */
const IMAGES: Readonly<Record<string, RegExp>> = {
  IfNotPresent: /@sha256:[0-9a-f]{64}$/,
  Never: /:[0-9a-f]{16}$/,
};

import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { deployment, type DeploymentArgs } from "../../../infra/manifests/deployment";
import { horizontalPodAutoscaler } from "../../../infra/manifests/horizontal-pod-autoscaler";
import { labels } from "../../../infra/manifests/labels";
import { namespace } from "../../../infra/manifests/namespace";
import { defaultDeny, networkPolicy } from "../../../infra/manifests/network-policy";
import { podDisruptionBudget } from "../../../infra/manifests/pod-disruption-budget";
import {
  apiKeysSecret,
  dockerConfigJson,
  pullSecret,
  userSecret,
} from "../../../infra/manifests/secret";
import { service } from "../../../infra/manifests/service";
import { serviceAccount } from "../../../infra/manifests/service-account";

const GOLDEN = path.join(__dirname, "golden");
const identity = { stack: "prod", service: "iris" };
const place = { identity, namespace: "modelport-prod" };

const DEPLOYMENT: DeploymentArgs = {
  ...place,
  image: `registry.example.com/modelport/prod/iris@sha256:${"a".repeat(64)}`,
  replicas: 2,
  port: 8080,
  health: { live: "/healthz", ready: "/readyz" },
  resources: { cpu: "100m", cpuLimit: "1", memory: "160Mi", memoryLimit: "320Mi" },
  env: { LOG_LEVEL: "info", DEFAULT_MODEL: "iris" },
  runAsUser: 65532,
};

/** Compares with the golden file; UPDATE_GOLDEN=1 writes it, and nothing else does. */
function golden(name: string, manifest: unknown): void {
  const file = path.join(GOLDEN, `${name}.yaml`);
  // As it would be sent: what is undefined isn't there.
  const plain: unknown = JSON.parse(JSON.stringify(manifest));
  if (process.env["UPDATE_GOLDEN"] === "1") {
    fs.mkdirSync(GOLDEN, { recursive: true });
    fs.writeFileSync(file, stringify(plain));
  }
  assert.deepEqual(plain, parse(fs.readFileSync(file, "utf8")));
}

describe("manifests", () => {
  it("namespace", () => golden("namespace", namespace({ name: "modelport-prod", stack: "prod" })));
  it("service account", () => golden("service-account", serviceAccount(place)));
  it("service account that pulls what the cluster built waits for its login", () => {
    const { annotations } = serviceAccount({ ...place, pullsBuilt: true }).metadata as {
      annotations: Record<string, string>;
    };
    assert.match(annotations["pulumi.com/waitFor"] ?? "", /imagePullSecrets/);
  });
  it("pod disruption budget", () => golden("pod-disruption-budget", podDisruptionBudget(place)));
  it("deployment", () => golden("deployment", deployment(DEPLOYMENT)));

  it("deployment with a loaded image on a platform that assigns users", () => {
    const args: DeploymentArgs = { ...DEPLOYMENT, imagePullPolicy: "Never", replicas: 1 };
    delete (args as { runAsUser?: number }).runAsUser;
    golden("deployment-loaded", deployment(args));
  });

  it("deployment of a container that starts slowly and writes much", () => {
    const health = { live: "/live", ready: "/ready", startupSeconds: 600 };
    const resources = { ...DEPLOYMENT.resources, ephemeralStorage: "2Gi" } as const;
    const made = deployment({ ...DEPLOYMENT, health, resources });
    const { spec } = made as unknown as {
      spec: {
        progressDeadlineSeconds: number;
        template: {
          spec: {
            containers: {
              startupProbe: { failureThreshold: number };
              resources: { limits: Record<string, string> };
            }[];
          };
        };
      };
    };
    const [container] = spec.template.spec.containers;
    assert.equal(container?.startupProbe.failureThreshold, 600);
    assert.equal(container.resources.limits["ephemeral-storage"], "2Gi");
    assert.equal(spec.progressDeadlineSeconds, 300 + 480);
  });

  it("labels hold any stack's name", () => {
    assert.equal(labels(identity)["app.kubernetes.io/instance"], "prod");
    const label = labels({ stack: `_${"Long".repeat(25)}`, service: "iris" });
    assert.match(label["app.kubernetes.io/instance"] ?? "", /^[a-z][a-z0-9-]{0,61}[a-z0-9]$/);
  });

  it("deployment of the built-in server with API keys", () => {
    const apiKeys = { secret: "iris-api-keys", checksum: "0123456789abcdef" };
    const args = { ...DEPLOYMENT, grpcPort: 8081, metricsPort: 9090, apiKeys };
    golden("deployment-server", deployment(args));
  });

  it("deployment of an own container with secrets, on nodes with GPUs, as root by choice", () => {
    golden(
      "deployment-own",
      deployment({
        ...DEPLOYMENT,
        autoscaled: true,
        port: 80,
        runAsUser: 0,
        readOnlyRootFilesystem: false,
        securityReason: "nginx binds port 80 and writes its cache",
        secrets: { db: "own-secret-db", mail: "own-secret-mail" },
        secretsVersion: "12.34",
        gpu: { resource: "nvidia.com/gpu", count: 1 },
        nodeSelector: { "cloud.google.com/gke-accelerator": "nvidia-l4" },
        tolerations: [{ key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" }],
        revisionHistoryLimit: 3,
      }),
    );
  });

  it("user's secret", () =>
    golden(
      "user-secret",
      userSecret({ ...place, name: "iris-secret-db", values: { PASSWORD: "hidden" } }),
    ));

  it("autoscaler by CPU", () =>
    golden(
      "horizontal-pod-autoscaler",
      horizontalPodAutoscaler({ ...place, minReplicas: 2, maxReplicas: 10 }),
    ));

  it("autoscaler by a metric of the pods, and CPU too where it is asked for", () => {
    const metric = { name: "http_requests_per_second", averageValue: "100" };
    const scale = { ...place, minReplicas: 1, maxReplicas: 3, metric };
    golden("horizontal-pod-autoscaler-metric", horizontalPodAutoscaler(scale));
    const { spec } = horizontalPodAutoscaler({ ...scale, cpuPercent: 50 }) as {
      spec: { metrics: { type: string }[] };
    };
    assert.deepEqual(
      spec.metrics.map(({ type }) => type),
      ["Resource", "Pods"],
    );
  });

  it("network policy of a namespace: nothing", () =>
    golden("default-deny", defaultDeny({ namespace: "modelport-prod", stack: "prod" })));

  it("network policy of the built-in server", () =>
    golden(
      "network-policy",
      networkPolicy({ ...place, ports: [8080, 8081], metricsPort: 9090, to: [{ ports: [4318] }] }),
    ));

  it("network policy with peers of every kind", () => {
    const server = { service: { stack: "prod", service: "server" }, namespace: "ml" };
    golden(
      "network-policy-peers",
      networkPolicy({
        ...place,
        ports: [8080],
        from: [server, { namespace: "web" }, { cidr: "10.0.0.0/8" }],
        to: [{ to: server }, { to: { cidr: "192.0.2.7/32" }, ports: [5432] }],
      }),
    );
  });

  it("API keys' secret", () => {
    const file = `me ${"0".repeat(64)}\n`;
    golden("api-keys", apiKeysSecret({ ...place, name: "iris-api-keys", file }));
  });

  it("service of the built-in server: gRPC too, metrics not", () =>
    golden("service-server", service({ ...place, exposure: "NodePort", grpcPort: 8081 })));

  it("deployment that logs in to a registry", () => {
    const spec = podSpec(deployment({ ...DEPLOYMENT, pullSecret: "registry" }));
    assert.deepEqual(spec["imagePullSecrets"], [{ name: "registry" }]);
  });

  for (const exposure of ["NodePort", "ClusterIP"] as const)
    it(`service ${exposure}`, () =>
      golden(`service-${exposure.toLowerCase()}`, service({ ...place, exposure })));

  it("pull secret", () => {
    const json = dockerConfigJson("registry.example.com", "me", "hidden");
    golden(
      "pull-secret",
      pullSecret({ name: "registry", namespace: "mlapi", stack: "prod", dockerConfigJson: json }),
    );
    const auth = Buffer.from("me:hidden").toString("base64");
    assert.equal(
      json,
      `{"auths":{"registry.example.com":{"username":"me","password":"hidden","auth":"${auth}"}}}`,
    );
    const { auths } = JSON.parse(
      dockerConfigJson(["a.example.com", "b.example.com"], "me", "x"),
    ) as {
      auths: object;
    };
    assert.deepEqual(Object.keys(auths), ["a.example.com", "b.example.com"]);
  });
});

type Plain = Record<string, unknown>;

function podSpec(manifest: unknown): Plain {
  const plain = JSON.parse(JSON.stringify(manifest)) as {
    spec: { template: { spec: Plain } };
  };
  return plain.spec.template.spec;
}

describe("the zero-downtime contract", () => {
  it("gives a stopping pod the time to be forgotten and to finish", () => {
    const drainSeconds = 3;
    const longestRequestSeconds = 10;
    const manifest = JSON.parse(JSON.stringify(deployment(DEPLOYMENT))) as {
      spec: { progressDeadlineSeconds: number };
    };
    const { terminationGracePeriodSeconds, containers } = podSpec(manifest) as {
      terminationGracePeriodSeconds: number;
      containers: { lifecycle: { preStop: { sleep: { seconds: number } } } }[];
    };
    const { seconds } = containers[0]!.lifecycle.preStop.sleep;
    assert.ok(terminationGracePeriodSeconds >= seconds + drainSeconds + longestRequestSeconds + 5);
    assert.ok(manifest.spec.progressDeadlineSeconds < 600, "below Pulumi's await");
  });

  it("doesn't let the user's environment move the port", () => {
    const spec = podSpec(deployment({ ...DEPLOYMENT, env: { PORT: "1", A: "b" } }));
    const [container] = spec["containers"] as { env: unknown }[];
    assert.deepEqual(container?.env, [
      { name: "PORT", value: "8080" },
      { name: "A", value: "b" },
    ]);
  });
});

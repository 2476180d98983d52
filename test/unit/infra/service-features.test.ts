import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Provider } from "@pulumi/kubernetes/provider";
import { parseServices } from "../../../infra/config";
import { deployServices, planServices } from "../../../infra/services";
import type { Target } from "../../../infra/targets/target";
import { run, type Registered } from "./support/mocks";

type Service = Record<string, unknown>;
type Plain = Record<string, unknown>;

const DIGEST = `@sha256:${"a".repeat(64)}`;
const GPU = { resource: "nvidia.com/gpu", types: { "nvidia-l4": { pool: "l4" } }, tolerations: [] };

const target: Target = {
  name: "existing",
  platform: "linux/amd64",
  defaultExposure: "ClusterIP",
  capabilities: {
    exposures: ["ClusterIP"],
    nodePortsReachable: false,
    customMetrics: false,
    gitBuild: false,
    gpu: GPU,
  },
  podSecurity: { runAsUser: 65532 },
  build: {},
  priceBasis: { kind: "none" },
  provision: () => ({
    provider: new Provider("cluster"),
    kubeconfig: pulumi.secret("{}"),
    images: { kind: "registry", server: "r.example.com", repository: (name) => name },
    nodeAddresses: () => pulumi.output([]),
  }),
};

const own = (settings: Service = {}): Service => ({
  image: `docker.io/example/own${DIGEST}`,
  prediction: { body: {} },
  ...settings,
});

async function deploy(
  given: Record<string, Service>,
  mirrors: Record<string, string> = {},
  watch?: pulumi.ResourceTransformation,
) {
  const values = {
    "modelport:target": "existing",
    "modelport:services": JSON.stringify(given),
  };
  const raw = { stack: "test", values, secretKeys: ["modelport:services"], models: [] };
  const config = { services: parseServices(raw), images: { mirrors } };
  const { resources } = await run(
    async () => {
      if (watch !== undefined) pulumi.runtime.registerStackTransformation(watch);
      const plans = await planServices(config, target, "/nowhere", "test");
      deployServices(plans, target, target.provision("test"), "test");
      return {};
    },
    { preview: true, config: {} },
  );
  return resources;
}

function one(resources: readonly Registered[], kind: string, name?: string): Plain {
  const found = resources.filter(
    (resource) =>
      resource.type.endsWith(`:${kind}`) && (name === undefined || resource.name === name),
  );
  assert.equal(found.length, 1, `${kind} ${name ?? ""}`);
  return found[0]!.inputs;
}

const kinds = (resources: readonly Registered[]) =>
  resources.flatMap(({ type }) => (type.startsWith("kubernetes:") ? [type.split(":")[2]] : []));

describe("a service's features", () => {
  it("are these objects by default", async () => {
    const resources = await deploy({ own: own() });
    assert.deepEqual(kinds(resources).sort(), [
      "Deployment",
      "Namespace",
      "NetworkPolicy",
      "NetworkPolicy",
      "PodDisruptionBudget",
      "Service",
      "ServiceAccount",
    ]);
  });

  it("an autoscaler says how many pods there are, once the first are there", async () => {
    const ignored = new Map<string, string[] | undefined>();
    const resources = await deploy(
      { own: own({ autoscaling: { minReplicas: 3, maxReplicas: 4 } }), other: own() },
      {},
      ({ type, name, opts }) => {
        if (type.endsWith(":Deployment"))
          ignored.set(name, (opts as pulumi.CustomResourceOptions).ignoreChanges);
        return undefined;
      },
    );
    const replicas = (name: string) =>
      (one(resources, "Deployment", name) as { spec: Plain }).spec["replicas"];
    assert.deepEqual([replicas("own"), replicas("other")], [3, 2]);
    assert.deepEqual([ignored.get("own"), ignored.get("other")], [["spec.replicas"], undefined]);
    assert.deepEqual(
      (one(resources, "HorizontalPodAutoscaler") as { spec: Plain }).spec["maxReplicas"],
      4,
    );
    assert.ok(kinds(resources).includes("PodDisruptionBudget"), "two pods at least");
    const few = await deploy({ own: own({ autoscaling: { minReplicas: 1, maxReplicas: 4 } }) });
    assert.ok(!kinds(few).includes("PodDisruptionBudget"), "it would block drains");
  });

  it("secrets are files of the container, and only the Secret holds them", async () => {
    const resources = await deploy({ own: own({ secrets: { db: { PASSWORD: "hunter2" } } }) });
    const secret = one(resources, "Secret", "own-secret-db");
    assert.match(JSON.stringify(secret["stringData"]), /4dabf18193072939515e22adb298388d/);
    const others = resources.filter(({ name }) => name !== "own-secret-db");
    assert.doesNotMatch(JSON.stringify(others), /hunter2/);
    const { spec } = one(resources, "Deployment") as {
      spec: { template: { spec: { volumes: unknown; containers: { volumeMounts: unknown }[] } } };
    };
    assert.deepEqual(spec.template.spec.volumes, [
      { name: "secret-db", secret: { secretName: "own-secret-db", defaultMode: 0o440 } },
    ]);
    assert.deepEqual(spec.template.spec.containers[0]?.volumeMounts, [
      { name: "secret-db", mountPath: "/run/secrets/db", readOnly: true },
    ]);
  });

  it("variables that may hold secrets are closed", async () => {
    const env = { TOKEN: "hunter2" };
    const { recorded } = await run(
      async () => {
        const values = {
          "modelport:target": "existing",
          "modelport:services": JSON.stringify({ own: own({ env }) }),
        };
        const raw = { stack: "test", values, secretKeys: [], models: [] };
        const config = { services: parseServices(raw), images: { mirrors: {} } };
        const plans = await planServices(config, target, "/nowhere", "test");
        deployServices(plans, target, target.provision("test"), "test", true);
        return {};
      },
      { preview: true, config: {} },
    );
    const pods = recorded.find(({ type }) => type.endsWith(":Deployment"));
    assert.match(JSON.stringify(pods), /\{"name":"TOKEN","value":"<secret>"\}/);
    assert.match(JSON.stringify(pods), /\{"name":"PORT","value":"8080"\}/);
    assert.doesNotMatch(JSON.stringify(recorded), /hunter2/);
  });

  it("a namespace is as open as its services need, and no other", async () => {
    const podSecurity = { level: "baseline", reason: "it works as root", runAsUser: 0 };
    const resources = await deploy({
      own: own({ namespace: "own", port: 80, podSecurity }),
      other: own(),
    });
    const level = (name: string) =>
      (one(resources, "Namespace", name) as { metadata: { labels: Record<string, string> } })
        .metadata.labels["pod-security.kubernetes.io/enforce"];
    assert.deepEqual([level("own"), level("modelport-test")], ["baseline", "restricted"]);
    const user = (name: string) =>
      (
        one(resources, "Deployment", name) as {
          spec: { template: { spec: { securityContext: Plain } } };
        }
      ).spec.template.spec.securityContext["runAsUser"];
    assert.deepEqual([user("own"), user("other")], [0, 65532]);
  });

  it("pods with a GPU go where there are some", async () => {
    const resources = await deploy({ own: own({ gpu: { type: "nvidia-l4" } }) });
    const { spec } = one(resources, "Deployment") as {
      spec: { template: { spec: { nodeSelector: unknown; containers: unknown[] } } };
    };
    assert.deepEqual(spec.template.spec.nodeSelector, { pool: "l4" });
    assert.match(JSON.stringify(spec.template.spec.containers), /"nvidia.com\/gpu":"1"/);
    const rolling = (name: string, among: readonly Registered[]) =>
      (one(among, "Deployment", name) as { spec: { strategy: { rollingUpdate: Plain } } }).spec
        .strategy.rollingUpdate;
    assert.deepEqual(rolling("own", resources), { maxUnavailable: 1, maxSurge: 0 });
    const plain = await deploy({ own: own() });
    assert.deepEqual(rolling("own", plain), { maxUnavailable: 0, maxSurge: 1 });
  });

  it("services reach those that their environment names", async () => {
    const resources = await deploy({
      web: own({ env: { SERVER: "http://server/v1" } }),
      server: own(),
    });
    const egress = (name: string) =>
      (one(resources, "NetworkPolicy", name) as { spec: { egress: unknown[] } }).spec.egress.slice(
        1,
      );
    assert.match(JSON.stringify(egress("web")), /"app.kubernetes.io\/name":"server"/);
    assert.deepEqual(egress("server"), []);
  });

  it("images come from their mirror", async () => {
    const resources = await deploy({ own: own() }, { "docker.io": "mirror.example.com/hub" });
    const { spec } = one(resources, "Deployment") as {
      spec: { template: { spec: { containers: { image: string }[] } } };
    };
    assert.equal(
      spec.template.spec.containers[0]?.image,
      `mirror.example.com/hub/example/own${DIGEST}`,
    );
  });

  it("transform has the last word over each kind, and over its own service only", async () => {
    const transform = {
      Deployment: { spec: { minReadySeconds: 7, revisionHistoryLimit: null } },
      Service: { spec: { sessionAffinity: "ClientIP" } },
      NetworkPolicy: { metadata: { labels: { team: "ml" } } },
    };
    const resources = await deploy({ own: own({ transform }), other: own() });
    const { spec } = one(resources, "Deployment", "own") as { spec: Plain };
    assert.equal(spec["minReadySeconds"], 7);
    assert.ok(!("revisionHistoryLimit" in spec));
    assert.deepEqual((spec["strategy"] as Plain)["type"], "RollingUpdate");
    const other = one(resources, "Deployment", "other") as { spec: Plain };
    assert.ok(!("minReadySeconds" in other.spec));
    const service = one(resources, "Service", "own") as { spec: Plain };
    assert.equal(service.spec["sessionAffinity"], "ClientIP");
    assert.doesNotMatch(
      JSON.stringify(one(resources, "NetworkPolicy", "modelport-test-default-deny")),
      /team/,
    );
  });

  it("what the target can't do is refused before anything is registered", async () => {
    await assert.rejects(
      deploy({ own: own({ exposure: "LoadBalancer" }), other: own({ platform: "linux/arm64" }) }),
      /2 faults[\s\S]*own\.exposure[\s\S]*other\.platform/,
    );
  });
});

import assert from "node:assert/strict";
import { parseConfig } from "../../../infra/config";
import { ConfigError, type Fault } from "../../../infra/errors";
import { suggestion } from "../../../infra/suggestion";

type Config = Record<string, unknown>;

const SERVICES = { iris: { models: ["iris"] } };
const DIGEST = `registry.example.com/iris@sha256:${"a".repeat(64)}`;
const KEY = "0123456789abcdef";
const REGISTRY = { server: "registry.example.com" };

/** As the engine hands it over: Pulumi.yaml's defaults included. */
function parse(config: Config, secretKeys: string[] = []) {
  const all: Config = { services: SERVICES, embedded: {}, existing: {}, minikube: {}, ...config };
  const values = Object.fromEntries(
    Object.entries(all).map(([key, value]) => [
      `modelport:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );
  return parseConfig({ stack: "test", values, secretKeys, models: ["iris", "spam"] });
}

function faults(config: Config, secretKeys: string[] = []): readonly Fault[] {
  try {
    parse(config, secretKeys);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.faults;
  }
  return [];
}

const service = (settings: Config): Config => ({
  target: "embedded",
  services: { iris: { models: ["iris"], ...settings } },
});

const existing = (settings: Config): Config => ({ target: "existing", existing: settings });

describe("stack config", () => {
  it("needs a target and nothing else", () => {
    const config = parse({ target: "embedded" });
    assert.deepEqual(config.target === "embedded" && config.embedded, { cluster: "local" });
    const { iris } = config.services;
    assert.deepEqual(
      [iris?.replicas, iris?.port, iris?.exposure, iris?.resources],
      [
        2,
        8080,
        undefined,
        {
          cpu: "100m",
          cpuLimit: "1",
          memory: "160Mi",
          memoryLimit: "320Mi",
          ephemeralStorage: "256Mi",
        },
      ],
    );
  });

  it("takes every key that is documented", () => {
    const config = parse(
      {
        target: "existing",
        existing: {
          kubeconfig: "~/.kube/config",
          context: "kind-kind",
          registry: { ...REGISTRY, repository: "team/ml", user: "me", password: "hidden" },
          platform: "linux/arm64",
          nodeHost: "10.0.0.1",
          dockerHost: "ssh://builder",
          baseImage: "registry.example.com/node:24",
        },
        services: {
          iris: {
            models: ["iris", "spam"],
            port: 9000,
            replicas: 3,
            exposure: "ClusterIP",
            namespace: "mlapi",
            resources: { cpu: 1, cpuLimit: "2", memory: "1Gi", memoryLimit: "2Gi" },
            env: { LOG_LEVEL: "debug", COUNT: 3, ON: true },
            versions: { iris: 1, spam: ["2", 3] },
            apiKeys: { me: KEY },
            server: {
              logLevel: "warn",
              maxBodyBytes: 100_000,
              maxRows: 10,
              workers: 0,
              rateLimit: 100,
              rateBurst: 300,
              tracingEndpoint: "http://collector:4318",
            },
          },
          own: {
            image: DIGEST,
            health: { live: "/live", ready: "/ready" },
            prediction: { path: "/score", body: { rows: [[1]] }, expect: { ok: true } },
            dev: { command: ["python3", "app.py"], cwd: "examples/own" },
          },
        },
      },
      ["modelport:existing", "modelport:services"],
    );
    assert.deepEqual(config.services["iris"]?.versions, { iris: ["1"], spam: ["2", "3"] });
    assert.deepEqual(config.services["iris"].env, { LOG_LEVEL: "debug", COUNT: "3", ON: "true" });
    assert.equal(config.services["iris"].resources.cpu, "1");
  });

  /** What is wrong · the config · the key blamed · what the value got reads as · what is allowed · the command. */
  const table: [string, Config, string, RegExp, RegExp, RegExp][] = [
    [
      "no target",
      {},
      "target",
      /nothing/,
      /embedded, existing, gke, iks, minikube, openshift/,
      /config set modelport:target embedded --stack test$/,
    ],
    [
      "unknown target",
      { target: "minicube" },
      "target",
      /"minicube"/,
      /embedded, existing, gke, iks, minikube, openshift/,
      /modelport:target minikube/,
    ],
    [
      "unknown key",
      { target: "embedded", servces: "{}" },
      "servces",
      /does not exist/,
      /did you mean services\?/,
      /config rm modelport:servces --stack test$/,
    ],
    [
      "another target's settings",
      { target: "embedded", minikube: { cpus: 4 } },
      "minikube",
      /another target/,
      /target "embedded"/,
      /config rm modelport:minikube/,
    ],
    [
      "another embedded cluster",
      { target: "embedded", embedded: { cluster: "other" } },
      "embedded.cluster",
      /"other"/,
      /local/,
      /config set --path 'modelport:embedded\.cluster' local --stack test$/,
    ],
    [
      "services no object",
      { target: "embedded", services: "iris" },
      "services",
      /"iris"/,
      /an object/,
      /modelport:services/,
    ],
    [
      "no service",
      { target: "embedded", services: {} },
      "services",
      /\{\}/,
      /at least one service/,
      /modelport:services/,
    ],
    [
      "service name",
      { target: "embedded", services: { Iris_1: SERVICES.iris } },
      "services.Iris_1",
      /^"Iris_1"$/,
      /lower-case letters/,
      /Iris_1/,
    ],
    [
      "unknown service key",
      service({ replica: 3 }),
      "services.iris.replica",
      /does not exist/,
      /did you mean replicas\?/,
      /config rm --path 'modelport:services.iris.replica'/,
    ],
    [
      "unknown nested key",
      service({ resources: { memroy: "1Gi" } }),
      "services.iris.resources.memroy",
      /does not exist/,
      /did you mean memory\?/,
      /config rm/,
    ],
    [
      "no source",
      { target: "embedded", services: { iris: {} } },
      "services.iris",
      /neither/,
      /exactly one/,
      /models\[0\]' iris/,
    ],
    [
      "two sources",
      service({ image: DIGEST }),
      "services.iris",
      /models and image/,
      /exactly one/,
      /config rm .*iris\.image/,
    ],
    [
      "missing model",
      service({ models: ["irs"] }),
      "services.iris.models[0]",
      /no app\/models\/irs\/model\.json/,
      /iris, spam \(did you mean iris\?\)/,
      /models\[0\]' iris/,
    ],
    [
      "models no list",
      service({ models: "iris" }),
      "services.iris.models",
      /"iris"/,
      /a list/,
      /config set/,
    ],
    [
      "empty models",
      service({ models: [] }),
      "services.iris.models",
      /\[\]/,
      /not empty/,
      /config set/,
    ],
    [
      "version of another model",
      service({ versions: { spam: 1 } }),
      "services.iris.versions.spam",
      /doesn't have/,
      /iris/,
      /config rm .*versions\.spam/,
    ],
    [
      "version no number",
      service({ versions: { iris: "newest" } }),
      "services.iris.versions.iris",
      /"newest"/,
      /a version's number/,
      /config set/,
    ],
    [
      "short API key",
      service({ apiKeys: { me: "hunter2" } }),
      "services.iris.apiKeys.me",
      /^a secret$/,
      /^at least 16 characters$/,
      /config set --secret --path 'modelport:services\.iris\.apiKeys\.me' --stack test$/,
    ],
    [
      "API key in plain text",
      service({ apiKeys: { me: KEY } }),
      "services.iris.apiKeys.me",
      /^plain text$/,
      /^a secret$/,
      /config set --secret --path 'modelport:services\.iris\.apiKeys\.me' --stack test$/,
    ],
    [
      "server setting",
      service({ server: { maxRow: 5 } }),
      "services.iris.server.maxRow",
      /does not exist/,
      /did you mean maxRows/,
      /config rm/,
    ],
    [
      "tracing endpoint",
      service({ server: { tracingEndpoint: "collector:4318" } }),
      "services.iris.server.tracingEndpoint",
      /collector:4318/,
      /http:\/\/host:port/,
      /config set/,
    ],
    [
      "a variable of ours",
      service({ env: { GRPC_PORT: "1" } }),
      "services.iris.env.GRPC_PORT",
      /sets itself/,
      /fixed/,
      /config rm/,
    ],
    [
      "the port as a variable",
      {
        target: "embedded",
        services: { own: { image: DIGEST, prediction: { body: {} }, env: { PORT: "9000" } } },
      },
      "services.own.env.PORT",
      /sets itself/,
      /^port$/,
      /config rm/,
    ],
    [
      "a default model that isn't served",
      service({ env: { DEFAULT_MODEL: "spam" } }),
      "services.iris.env.DEFAULT_MODEL",
      /doesn't have/,
      /iris; without the key the first/,
      /config rm/,
    ],
    [
      "a name that Kubernetes has taken",
      { target: "embedded", services: { default: { models: ["iris"] } } },
      "services.default",
      /has objects of already/,
      /any but builder, default, default-deny, deployer, pipeline/,
      /rename the service/,
    ],
    [
      "port of gRPC",
      service({ port: 8081 }),
      "services.iris.port",
      /8081/,
      /any but 8081 \(gRPC\) and 9090/,
      /config rm/,
    ],
    [
      "server settings of an own container",
      {
        target: "embedded",
        services: { own: { image: DIGEST, prediction: { body: {} }, server: { workers: 2 } } },
      },
      "services.own.server",
      /built-in server/,
      /beside image or build/,
      /config rm/,
    ],
    [
      "dev beside models",
      service({ dev: { command: ["node"] } }),
      "services.iris.dev",
      /own containers/,
      /knows how to run/,
      /config rm/,
    ],
    [
      "image by tag",
      {
        target: "embedded",
        services: { own: { image: "nginx:latest", prediction: { body: {} } } },
      },
      "services.own.image",
      /nginx:latest/,
      /@sha256:/,
      /config set/,
    ],
    [
      "own container unproven",
      { target: "embedded", services: { own: { image: DIGEST } } },
      "services.own.prediction",
      /nothing/,
      /proves an own container/,
      /prediction\.path/,
    ],
    [
      "request beside models",
      service({ prediction: { body: {} } }),
      "services.iris.prediction",
      /beside models/,
      /golden answers/,
      /config rm/,
    ],
    [
      "privileged port",
      service({ port: 80 }),
      "services.iris.port",
      /^80, which only root may listen on$/,
      /1024 to 65535; or podSecurity/,
      /config set --path 'modelport:services\.iris\.port' 8080/,
    ],
    [
      "port no number",
      service({ port: "http" }),
      "services.iris.port",
      /"http"/,
      /a number/,
      /config set/,
    ],
    [
      "port too high",
      service({ port: 70000 }),
      "services.iris.port",
      /70000/,
      /at most 65535/,
      /config set/,
    ],
    [
      "no replicas",
      service({ replicas: 0 }),
      "services.iris.replicas",
      /^0$/,
      /at least 1/,
      /config set/,
    ],
    [
      "half a replica",
      service({ replicas: 1.5 }),
      "services.iris.replicas",
      /1\.5/,
      /a whole number/,
      /config set/,
    ],
    [
      "unknown exposure",
      service({ exposure: "Route" }),
      "services.iris.exposure",
      /"Route", on target embedded/,
      /one of .*NodePort, LoadBalancer, ClusterIP/,
      /config rm/,
    ],
    [
      "reserved namespace",
      service({ namespace: "kube-system" }),
      "services.iris.namespace",
      /kube-system/,
      /of the stack's own/,
      /config set/,
    ],
    [
      "memory unit",
      service({ resources: { memory: "256MB" } }),
      "services.iris.resources.memory",
      /"256MB"/,
      /"256Mi" or "2Gi"/,
      /config set/,
    ],
    [
      "cpu unit",
      service({ resources: { cpu: "lots" } }),
      "services.iris.resources.cpu",
      /"lots"/,
      /cores/,
      /config set/,
    ],
    [
      "environment name",
      service({ env: { "1X": "y" } }),
      "services.iris.env.1X",
      /^"1X"$/,
      /no digit first/,
      /config set/,
    ],
    ["no registry", existing({}), "existing.registry", /nothing/, /an object/, /config set/],
    [
      "registry with a path",
      existing({ registry: { server: "example.com/x" } }),
      "existing.registry.server",
      /example\.com\/x/,
      /a host/,
      /config set/,
    ],
    [
      "password without user",
      existing({ registry: { ...REGISTRY, user: "me" } }),
      "existing.registry.password",
      /nothing/,
      /user and password together/,
      /config set --secret --path 'modelport:existing\.registry\.password' --stack test$/,
    ],
    [
      "placeholder",
      existing({ context: "<your context>", registry: REGISTRY }),
      "existing.context",
      /the placeholder <your context>/,
      /your own value/,
      /config set/,
    ],
    [
      "Docker host",
      existing({ registry: REGISTRY, dockerHost: "localhost" }),
      "existing.dockerHost",
      /localhost/,
      /unix:\/\//,
      /config set/,
    ],
    [
      "platform",
      existing({ registry: REGISTRY, platform: "linux/s390x" }),
      "existing.platform",
      /s390x/,
      /one of linux\/amd64, linux\/arm64/,
      /config set/,
    ],
    [
      "driver",
      { target: "minikube", minikube: { driver: "vmware" } },
      "minikube.driver",
      /vmware/,
      /one of docker/,
      /config set/,
    ],
    [
      "Kubernetes version",
      { target: "minikube", minikube: { kubernetesVersion: "1.34" } },
      "minikube.kubernetesVersion",
      /1\.34/,
      /v1\.34\.0/,
      /config set/,
    ],
  ];

  for (const [title, config, key, got, allowed, fix] of table)
    it(`refuses: ${title}`, () => {
      const all = faults(config);
      const fault = all.find((candidate) => candidate.key === `modelport:${key}`);
      assert.ok(fault, `no fault at ${key}: ${JSON.stringify(all, undefined, 1)}`);
      assert.match(fault.got, got);
      assert.match(fault.allowed, allowed);
      assert.match(fault.fix, fix);
      assert.equal(all.length, 1, `one fault only: ${JSON.stringify(all, undefined, 1)}`);
    });

  it("tells all faults at once, in one message without a stack", () => {
    const config = {
      target: "embedded",
      colour: "red",
      services: { iris: { models: ["nope"], replicas: 0, expose: "NodePort" } },
    };
    const keys = faults(config).map(({ key }) => key);
    assert.deepEqual(keys.sort(), [
      "modelport:colour",
      "modelport:services.iris.expose",
      "modelport:services.iris.models[0]",
      "modelport:services.iris.replicas",
    ]);
    assert.throws(() => parse(config), /4 faults in its config, nothing was changed/);
  });

  it("refuses a password in plain text, and never shows it", () => {
    const registry = { ...REGISTRY, user: "me", password: "hunter2" };
    const [fault] = faults(existing({ registry }));
    assert.equal(fault?.key, "modelport:existing.registry.password");
    assert.equal(fault.allowed, "a secret");
    assert.doesNotMatch(JSON.stringify(faults(existing({ registry }))), /hunter2/);
  });

  it("shows nothing of a section that holds a secret", () => {
    const config = existing({
      context: 5,
      platform: "hunter2",
      registry: { ...REGISTRY, user: "me", password: ["hunter2"] },
    });
    const all = faults(config, ["modelport:existing"]);
    assert.ok(all.length >= 3);
    assert.doesNotMatch(JSON.stringify(all), /hunter2/);
  });

  it("suggests near words only", () => {
    assert.equal(suggestion("replica", ["replicas", "port"]), "replicas");
    assert.equal(suggestion("Exposure", ["exposure"]), "exposure");
    assert.equal(suggestion("zebra", ["replicas", "port"]), undefined);
  });
});

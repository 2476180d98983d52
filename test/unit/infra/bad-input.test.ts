import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { MockMonitor } from "@pulumi/pulumi/runtime/mocks";
import { TARGET_NAMES, type TargetName } from "../../../infra/config/schema";
import { ConfigError, type Fault } from "../../../infra/errors";
import { program } from "../../../infra/index";
import { TestMachine } from "./support/machine";
import { run } from "./support/mocks";

type Settings = Readonly<Record<string, unknown>>;

interface Case {
  readonly what: string;
  readonly target: TargetName;
  /** Over the target's least section. */
  readonly section?: Settings;
  /** Over a service of model iris. */
  readonly service?: Settings;
  /** Without `modelport:`. */
  readonly key: string;
  readonly got: RegExp;
  readonly allowed: RegExp;
  readonly fix: RegExp;
}

const OWN = {
  models: undefined,
  image: `us.icr.io/acme-models/own@sha256:${"a".repeat(64)}`,
  prediction: { body: {} },
};
const GIT = { repository: "https://git.example.com/iris.git" };
const EXPOSURE = "services.iris.exposure";

/** Exposures that a platform doesn't have. */
const EXPOSURES: readonly Case[] = (
  [
    ["gke", "Route"],
    ["gke", "NodePort"],
    ["iks", "Route"],
    ["openshift", "Ingress"],
    ["minikube", "Route"],
    ["embedded", "Ingress"],
    ["existing", "LoadBalancer"],
    ["existing", "Ingress"],
    ["existing", "Route"],
  ] as const
).map(([target, exposure]) => ({
  what: `${exposure} on ${target}`,
  target,
  service: { exposure },
  key: EXPOSURE,
  got: new RegExp(exposure),
  allowed: /one of .*ClusterIP/,
  fix: target === "existing" ? /existing\.|another exposure/ : /config (?:set|rm) .*iris\.exposure/,
}));

/** What no platform takes, the same on each. */
const EVERYWHERE: readonly Case[] = TARGET_NAMES.flatMap((target) => [
  {
    what: `port 80 as nobody in particular, on ${target}`,
    target,
    service: { ...OWN, port: 80 },
    key: "services.iris.port",
    got: /^80, which only root may listen on$/,
    allowed: /1024 to 65535/,
    fix: /config set .*iris\.port' 8080/,
  },
  {
    what: `an image for other nodes, on ${target}`,
    target,
    service: { ...OWN, platform: "linux/arm64" },
    key: "services.iris.platform",
    got: /linux\/arm64/,
    allowed: /linux\/amd64, which the nodes are/,
    fix: /config set .*platform' linux\/amd64/,
  },
  {
    what: `a secret in plain text, on ${target}`,
    target,
    service: { secrets: { db: { PASSWORD: "hunter22" } } },
    key: "services.iris.secrets.db.PASSWORD",
    got: /^plain text$/,
    allowed: /^a secret$/,
    fix: /config set --secret --path 'modelport:services\.iris\.secrets\.db\.PASSWORD' --stack test$/,
  },
  {
    what: `an unknown key, on ${target}`,
    target,
    section: { regoin: "x" },
    key: `${target}.regoin`,
    got: /does not exist/,
    allowed: /./,
    fix: /config rm .*regoin/,
  },
]);

const TABLE: readonly Case[] = [
  ...EXPOSURES,
  ...EVERYWHERE,
  {
    what: "a LoadBalancer on minikube without a tunnel",
    target: "minikube",
    service: { exposure: "LoadBalancer" },
    key: EXPOSURE,
    got: /no minikube tunnel runs/,
    allowed: /NodePort/,
    fix: /minikube tunnel --profile modelport-test/,
  },
  {
    what: "one worker on OpenShift",
    target: "openshift",
    section: { workersPerZone: 1 },
    key: "openshift.workersPerZone",
    got: /^1, in 1 zone/,
    allowed: /2 workers in all/,
    fix: /workersPerZone' 2/,
  },
  {
    what: "workers too small for OpenShift",
    target: "openshift",
    section: { flavor: "bx2.2x8" },
    key: "openshift.flavor",
    got: /2 cores and 8 GB/,
    allowed: /4 cores and 16 GB/,
    fix: /flavor' bx2\.4x16/,
  },
  {
    what: "a fixed user where the platform assigns one",
    target: "openshift",
    service: { podSecurity: { runAsUser: 20_000 } },
    key: "services.iris.podSecurity.runAsUser",
    got: /20000/,
    allowed: /assigns a user/,
    fix: /config rm .*runAsUser/,
  },
  {
    what: "a zone of another region, on GKE",
    target: "gke",
    section: { mode: "standard", region: "europe-west1", zones: ["us-central1-b"] },
    key: "gke.zones[0]",
    got: /us-central1-b/,
    allowed: /region europe-west1/,
    fix: /zones\[0\]' europe-west1-b/,
  },
  {
    what: "a zone of another region, on IKS",
    target: "iks",
    section: { region: "eu-de", zones: ["us-south-1"] },
    key: "iks.zones[0]",
    got: /us-south-1/,
    allowed: /region eu-de/,
    fix: /zones\[0\]' eu-de-1/,
  },
  {
    what: "a machine type that Google has not",
    target: "gke",
    section: { mode: "standard", nodes: { machineType: "t3.large" } },
    key: "gke.nodes.machineType",
    got: /t3\.large/,
    allowed: /e2-standard-2/,
    fix: /config set .*machineType/,
  },
  {
    what: "nodes on Autopilot",
    target: "gke",
    section: { nodes: { maxNodes: 5 } },
    key: "gke.nodes",
    got: /Standard clusters/,
    allowed: /mode: standard/,
    fix: /gke\.mode' standard/,
  },
  {
    what: "a region that IBM has not",
    target: "iks",
    section: { region: "us-central1" },
    key: "iks.region",
    got: /us-central1/,
    allowed: /us-south/,
    fix: /config set .*iks\.region/,
  },
  {
    what: "a registry namespace that is too long",
    target: "iks",
    section: { registryNamespace: "n".repeat(31) },
    key: "iks.registryNamespace",
    got: /nnn/,
    allowed: /4 to 30/,
    fix: /config set .*registryNamespace/,
  },
  {
    what: "no registry namespace",
    target: "openshift",
    section: { registryNamespace: undefined },
    key: "openshift.registryNamespace",
    got: /nothing/,
    allowed: /nobody else has/,
    fix: /config set .*registryNamespace/,
  },
  {
    what: "classic infrastructure without a data centre",
    target: "iks",
    section: { infrastructure: "classic" },
    key: "iks.classic.datacenter",
    got: /nothing/,
    allowed: /has a cluster already/,
    fix: /config set .*datacenter/,
  },
  {
    what: "a placeholder",
    target: "gke",
    section: { project: "<project id>" },
    key: "gke.project",
    got: /the placeholder <project id>/,
    allowed: /your own value/,
    fix: /config set .*gke\.project/,
  },
  {
    what: "an Ingress without a host, on GKE",
    target: "gke",
    service: { exposure: "Ingress" },
    key: "services.iris.host",
    got: /nothing/,
    allowed: /a name of yours/,
    fix: /iris\.host/,
  },
  {
    what: "an internal Ingress, on GKE",
    target: "gke",
    service: { exposure: "Ingress", host: "iris.example.com", internal: true },
    key: "services.iris.internal",
    got: /true/,
    allowed: /LoadBalancer/,
    fix: /iris\.internal/,
  },
  {
    what: "a host of a LoadBalancer",
    target: "iks",
    service: { exposure: "LoadBalancer", host: "iris.example.com" },
    key: "services.iris.host",
    got: /Ingress and Route/,
    allowed: /Ingress or Route/,
    fix: /config rm .*host/,
  },
  {
    what: "no time for an address",
    target: "iks",
    service: { exposure: "LoadBalancer", addressSeconds: 0 },
    key: "services.iris.addressSeconds",
    got: /0/,
    allowed: /1/,
    fix: /iris\.addressSeconds/,
  },
  {
    what: "IBM's certificate for another's domain",
    target: "iks",
    service: { exposure: "Ingress", host: "iris.example.com", tls: "managed" },
    key: "services.iris.tls",
    got: /iris\.example\.com/,
    allowed: /cluster's own domain/,
    fix: /iris\.tls/,
  },
  {
    what: "GPUs where there are none",
    target: "embedded",
    service: { gpu: { count: 1 } },
    key: "services.iris.gpu",
    got: /on target embedded/,
    allowed: /have no GPU/,
    fix: /config rm .*gpu/,
  },
  {
    what: "GPUs without a pool",
    target: "iks",
    service: { gpu: { type: "nvidia-l4" } },
    key: "services.iris.gpu",
    got: /without workers that have one/,
    allowed: /gpuPool/,
    fix: /gpuPool\.type' nvidia-l4/,
  },
  {
    what: "a custom metric that nobody serves",
    target: "gke",
    service: { autoscaling: { maxReplicas: 5, metric: { name: "rps", averageValue: "100" } } },
    key: "services.iris.autoscaling.metric",
    got: /on target gke/,
    allowed: /cpuPercent/,
    fix: /config rm .*metric/,
  },
  {
    what: "replicas beside autoscaling",
    target: "gke",
    service: { replicas: 3, autoscaling: { maxReplicas: 5 } },
    key: "services.iris.replicas",
    got: /beside autoscaling/,
    allowed: /minReplicas/,
    fix: /config rm .*replicas/,
  },
  {
    what: "a build from Git where the cluster can't build",
    target: "gke",
    service: { models: undefined, prediction: { body: {} }, build: { git: GIT } },
    key: "services.iris.build.git",
    got: /on target gke/,
    allowed: /openshift/,
    fix: /config rm .*build\.git/,
  },
  {
    what: "an image that workers can't reach",
    target: "iks",
    service: { ...OWN, image: `docker.io/acme/own@sha256:${"a".repeat(64)}` },
    key: "services.iris.image",
    got: /blocks traffic/,
    allowed: /icr\.io/,
    fix: /disableOutboundTrafficProtection' true/,
  },
];

describe("bad input", function () {
  this.timeout(300_000);
  let machine: TestMachine;
  before(async () => {
    machine = await TestMachine.start();
  });
  after(() => machine.close());

  /** What an update refuses, having registered nothing but the stack. */
  async function refused(config: Settings): Promise<readonly Fault[]> {
    let thrown: unknown;
    try {
      await run(program, {
        preview: false,
        config: JSON.parse(JSON.stringify(config)) as Settings,
        secretSections: ["existing"],
        kubeconfig: machine.kubeconfig(),
        state: machine.state,
        functions: machine.functions,
      });
    } catch (error) {
      thrown = error;
    }
    assert.ok(thrown instanceof ConfigError, String(thrown));
    const monitor: unknown = pulumi.runtime.getMonitor();
    assert.ok(monitor instanceof MockMonitor);
    const urns = [...monitor.getRegisteredResources().keys()];
    assert.deepEqual(
      urns.filter((urn) => !urn.includes("::pulumi:pulumi:Stack::")),
      [],
      "nothing is registered",
    );
    return thrown.faults;
  }

  const configOf = (target: TargetName, section: Settings = {}, service: Settings = {}) => ({
    target,
    [target]: { ...machine.section(target), ...section },
    services: { iris: { models: ["iris"], ...service } },
  });

  for (const { what, target, section, service, key, got, allowed, fix } of TABLE)
    it(`refuses ${what}`, async () => {
      const faults = await refused(configOf(target, section, service));
      const fault = faults.find((one) => one.key === `modelport:${key}`);
      assert.ok(fault, JSON.stringify(faults, undefined, 1));
      assert.match(fault.got, got);
      assert.match(fault.allowed, allowed);
      assert.match(fault.fix, fix);
      assert.equal(faults.length, 1, JSON.stringify(faults, undefined, 1));
    });

  for (const target of TARGET_NAMES)
    it(`refuses names that are too long, on ${target}`, async () => {
      const name = "n".repeat(41);
      const { iris } = configOf(target).services;
      const [fault, ...others] = await refused({
        ...configOf(target),
        services: { [name]: iris },
      });
      assert.equal(fault?.key, `modelport:services.${name}`);
      assert.match(fault.allowed, /at most 40 characters/);
      assert.deepEqual(others, []);
    });

  it("tells all faults at once, those of the target among them", async () => {
    const section = { region: "nowhere", zones: ["us-central1-b"], nodes: { maxNodes: 0 } };
    const service = { exposure: "Route", port: 80, replicas: 0, internal: true };
    const keys = (await refused(configOf("gke", section, service))).map((fault) => fault.key);
    for (const key of ["gke.region", "gke.zones", "gke.nodes.maxNodes", EXPOSURE])
      assert.ok(
        keys.some((one) => one.startsWith(`modelport:${key}`)),
        `${key}: ${keys.join(", ")}`,
      );
    for (const key of ["port", "replicas", "internal"])
      assert.ok(keys.includes(`modelport:services.iris.${key}`), `${key}: ${keys.join(", ")}`);
  });

  it("never shows a secret", async () => {
    const faults = await refused(
      configOf("existing", { registry: { server: 5, user: "me", password: "hunter2-hunter2" } }),
    );
    assert.ok(faults.length > 0);
    assert.doesNotMatch(JSON.stringify(faults), /hunter2/);
  });
});

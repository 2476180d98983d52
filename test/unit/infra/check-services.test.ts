import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseServices } from "../../../infra/config";
import { checkServices } from "../../../infra/check-services";
import type { Capabilities, Target } from "../../../infra/targets/target";

type Service = Record<string, unknown>;

const DIGEST = `registry.example.com/own@sha256:${"a".repeat(64)}`;

const CAPABILITIES: Capabilities = {
  exposures: ["NodePort", "ClusterIP"],
  nodePortsReachable: true,
  customMetrics: false,
  gitBuild: false,
};

const GPU = {
  resource: "nvidia.com/gpu",
  types: { "nvidia-l4": { accelerator: "nvidia-l4" }, "nvidia-a100": {} },
  tolerations: [],
};

function target(capabilities: Partial<Capabilities> = {}, runAsUser?: number): Target {
  return {
    name: "existing",
    platform: "linux/amd64",
    defaultExposure: "NodePort",
    capabilities: { ...CAPABILITIES, ...capabilities },
    podSecurity: runAsUser === undefined ? {} : { runAsUser },
    build: {},
    priceBasis: { kind: "none" },
    provision: () => assert.fail("nothing is registered"),
  };
}

describe("what a target can't do", () => {
  let root: string;
  before(() => {
    root = fs.mkdtempSync(path.join(os.tmpdir(), "check-services-"));
    fs.mkdirSync(path.join(root, "own"));
    fs.writeFileSync(path.join(root, "own", "Dockerfile"), "FROM nginx\n");
    fs.writeFileSync(path.join(root, "Dockerfile"), "FROM nginx\n");
    fs.writeFileSync(path.join(root, "own", "Same"), "FROM --platform=linux/amd64/v2 nginx\n");
    fs.writeFileSync(path.join(root, "own", "Arm"), "FROM --platform=linux/arm64 nginx\n");
  });
  after(() => fs.rmSync(root, { recursive: true }));

  function faults(settings: Service, on: Target) {
    const own = { prediction: { body: {} }, ...("build" in settings ? {} : { image: DIGEST }) };
    const services = { own: { ...own, ...settings } };
    const values = {
      "modelport:target": "existing",
      "modelport:services": JSON.stringify(services),
    };
    const raw = { stack: "test", values, secretKeys: [], models: [] };
    return checkServices(parseServices(raw), on, root, "test");
  }

  const security = { level: "baseline", reason: "it has always been like that" };

  /** What is wanted · the service · the target · the key blamed · got · allowed · fix. */
  const table: [string, Service, Target, string, RegExp, RegExp, RegExp][] = [
    [
      "an exposure",
      { exposure: "LoadBalancer" },
      target(),
      "exposure",
      /LoadBalancer/,
      /NodePort, ClusterIP/,
      /NodePort/,
    ],
    ["a GPU", { gpu: {} }, target(), "gpu", /on target existing/, /no GPU/, /config rm/],
    [
      "a kind of GPU",
      { gpu: { type: "nvidia-l40" } },
      target({ gpu: GPU }),
      "gpu.type",
      /"nvidia-l40"/,
      /one of nvidia-l4, nvidia-a100/,
      /gpu\.type' nvidia-l4 /,
    ],
    [
      "a metric",
      { autoscaling: { maxReplicas: 3, metric: { name: "queue", averageValue: 5 } } },
      target(),
      "autoscaling.metric",
      /a metric/,
      /cpuPercent: this cluster serves no custom metrics API/,
      /config rm/,
    ],
    [
      "autoscaling by CPU",
      { autoscaling: { maxReplicas: 3 } },
      target({ cpuMetrics: false }),
      "autoscaling",
      /by CPU, on target existing/,
      /serves no metrics of CPU/,
      /config rm/,
    ],
    [
      "root where the platform assigns users",
      { port: 80, podSecurity: { ...security, runAsUser: 0 } },
      target(),
      "podSecurity.runAsUser",
      /^0$/,
      /assigns a user/,
      /config rm/,
    ],
    [
      "an image for other nodes",
      { platform: "linux/arm64" },
      target(),
      "platform",
      /linux\/arm64/,
      /one for linux\/amd64/,
      /config set/,
    ],
    [
      "a build for other nodes",
      { build: { context: "own", dockerfile: "Arm" } },
      target(),
      "build.dockerfile",
      /linux\/arm64: FROM --platform/,
      /linux\/amd64/,
      /take --platform=linux\/arm64 from/,
    ],
    [
      "a folder that isn't there",
      { build: { context: "owm" } },
      target(),
      "build.context",
      /owm, which is no folder/,
      /a folder with a Dockerfile/,
      /config set/,
    ],
    [
      "a Dockerfile that isn't there",
      { build: { context: "own", dockerfile: "Containerfile" } },
      target(),
      "build.dockerfile",
      /Containerfile, which is not in own/,
      /a file of that folder/,
      /config set/,
    ],
    [
      "a Dockerfile out of the folder",
      { build: { context: "own", dockerfile: "../Dockerfile" } },
      target(),
      "build.dockerfile",
      /\.\.\/Dockerfile, which is not in own/,
      /a file of that folder/,
      /config set/,
    ],
    [
      "a build in the cluster",
      { build: { git: { repository: "https://github.com/example/iris.git" } } },
      target(),
      "build.git",
      /can't build/,
      /build\.context/,
      /config rm/,
    ],
    [
      "a patch over an Ingress, beside another exposure",
      { transform: { Ingress: { spec: {} } } },
      target(),
      "transform.Ingress",
      /doesn't have/,
      /its exposure is NodePort/,
      /config rm/,
    ],
  ];

  for (const [title, settings, on, key, got, allowed, fix] of table)
    it(`refuses: ${title}`, () => {
      const all = faults(settings, on);
      const [fault] = all;
      assert.equal(fault?.key, `modelport:services.own.${key}`, JSON.stringify(all));
      assert.match(fault.got, got);
      assert.match(fault.allowed, allowed);
      assert.match(fault.fix, fix);
      assert.equal(all.length, 1, JSON.stringify(all));
    });

  it("takes what the target can", () => {
    const can = { gpu: GPU, customMetrics: true, gitBuild: true };
    const on = target({ ...can, exposures: ["Ingress"] }, 65532);
    const settings = {
      exposure: "Ingress",
      gpu: { type: "nvidia-l4" },
      autoscaling: { maxReplicas: 3, metric: { name: "queue", averageValue: 5 } },
      platform: "linux/amd64",
      port: 80,
      podSecurity: { ...security, runAsUser: 0 },
      transform: { Ingress: { spec: {} } },
    };
    assert.deepEqual(faults(settings, on), []);
    assert.deepEqual(faults({ build: { context: "own" }, exposure: "Ingress" }, on), []);
  });

  it("takes an autoscaler by another metric, and an image for any variant of the nodes' processor", () => {
    const metric = { name: "queue", averageValue: 5 };
    const on = target({ cpuMetrics: false, customMetrics: true });
    assert.deepEqual(faults({ autoscaling: { maxReplicas: 3, metric } }, on), []);
    const both = { autoscaling: { maxReplicas: 3, metric, cpuPercent: 50 } };
    assert.equal(faults(both, on).length, 1);
    assert.deepEqual(faults({ build: { context: "own", dockerfile: "Same" } }, target()), []);
  });

  it("tells of versions that a model doesn't have, with everything else", () => {
    const models = path.join(root, "app", "models");
    fs.cpSync(path.join(__dirname, "../../../app/models/iris"), path.join(models, "iris"), {
      recursive: true,
    });
    const services = {
      iris: { models: ["iris"], versions: { iris: [1, 9, 10] } },
      own: { image: DIGEST, prediction: { body: {} }, gpu: {} },
    };
    const values = {
      "modelport:target": "existing",
      "modelport:services": JSON.stringify(services),
    };
    const raw = { stack: "test", values, secretKeys: [], models: ["iris"] };
    const all = checkServices(parseServices(raw), target(), root, "test");
    const fault = all.find(({ key }) => key === "modelport:services.iris.versions.iris");
    assert.match(fault?.got ?? "", /^9, 10, which app\/models\/iris\/model\.json doesn't have/);
    assert.match(fault?.allowed ?? "", /one or more of 1/);
    assert.equal(all.length, 2);
  });

  it("tells all at once", () => {
    const all = faults({ exposure: "Route", gpu: {}, platform: "linux/arm64" }, target());
    assert.equal(all.length, 3);
  });
});

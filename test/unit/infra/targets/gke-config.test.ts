import assert from "node:assert/strict";
import { parseConfig } from "../../../../infra/config";
import { checkGke } from "../../../../infra/config/targets/check-gke";
import {
  bootDisks,
  GPU_TYPES,
  GPUS,
  gpuMachine,
  isSpotOnly,
  ownGpus,
} from "../../../../infra/config/targets/gke-machines";
import { ConfigError } from "../../../../infra/errors";
import { machinePrice, prices } from "../../../../infra/targets/gke/prices";
import { configOf, PROJECT } from "../support/gke";

type Settings = Record<string, unknown>;

/** Keys of all faults, with what is told of them. */
function faults(gke: Settings, service: Settings = {}) {
  const values: Settings = {
    "modelport:target": "gke",
    "modelport:gke": JSON.stringify({ project: PROJECT, ...gke }),
    "modelport:services": JSON.stringify({ iris: { models: ["iris"], ...service } }),
  };
  const all = values as Record<string, string>;
  try {
    parseConfig({ stack: "prod", values: all, secretKeys: [], models: ["iris"] });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.faults;
  }
  return [];
}

describe("config of target gke", () => {
  it("needs a project and nothing else", () => {
    assert.deepEqual(faults({}), []);
    const { region, mode, releaseChannel, privateNodes, deletionProtection } = configOf();
    assert.deepEqual(
      [region, mode, releaseChannel, privateNodes, deletionProtection],
      ["us-central1", "autopilot", "REGULAR", true, true],
    );
  });

  it("takes every key", () => {
    const standard = {
      region: "europe-west12",
      mode: "standard",
      zones: ["europe-west12-a", "europe-west12-c"],
      nodes: {
        machineType: "n2d-highmem-8",
        minNodes: 1,
        maxNodes: 5,
        spot: true,
        diskGb: 100,
        diskType: "pd-ssd",
      },
      gpuPool: { type: "nvidia-tesla-t4", count: 2, machineType: "n1-standard-8", maxNodes: 2 },
      releaseChannel: "STABLE",
      privateNodes: false,
      network: {
        nodeRange: "10.64.0.0/22",
        podRange: "10.68.0.0/16",
        serviceRange: "10.72.0.0/22",
      },
      controlPlane: { endpoint: "ip", authorizedNetworks: { office: "203.0.113.0/24" } },
      kubeconfig: "token",
      registry: { host: "eu.gcr.io", create: false, keepCount: 3, deleteAfterDays: 90 },
      deletionProtection: false,
      labels: { team: "ml" },
      dnsZone: "example-com",
    };
    const gpu = { gpu: { type: "nvidia-tesla-t4", count: 2 } };
    assert.deepEqual(faults(standard, gpu), []);
  });

  const wrong: [what: string, gke: Settings, key: string, allowed: RegExp, service?: Settings][] = [
    ["no project", { project: undefined }, "gke.project", /text/],
    ["a project's name", { project: "My Project" }, "gke.project", /6 to 30 lower-case/],
    ["a zone as region", { region: "us-central1-b" }, "gke.region", /europe-west1/],
    ["a mode", { mode: "auto" }, "gke.mode", /autopilot, standard/],
    ["Arm nodes", standard({ machineType: "t2a-standard-1" }), "gke.nodes.machineType", /x86/],
    [
      "a machine of another cloud",
      standard({ machineType: "m5.large" }),
      "gke.nodes.machineType",
      /x86/,
    ],
    ["an empty cluster", standard({ minNodes: 0 }), "gke.nodes.minNodes", /at least 1/],
    ["fewer at most", standard({ minNodes: 4 }), "gke.nodes.maxNodes", /at least minNodes/],
    ["a disk that is none", standard({ diskType: "ssd" }), "gke.nodes.diskType", /pd-standard/],
    ["nodes on Autopilot", { nodes: { spot: true } }, "gke.nodes", /mode: standard/],
    ["zones on Autopilot", { zones: ["us-central1-b"] }, "gke.zones", /mode: standard/],
    [
      "a GPU pool on Autopilot",
      { gpuPool: { type: "nvidia-l4" } },
      "gke.gpuPool",
      /mode: standard/,
    ],
    [
      "a zone of another region",
      { mode: "standard", zones: ["europe-west1-b"] },
      "gke.zones[0]",
      /region us-central1/,
    ],
    [
      "a zone twice",
      { mode: "standard", zones: ["us-central1-b", "us-central1-b"] },
      "gke.zones[1]",
      /each zone once/,
    ],
    ["a GPU", { mode: "standard", gpuPool: { type: "l4" } }, "gke.gpuPool.type", /nvidia-l4/],
    [
      "a machine without that GPU",
      { mode: "standard", gpuPool: { type: "nvidia-l4", machineType: "n1-standard-4" } },
      "gke.gpuPool.machineType",
      /g2-standard-/,
    ],
    [
      "fewer GPUs than the machine comes with",
      pool({ type: "nvidia-tesla-a100", machineType: "a2-highgpu-8g" }),
      "gke.gpuPool.count",
      /^8, or a machine with 1, such as a2-highgpu-1g$/,
    ],
    [
      "more GPUs than the machine comes with",
      pool({ type: "nvidia-l4", machineType: "g2-standard-32", count: 2 }),
      "gke.gpuPool.count",
      /^1, or a machine with 2, such as g2-standard-24$/,
    ],
    [
      "more GPUs than any machine takes",
      pool({ type: "nvidia-tesla-t4", count: 8 }),
      "gke.gpuPool.count",
      /^1, 2, 4: no machine/,
    ],
    ["an H100 on demand", pool({ type: "nvidia-h100-80gb" }), "gke.gpuPool.spot", /Spot/],
    [
      "an old disk for a new machine",
      standard({ machineType: "n4-standard-2", diskType: "pd-balanced" }),
      "gke.nodes.diskType",
      /hyperdisk-balanced$/,
    ],
    [
      "a new disk for the default machine",
      standard({ diskType: "hyperdisk-balanced" }),
      "gke.nodes.diskType",
      /pd-balanced, pd-standard, pd-ssd$/,
    ],
    [
      "a new disk for a GPU's machine",
      pool({ type: "nvidia-l4", diskType: "hyperdisk-balanced" }),
      "gke.gpuPool.diskType",
      /pd-balanced/,
    ],
    [
      "networks without an address",
      { controlPlane: { authorizedNetworks: { office: "203.0.113.0/24" } } },
      "gke.controlPlane.authorizedNetworks",
      /endpoint ip/,
    ],
    [
      "a network that is none",
      { controlPlane: { endpoint: "ip", authorizedNetworks: { office: "203.0.113.1" } } },
      "gke.controlPlane.authorizedNetworks.office",
      /IPv4 range/,
    ],
    ["somebody's pkg.dev", { registry: { create: false } }, "gke.registry.create", /gcr\.io/],
    ["Docker Hub", { registry: { host: "docker.io" } }, "gke.registry.host", /pkg\.dev/],
    [
      "ranges that overlap",
      { network: { podRange: "10.0.8.0/21" } },
      "gke.network.podRange",
      /no address in common/,
    ],
    ["a label in capitals", { labels: { Team: "ml" } }, "gke.labels.Team", /lower-case/],
    ["a zone's DNS name", { dnsZone: "example.com" }, "gke.dnsZone", /managed zone/],
    ["an unknown key", { regoin: "x" }, "gke.regoin", /region/],
    [
      "an Ingress without a host",
      {},
      "services.iris.host",
      /GKE has none/,
      { exposure: "Ingress" },
    ],
    [
      "a host too long for Google's certificate",
      {},
      "services.iris.host",
      /at most 63/,
      { exposure: "Ingress", host: `${"a".repeat(60)}.example.com` },
    ],
    [
      "an internal Ingress",
      {},
      "services.iris.internal",
      /internal LoadBalancer/,
      { exposure: "Ingress", host: "iris.example.com", internal: true },
    ],
    ["a Route", {}, "services.iris.exposure", /LoadBalancer, Ingress/, { exposure: "Route" }],
    [
      "a GPU without nodes",
      { mode: "standard" },
      "services.iris.gpu",
      /gpuPool/,
      { gpu: { type: "nvidia-l4" } },
    ],
    ["any GPU of Autopilot's", {}, "services.iris.gpu.type", /nvidia-l4/, { gpu: {} }],
    [
      "more GPUs than a node has",
      pool({ type: "nvidia-l4", maxNodes: 4 }),
      "services.iris.gpu.count",
      /at most 1/,
      { gpu: { count: 2 } },
    ],
  ];

  for (const [what, gke, key, allowed, service] of wrong)
    it(`refuses ${what}`, () => {
      const told = faults(gke, service);
      const fault = told.find((one) => one.key === `modelport:${key}`);
      assert.ok(fault, `a fault of ${key} among ${told.map((one) => one.key).join(", ")}`);
      assert.match(fault.allowed, allowed);
      assert.match(fault.fix, /^pulumi config (?:set|rm) .*--stack prod/);
      assert.equal(told.length, 1, told.map((one) => one.key).join(", "));
    });

  const T4 = { type: "nvidia-tesla-t4" };
  const right: [what: string, gke: Settings][] = [
    ["two L4", pool({ type: "nvidia-l4", count: 2 })],
    ["a larger machine with one L4", pool({ type: "nvidia-l4", machineType: "g2-standard-32" })],
    ["four T4 on a machine of one's own", pool({ ...T4, count: 4, machineType: "n1-highmem-16" })],
    ["a Spot H100", pool({ type: "nvidia-h100-80gb", spot: true })],
    ["eight H100 on demand", pool({ type: "nvidia-h100-80gb", count: 8 })],
    ["a new machine", standard({ machineType: "c4d-standard-2" })],
    ["a disk for either", standard({ machineType: "c3-standard-4", diskType: "pd-ssd" })],
  ];
  for (const [what, gke] of right)
    it(`takes ${what}`, () => {
      assert.deepEqual(faults(gke), []);
    });

  it("tells all at once", () => {
    const told = faults(
      { project: "P", nodes: {}, registry: { create: false } },
      { exposure: "Ingress", internal: true },
    );
    assert.deepEqual(told.map(({ key }) => key.slice("modelport:".length)).sort(), [
      "gke.nodes",
      "gke.project",
      "gke.registry.create",
      "services.iris.host",
      "services.iris.internal",
    ]);
  });

  it("reads whatever stands there", () => {
    const context = { stack: "prod", values: {}, secret: () => false };
    for (const gke of [
      undefined,
      null,
      1,
      "x",
      [],
      { zones: 1, nodes: 1, gpuPool: [], network: 2 },
    ])
      for (const services of [undefined, { iris: 1 }, { iris: { gpu: 1, exposure: {} } }])
        assert.ok(Array.isArray(checkGke({ target: "gke", gke, services }, context)));
  });

  function standard(nodes: Settings): Settings {
    return { mode: "standard", nodes };
  }

  function pool(gpuPool: Settings): Settings {
    return { mode: "standard", gpuPool };
  }
});

describe("prices of target gke", () => {
  const sum = (settings: Settings) =>
    prices(configOf(settings)).items.reduce((all, one) => all + one.quantity * one.usdPerHour, 0);

  it("knows machines by family, kind and cores", () => {
    assert.equal(machinePrice("e2-standard-2")?.toFixed(4), "0.0670");
    assert.equal(machinePrice("n1-standard-4")?.toFixed(4), "0.1900");
    assert.equal(machinePrice("n2-highmem-2")?.toFixed(4), "0.1310");
    assert.equal(machinePrice("c4-standard-2"), undefined);
  });

  it("counts what runs all the time", () => {
    assert.ok(Math.abs(sum({}) - 0.1418) < 0.001, String(sum({})));
    const one = sum({ mode: "standard" });
    const two = sum({ mode: "standard", nodes: { minNodes: 2 } });
    assert.ok(Math.abs(two - one - 0.0684) < 0.001, String(two - one));
    assert.ok(sum({ privateNodes: false }) < sum({}));
  });

  it("counts GPUs where a node of theirs always runs", () => {
    const pool = (minNodes: number) =>
      sum({ mode: "standard", gpuPool: { type: "nvidia-l4", minNodes } });
    assert.ok(Math.abs(pool(1) - pool(0) - 0.708) < 0.002);
  });

  it("says what it can't count", () => {
    const { source, asOf } = prices(
      configOf({ mode: "standard", nodes: { machineType: "c4-standard-2", minNodes: 3 } }),
    );
    assert.match(source, /list prices .* not counted: 3 × node c4-standard-2$/);
    assert.match(asOf, /^\d{4}-\d{2}$/);
  });

  it("gives every GPU a machine that carries it", () => {
    assert.deepEqual([...GPU_TYPES].sort(), Object.keys(GPUS).sort());
    for (const type of GPU_TYPES)
      for (const [gpus, machine] of Object.entries(GPUS[type].smallest)) {
        const count = Number(gpus) as 1 | 2 | 4 | 8;
        assert.equal(gpuMachine({ type, count }), machine);
        assert.ok(machine.startsWith(GPUS[type].machines));
        assert.equal(ownGpus(machine) ?? count, count, machine);
        assert.equal(isSpotOnly(machine), /^a3-highgpu-[124]g$/.test(machine), machine);
        assert.equal(bootDisks(machine)[0], "pd-balanced", machine);
      }
  });
});

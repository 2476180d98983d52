import assert from "node:assert/strict";
import { parseConfig } from "../../../../infra/config";
import { GPU_FLAVORS, GPU_TYPES, REGIONS } from "../../../../infra/config/targets/ibm";
import { ConfigError } from "../../../../infra/errors";
import { prices, workerPrice } from "../../../../infra/targets/ibm/prices";
import { REGISTRY_HOSTS } from "../../../../infra/targets/ibm/names";
import { configOf, NAMESPACE } from "../support/iks";

type Settings = Record<string, unknown>;

/** Keys of all faults, with what is told of them. */
function faults(iks: Settings, service: Settings = {}, images: Settings = {}) {
  const values: Record<string, string> = {
    "modelport:target": "iks",
    "modelport:iks": JSON.stringify({ registryNamespace: NAMESPACE, ...iks }),
    "modelport:images": JSON.stringify(images),
    "modelport:services": JSON.stringify({ iris: { models: ["iris"], ...service } }),
  };
  try {
    parseConfig({ stack: "prod", values, secretKeys: [], models: ["iris"] });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.faults;
  }
  return [];
}

const DIGEST = `@sha256:${"a".repeat(64)}`;
const OWN = { models: undefined, prediction: { path: "/predict", body: {} } };

describe("config of target iks", () => {
  it("needs a registry namespace and nothing else", () => {
    assert.deepEqual(faults({}), []);
    const { region, infrastructure, workersPerZone, kubeconfig, loadBalancer } = configOf();
    assert.deepEqual(
      [region, infrastructure, workersPerZone, kubeconfig, loadBalancer],
      ["us-south", "vpc", 2, "admin", "alb"],
    );
    const [fault] = faults({ registryNamespace: undefined });
    assert.equal(fault?.key, "modelport:iks.registryNamespace");
    assert.match(fault.allowed, /nobody else has/);
  });

  it("takes every key", () => {
    const vpc = {
      region: "eu-de",
      resourceGroup: "Default",
      infrastructure: "vpc",
      zones: ["eu-de-1", "eu-de-2", "eu-de-3"],
      flavor: "cx2d.8x16",
      workersPerZone: 1,
      maxWorkersPerZone: 3,
      kubeVersion: "1.34",
      operatingSystem: "UBUNTU_24_64",
      gpuPool: { type: "nvidia-v100", flavor: "gx2.16x128x2v100", workersPerZone: 2 },
      disableOutboundTrafficProtection: true,
      loadBalancer: "nlb",
      subnetAddresses: 512,
      podSubnet: "172.30.0.0/16",
      serviceSubnet: "172.21.0.0/16",
      kubeconfig: "token",
      createRegistryNamespace: false,
      imagesPerRepository: 3,
      pullNamespaces: ["acme-mirror"],
      deletionProtection: false,
    };
    assert.deepEqual(faults(vpc), []);
    const classic = { datacenter: "fra02", publicVlanId: "1234567", privateVlanId: "1234568" };
    assert.deepEqual(faults({ infrastructure: "classic", classic, flavor: "b3c.4x16" }), []);
  });

  const wrong: readonly (readonly [string, Settings, RegExp])[] = [
    ["region", { region: "eu-central-1" }, /us-south/],
    ["registryNamespace", { registryNamespace: "Acme" }, /4 to 30 lower-case/],
    ["registryNamespace", { registryNamespace: "abc" }, /4 to 30 lower-case/],
    ["registryNamespace", { registryNamespace: "a".repeat(31) }, /4 to 30 lower-case/],
    ["pullNamespaces[0]", { pullNamespaces: ["us.icr.io/acme"] }, /4 to 30 lower-case/],
    ["flavor", { flavor: "e2-standard-2" }, /bx2\.4x16/],
    ["kubeVersion", { kubeVersion: "4.19_openshift" }, /1\.34/],
    ["operatingSystem", { operatingSystem: "ubuntu" }, /UBUNTU_24_64/],
    ["zones[0]", { zones: ["us-south"] }, /a zone such as eu-de-1/],
    ["zones[1]", { zones: ["us-south-1", "eu-de-1"] }, /zone of the region us-south/],
    ["zones[1]", { zones: ["us-south-1", "us-south-1"] }, /each zone once/],
    ["workersPerZone", { workersPerZone: 0 }, /at least 1/],
    ["maxWorkersPerZone", { maxWorkersPerZone: 2 }, /more than workersPerZone/],
    ["maxWorkersPerZone", { workersPerZone: 5, maxWorkersPerZone: 4 }, /more than workersPerZone/],
    ["subnetAddresses", { subnetAddresses: 100 }, /./],
    ["podSubnet", { podSubnet: "10.0.0.0/24" }, /\/23 or larger/],
    ["serviceSubnet", { serviceSubnet: "10.0.0.0/25" }, /\/24 or larger/],
    ["podSubnet", { podSubnet: "10.0.0.0" }, /IPv4 range/],
    ["gpuPool.type", { gpuPool: { type: "nvidia-tesla-t4" } }, /nvidia-l4/],
    ["gpuPool.flavor", { gpuPool: { type: "nvidia-l4", flavor: "bx2.4x16" } }, /has nvidia-l4/],
    [
      "gpuPool.flavor",
      { gpuPool: { type: "nvidia-l4", flavor: "gx3.24x120.l40s" } },
      /has nvidia-l4/,
    ],
    ["classic", { classic: { datacenter: "fra02" } }, /infrastructure: classic/],
    ["classic.datacenter", { infrastructure: "classic" }, /data centre in which the account has/],
    [
      "classic.datacenter",
      { infrastructure: "classic", classic: { datacenter: "Frankfurt" } },
      /data centre such as fra02/,
    ],
    ...(["zones", "gpuPool", "loadBalancer", "subnetAddresses"] as const).map(
      (key): [string, Settings, RegExp] => {
        const values = {
          zones: ["us-south-1"],
          gpuPool: { type: "nvidia-l4" },
          loadBalancer: "alb",
          subnetAddresses: 256,
        };
        const classic = { datacenter: "dal10" };
        const settings = { infrastructure: "classic", classic, [key]: values[key] };
        return [key, settings, /infrastructure: vpc/];
      },
    ),
  ];
  for (const [key, settings, allowed] of wrong)
    it(`refuses ${JSON.stringify(settings)}`, () => {
      const found = faults(settings);
      assert.deepEqual(
        found.map((fault) => fault.key),
        [`modelport:iks.${key}`],
      );
      assert.match(found[0]!.allowed, allowed);
      assert.match(found[0]!.fix, /^pulumi config (?:set|rm) .*--stack prod/);
    });

  it("refuses an image that workers can't reach, unless a mirror or the internet is there", () => {
    const image = `docker.io/tensorflow/serving${DIGEST}`;
    const [fault, ...others] = faults({}, { ...OWN, image });
    assert.deepEqual([fault?.key, others], ["modelport:services.iris.image", []]);
    assert.match(fault!.fix, /disableOutboundTrafficProtection' true/);
    assert.deepEqual(faults({ disableOutboundTrafficProtection: true }, { ...OWN, image }), []);
    const mirrors = { "docker.io": "us.icr.io/acme-mirror" };
    const pullNamespaces = ["acme-mirror"];
    assert.deepEqual(faults({ pullNamespaces }, { ...OWN, image }, { mirrors }), []);
    assert.deepEqual(faults({}, { ...OWN, image: `us.icr.io/${NAMESPACE}/own${DIGEST}` }), []);
    assert.deepEqual(faults({}, { ...OWN, image: `icr.io/ibm/own${DIGEST}` }), []);
  });

  it("refuses an image of a namespace that pods have no login for, and says which key has it", () => {
    const image = `docker.io/tensorflow/serving${DIGEST}`;
    const mirrors = { "docker.io": "us.icr.io/acme-mirror" };
    for (const disableOutboundTrafficProtection of [false, true]) {
      const settings = { disableOutboundTrafficProtection, pullNamespaces: ["acme-base"] };
      const [fault, ...others] = faults(settings, { ...OWN, image }, { mirrors });
      assert.deepEqual([fault?.key, others], ["modelport:services.iris.image", []]);
      assert.match(fault!.got, /"us\.icr\.io\/acme-mirror\/tensorflow\/serving@/);
      assert.match(fault!.fix, /iks\.pullNamespaces\[1\]' acme-mirror --stack prod/);
    }
  });

  it("refuses a certificate of IBM's for a host of one's own", () => {
    const ingress = { exposure: "Ingress", host: "iris.example.com" };
    const [fault] = faults({}, ingress);
    assert.equal(fault?.key, "modelport:services.iris.tls");
    assert.match(fault.allowed, /certificate and key, or none/);
    assert.deepEqual(faults({}, { ...ingress, tls: "none" }), []);
    assert.deepEqual(faults({}, { exposure: "Ingress" }), []);
  });

  it("refuses a private network load balancer", () => {
    const [fault] = faults({ loadBalancer: "nlb" }, { exposure: "LoadBalancer", internal: true });
    assert.equal(fault?.key, "modelport:iks.loadBalancer");
    assert.deepEqual(faults({}, { exposure: "LoadBalancer", internal: true }), []);
  });

  it("refuses a GPU that no pool has", () => {
    const gpu = { count: 1, type: "nvidia-l4" };
    assert.deepEqual(
      faults({}, { gpu }).map(({ key, fix }) => [key, fix.includes("iks.gpuPool.type")]),
      [["modelport:services.iris.gpu", true]],
    );
    assert.deepEqual(
      faults({ gpuPool: { type: "nvidia-v100" } }, { gpu, replicas: 1 }).map(({ key }) => key),
      ["modelport:services.iris.gpu.type"],
    );
    assert.deepEqual(faults({ gpuPool: { type: "nvidia-l4" } }, { gpu, replicas: 1 }), []);
  });

  it("knows a registry for every region, and a flavor for every GPU", () => {
    for (const region of REGIONS) assert.match(REGISTRY_HOSTS[region], /^[a-z]{2}2?\.icr\.io$/);
    for (const type of GPU_TYPES)
      assert.deepEqual(faults({ gpuPool: { type, flavor: GPU_FLAVORS[type] } }), [], type);
  });

  it("reckons the price of the fewest workers, and says what it can't", () => {
    const { items } = prices(configOf(), "bx2.2x8");
    assert.deepEqual(
      items.map(({ what, quantity }) => [what, quantity]),
      [
        ["worker bx2.2x8", 2],
        ["balancer of a service, before traffic", 1],
      ],
    );
    assert.ok(workerPrice("bx2.4x16", true)! > workerPrice("bx2.4x16", false)!);
    const { source } = prices(configOf({ gpuPool: { type: "nvidia-l4" } }), "bx2.2x8");
    assert.match(source, /check before you rely on it; not counted: 1 × worker gx3\.16x80\.l4$/);
  });
});

import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { iks } from "../../../../infra/targets/iks";
import { createCluster } from "../../../../infra/targets/ibm/cluster";
import { ibmContext } from "../../../../infra/targets/ibm/context";
import { addressesIn } from "../../../../infra/targets/ibm/node-addresses";
import { type Inputs, inputsOf, typesOf } from "../support/cloud-target";
import { configOf, provision, withApiKey } from "../support/iks";
import { run } from "../support/mocks";

const CLUSTER = "ibm:index/containerVpcCluster:ContainerVpcCluster";
const CLASSIC = "ibm:index/containerCluster:ContainerCluster";
const CLASSIC_POOL = "ibm:index/containerWorkerPool:ContainerWorkerPool";
const POOL = "ibm:index/containerVpcWorkerPool:ContainerVpcWorkerPool";
const SUBNET = "ibm:index/isSubnet:IsSubnet";
const GATEWAY = "ibm:index/isPublicGateway:IsPublicGateway";
const ADDONS = "ibm:index/containerAddons:ContainerAddons";
const PATCH = "kubernetes:core/v1:ConfigMapPatch";
const IP_TYPE = "service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type";
const FEATURES = "service.kubernetes.io/ibm-load-balancer-cloud-provider-enable-features";

describe("target iks", () => {
  withApiKey();

  it("makes a VPC, a subnet and a cluster with its pool, and no way to the internet", async () => {
    const ran = await provision();
    const cluster = inputsOf(ran, CLUSTER);
    assert.deepEqual(
      [cluster["name"], cluster["flavor"], cluster["workerCount"], cluster["vpcId"]],
      ["modelport-prod", "bx2.2x8", 2, "network-id"],
    );
    assert.deepEqual(cluster["zones"], [{ name: "us-south-1", subnetId: "us-south-1-id" }]);
    assert.equal(cluster["disableOutboundTrafficProtection"], false);
    assert.equal(cluster["waitTill"], "IngressReady");
    assert.deepEqual(cluster["tags"], ["modelport", "modelport-stack:prod"]);
    assert.equal(inputsOf(ran, SUBNET)["publicGateway"], undefined);
    assert.equal(inputsOf(ran, "pulumi:providers:ibm")["region"], "us-south");
    const pool = inputsOf(ran, POOL);
    assert.deepEqual(
      [pool["workerPoolName"], pool["importOnCreate"], pool["orphanOnDelete"], pool["workerCount"]],
      ["default", true, true, 2],
    );
    for (const type of [GATEWAY, ADDONS, PATCH]) assert.ok(!typesOf(ran).includes(type), type);
  });

  it("gives each zone a subnet, and a gateway where workers may call the internet", async () => {
    const zones = ["eu-de-1", "eu-de-3"];
    const settings = { region: "eu-de", zones, disableOutboundTrafficProtection: true };
    const ran = await provision({ settings });
    assert.equal(inputsOf(ran, CLUSTER)["disableOutboundTrafficProtection"], true);
    for (const zone of zones) {
      const subnet = inputsOf(ran, SUBNET, zone);
      assert.deepEqual(
        [subnet["zone"], subnet["name"], subnet["publicGateway"], subnet["totalIpv4AddressCount"]],
        [zone, `modelport-prod-${zone}`, `${zone}-id`, 256],
      );
      assert.equal(inputsOf(ran, GATEWAY, zone)["zone"], zone);
    }
    assert.deepEqual(
      (inputsOf(ran, POOL)["zones"] as Inputs[]).map(({ name }) => name),
      zones,
    );
  });

  it("autoscales by the add-on, and leaves the other add-ons alone", async () => {
    const ran = await provision({ settings: { workersPerZone: 1, maxWorkersPerZone: 4 } });
    const addons = inputsOf(ran, ADDONS);
    assert.deepEqual(
      [addons["addons"], addons["manageAllAddons"]],
      [[{ name: "cluster-autoscaler" }], false],
    );
    const { data, metadata } = inputsOf(ran, PATCH) as { data: Inputs; metadata: Inputs };
    assert.deepEqual(metadata, { name: "iks-ca-configmap", namespace: "kube-system" });
    assert.deepEqual(JSON.parse(String(data["workerPoolsConfig.json"])), [
      { name: "default", minSize: 1, maxSize: 4, enabled: true },
    ]);
  });

  it("adds a pool with GPUs, and says which a service may ask for", async () => {
    const settings = { gpuPool: { type: "nvidia-l4" } };
    const ran = await provision({ settings });
    const pool = inputsOf(ran, POOL, "gpu");
    assert.deepEqual(
      [pool["flavor"], pool["workerCount"], pool["labels"]],
      ["gx3.16x80.l4", 1, { "modelport.dev/gpu": "nvidia-l4" }],
    );
    assert.deepEqual(iks(configOf(settings)).capabilities.gpu?.types, {
      "nvidia-l4": { "modelport.dev/gpu": "nvidia-l4" },
    });
    assert.equal(iks(configOf()).capabilities.gpu, undefined);
  });

  it("gives the workers with GPUs the others' system and licence", async () => {
    const settings = { gpuPool: { type: "nvidia-l4" }, operatingSystem: "UBUNTU_24_64" };
    const ran = await run(
      () => {
        const parent = new pulumi.ComponentResource("modelport:index:IksCluster", "iks");
        const context = ibmContext("iks", configOf(settings), "prod", parent);
        createCluster(context, { flavor: "bx2.2x8", entitlement: "cloud_pak" });
        return {};
      },
      { preview: true, config: {} },
    );
    for (const { operatingSystem, entitlement } of [
      inputsOf(ran, CLUSTER),
      inputsOf(ran, POOL, "gpu"),
    ])
      assert.deepEqual([operatingSystem, entitlement], ["UBUNTU_24_64", "cloud_pak"]);
  });

  it("makes a classic cluster without a network of its own, and can resize it", async () => {
    const classic = { datacenter: "fra02", publicVlanId: "1234567", privateVlanId: "7654321" };
    const ran = await provision({ settings: { infrastructure: "classic", classic } });
    // What the provider takes for "the master answers" on a VPC's word.
    assert.equal(inputsOf(ran, CLASSIC)["waitTill"], "Normal");
    const pool = inputsOf(ran, CLASSIC_POOL);
    assert.deepEqual(
      [pool["workerPoolName"], pool["machineType"], pool["sizePerZone"]],
      ["default", "b3c.4x16", 2],
    );
    assert.deepEqual([pool["importOnCreate"], pool["orphanOnDelete"]], [true, true]);
    const cluster = inputsOf(ran, CLASSIC);
    assert.deepEqual(
      [
        cluster["datacenter"],
        cluster["machineType"],
        cluster["hardware"],
        cluster["defaultPoolSize"],
      ],
      ["fra02", "b3c.4x16", "shared", 2],
    );
    assert.deepEqual([cluster["publicVlanId"], cluster["privateVlanId"]], ["1234567", "7654321"]);
    for (const type of [CLUSTER, POOL, SUBNET]) assert.ok(!typesOf(ran).includes(type), type);
  });

  it("puts everything into the resource group of that name", async () => {
    const ran = await provision({ settings: { resourceGroup: "models" } });
    const group = "<resource group>";
    assert.equal(inputsOf(ran, CLUSTER)["resourceGroupId"], group);
    assert.equal(inputsOf(ran, POOL)["resourceGroupId"], group);
    assert.equal(inputsOf(ran, SUBNET)["resourceGroup"], group);
    assert.equal(inputsOf(ran, "ibm:index/crNamespace:CrNamespace")["resourceGroupId"], group);
    const plain = await provision();
    assert.equal(inputsOf(plain, CLUSTER)["resourceGroupId"], undefined);
  });

  it("protects the cluster unless config says otherwise", async () => {
    const isProtected = async (settings: Inputs) => {
      const { outputs } = await run(
        () => {
          const parent = new pulumi.ComponentResource("modelport:index:IksCluster", "iks");
          const context = ibmContext("iks", configOf(settings), "prod", parent);
          const { resources } = createCluster(context, { flavor: "bx2.2x8" });
          return {
            protect: resources.map((resource) => Reflect.get(resource, "__protect") === true),
          };
        },
        { preview: true, config: {} },
      );
      return outputs["protect"];
    };
    assert.deepEqual(await isProtected({}), [true, false]);
    assert.deepEqual(await isProtected({ deletionProtection: false }), [false, false]);
  });

  it("leaves alone what can't be changed in place", async () => {
    const ignored: Record<string, readonly string[] | undefined> = {};
    const watch: pulumi.ResourceTransformation = ({ type, name, opts }) => {
      ignored[`${type.split(":").at(-1) ?? ""} ${name}`] = opts.ignoreChanges;
      return undefined;
    };
    await run(
      () => {
        const options = { transformations: [watch] };
        const parent = new pulumi.ComponentResource("modelport:a:B", "iks", {}, options);
        for (const place of [
          { gpuPool: { type: "nvidia-l4" } },
          { infrastructure: "classic", classic: { datacenter: "fra02" } },
        ]) {
          const config = configOf({ ...place, maxWorkersPerZone: 5 });
          createCluster(ibmContext("iks", config, "prod", parent), { flavor: "bx2.2x8" });
        }
        return {};
      },
      { preview: true, config: {} },
    );
    assert.deepEqual(ignored["IsSubnet us-south-1"], ["totalIpv4AddressCount"]);
    assert.deepEqual(ignored["ContainerVpcWorkerPool default"], ["flavor", "workerCount"]);
    assert.deepEqual(ignored["ContainerVpcWorkerPool gpu"], ["operatingSystem"]);
    assert.ok(ignored["ContainerWorkerPool default"]?.includes("sizePerZone"));
  });

  it("asks for public balancers, private ones, and network ones", async () => {
    const annotations = async (settings: Inputs, internal: boolean) => {
      const { outputs } = await provision({ settings, front: { internal } });
      return outputs["front"] as Inputs;
    };
    assert.deepEqual(await annotations({}, false), {
      reachableFrom: "internet",
      serviceAnnotations: { [IP_TYPE]: "public" },
    });
    assert.deepEqual(await annotations({}, true), {
      reachableFrom: "vpc",
      serviceAnnotations: { [IP_TYPE]: "private" },
    });
    assert.deepEqual(await annotations({ loadBalancer: "nlb" }, false), {
      reachableFrom: "internet",
      serviceAnnotations: { [IP_TYPE]: "public", [FEATURES]: "nlb" },
    });
  });

  it("says that a VPC's NodePort is for the VPC", async () => {
    const vpc = await provision({ front: { exposure: "NodePort" } });
    assert.deepEqual(vpc.outputs["front"], { reachableFrom: "vpc" });
    assert.equal(iks(configOf()).capabilities.nodePortsReachable, false);
    const node = (...addresses: [string, string][]) => ({
      status: { addresses: addresses.map(([type, address]) => ({ type, address })) },
    });
    assert.deepEqual(
      addressesIn({ items: [node(["InternalIP", "10.240.0.4"], ["ExternalIP", "10.240.0.4"])] }),
      [{ host: "10.240.0.4", reachableFrom: "vpc" }],
    );
    assert.deepEqual(
      addressesIn({ items: [node(["InternalIP", "10.76.0.4"], ["ExternalIP", "198.51.100.4"])] }),
      [
        { host: "198.51.100.4", reachableFrom: "internet" },
        { host: "10.76.0.4", reachableFrom: "vpc" },
      ],
    );
  });

  it("computes nothing that replaces from what is not known yet", async () => {
    const ran = await provision({
      preview: true,
      idsKnown: false,
      settings: { resourceGroup: "models" },
    });
    for (const [type, keys] of [
      [CLUSTER, ["name", "flavor", "resourceGroupId"]],
      [SUBNET, ["name", "zone", "totalIpv4AddressCount", "resourceGroup"]],
      ["ibm:index/isVpc:IsVpc", ["name", "resourceGroup"]],
      ["ibm:index/crNamespace:CrNamespace", ["name"]],
      [POOL, ["workerPoolName", "flavor"]],
    ] as const)
      for (const key of keys)
        assert.equal(
          typeof inputsOf(ran, type)[key],
          key === "totalIpv4AddressCount" ? "number" : "string",
          `${type} ${key}`,
        );
    assert.equal(ran.outputs["repository"], "us.icr.io/acme-models/prod/iris");
    assert.equal(ran.outputs["kubeconfig"], undefined);
  });
});

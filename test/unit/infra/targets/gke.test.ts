import assert from "node:assert/strict";
import { gke } from "../../../../infra/targets/gke";
import { type Inputs, inputsOf, recordedOf, typesOf } from "../support/cloud-target";
import { CLUSTER, configOf, POOL, PROJECT, provision } from "../support/gke";

const GKE = "modelport:index:GkeCluster::gke";

describe("target gke", () => {
  it("makes an Autopilot cluster of the project alone", async () => {
    const ran = await provision();
    const cluster = inputsOf(ran, CLUSTER);
    assert.deepEqual(
      [cluster["location"], cluster["enableAutopilot"], cluster["name"]],
      ["us-central1", true, "modelport-prod"],
    );
    assert.deepEqual(cluster["privateClusterConfig"], { enablePrivateNodes: true });
    assert.deepEqual(cluster["controlPlaneEndpointsConfig"], {
      dnsEndpointConfig: { allowExternalTraffic: true },
      ipEndpointsConfig: { enabled: false },
    });
    assert.equal(cluster["deletionProtection"], true);
    assert.deepEqual(cluster["clusterAutoscaling"], {
      autoProvisioningDefaults: {
        serviceAccount: `modelport-prod@${PROJECT}.iam.gserviceaccount.com`,
        oauthScopes: ["https://www.googleapis.com/auth/cloud-platform"],
      },
    });
    for (const key of ["removeDefaultNodePool", "enableShieldedNodes", "workloadIdentityConfig"])
      assert.equal(cluster[key], undefined, `${key} is Autopilot's own`);
    assert.equal(typesOf(ran).includes(POOL), false);
  });

  it("makes a zonal Standard cluster with one autoscaled pool", async () => {
    const ran = await provision({ settings: { mode: "standard", region: "europe-west1" } });
    const cluster = inputsOf(ran, CLUSTER);
    assert.equal(cluster["location"], "europe-west1-b");
    assert.equal(cluster["enableAutopilot"], undefined);
    assert.deepEqual(
      [cluster["removeDefaultNodePool"], cluster["initialNodeCount"], cluster["datapathProvider"]],
      [true, 1, "ADVANCED_DATAPATH"],
    );
    assert.deepEqual(cluster["workloadIdentityConfig"], { workloadPool: `${PROJECT}.svc.id.goog` });
    assert.equal((cluster["nodeConfig"] as Inputs)["diskSizeGb"], 50);
    const pool = inputsOf(ran, POOL);
    assert.deepEqual(pool["autoscaling"], { minNodeCount: 1, maxNodeCount: 3 });
    assert.deepEqual([pool["nodeCount"], pool["initialNodeCount"]], [undefined, 1]);
    assert.deepEqual(recordedOf(ran, POOL, "nodes").ignoreChanges, ["initialNodeCount"]);
    const machines = pool["nodeConfig"] as Inputs;
    assert.equal(machines["machineType"], "e2-standard-2");
    assert.equal(machines["serviceAccount"], `modelport-prod@${PROJECT}.iam.gserviceaccount.com`);
    assert.deepEqual(machines["shieldedInstanceConfig"], {
      enableSecureBoot: true,
      enableIntegrityMonitoring: true,
    });
    assert.deepEqual(machines["workloadMetadataConfig"], { mode: "GKE_METADATA" });
  });

  it("spreads a Standard cluster over several zones, with a fixed size where it is one", async () => {
    const zones = ["us-central1-a", "us-central1-c"];
    const nodes = { minNodes: 2, maxNodes: 2, spot: true, diskType: "pd-standard", diskGb: 30 };
    const ran = await provision({ settings: { mode: "standard", zones, nodes } });
    const cluster = inputsOf(ran, CLUSTER);
    assert.equal(cluster["location"], "us-central1");
    assert.deepEqual(cluster["nodeLocations"], zones);
    const pool = inputsOf(ran, POOL);
    assert.deepEqual([pool["nodeCount"], pool["autoscaling"]], [2, undefined]);
    assert.equal(pool["initialNodeCount"], undefined, "the provider refuses both numbers");
    assert.equal(recordedOf(ran, POOL, "nodes").ignoreChanges, undefined, "an old one would stay");
    assert.deepEqual(pool["nodeLocations"], zones);
    const { spot, diskType, diskSizeGb } = pool["nodeConfig"] as Inputs;
    assert.deepEqual([spot, diskType, diskSizeGb], [true, "pd-standard", 30]);
  });

  it("adds a pool with GPUs, and says which a service may ask for", async () => {
    const settings = { mode: "standard", gpuPool: { type: "nvidia-l4" } };
    const ran = await provision({ settings });
    const pool = inputsOf(ran, POOL, "gpu");
    assert.deepEqual(pool["autoscaling"], { minNodeCount: 0, maxNodeCount: 1 });
    assert.deepEqual(pool["upgradeSettings"], { maxSurge: 0, maxUnavailable: 1 });
    const machines = pool["nodeConfig"] as Inputs;
    assert.equal(machines["machineType"], "g2-standard-4");
    assert.deepEqual(machines["shieldedInstanceConfig"], {
      enableSecureBoot: false,
      enableIntegrityMonitoring: true,
    });
    assert.deepEqual(machines["guestAccelerators"], [
      {
        type: "nvidia-l4",
        count: 1,
        gpuDriverInstallationConfig: { gpuDriverVersion: "DEFAULT" },
      },
    ]);
    assert.deepEqual(gke(configOf(settings)).capabilities.gpu?.types, {
      "nvidia-l4": { "cloud.google.com/gke-accelerator": "nvidia-l4" },
    });
    assert.equal(gke(configOf({ mode: "standard" })).capabilities.gpu, undefined);
    assert.equal(Object.keys(gke(configOf()).capabilities.gpu?.types ?? {}).length, 5);
  });

  it("takes the smallest machine with so many GPUs, and the disk that a machine boots from", async () => {
    const gpuPool = { type: "nvidia-l4", count: 4 };
    const nodes = { machineType: "n4-standard-2" };
    const ran = await provision({ settings: { mode: "standard", nodes, gpuPool } });
    const machinesOf = (name: string) => {
      const { machineType, diskType } = inputsOf(ran, POOL, name)["nodeConfig"] as Inputs;
      return [machineType, diskType];
    };
    assert.deepEqual(machinesOf("gpu"), ["g2-standard-48", "pd-balanced"]);
    assert.deepEqual(machinesOf("nodes"), ["n4-standard-2", "hyperdisk-balanced"]);
    assert.equal(
      (inputsOf(ran, CLUSTER)["nodeConfig"] as Inputs)["diskType"],
      "hyperdisk-balanced",
      "of the first pool, which lives for a minute",
    );
  });

  it("is protected by Pulumi and by Google, or by neither", async () => {
    for (const deletionProtection of [true, false]) {
      const ran = await provision({ settings: { deletionProtection } });
      assert.equal(inputsOf(ran, CLUSTER)["deletionProtection"], deletionProtection);
      assert.equal(recordedOf(ran, CLUSTER, "cluster").protect ?? false, deletionProtection);
    }
  });

  it("goes before another of its name comes", async () => {
    assert.equal(recordedOf(await provision(), CLUSTER, "cluster").deleteBeforeReplace, true);
  });

  it("has a network of its own, and a way out for private nodes only", async () => {
    const ran = await provision();
    assert.equal(inputsOf(ran, "gcp:compute/network:Network")["autoCreateSubnetworks"], false);
    const subnetwork = inputsOf(ran, "gcp:compute/subnetwork:Subnetwork");
    assert.deepEqual(subnetwork["secondaryIpRanges"], [
      { rangeName: "pods", ipCidrRange: "10.4.0.0/14" },
      { rangeName: "services", ipCidrRange: "10.8.0.0/20" },
    ]);
    assert.ok(typesOf(ran).includes("gcp:compute/routerNat:RouterNat"));
    const open = await provision({ settings: { privateNodes: false } });
    assert.equal(typesOf(open).includes("gcp:compute/routerNat:RouterNat"), false);
    assert.deepEqual(inputsOf(open, CLUSTER)["privateClusterConfig"], {
      enablePrivateNodes: false,
    });
  });

  it("gives nodes an account with two roles, before there are nodes", async () => {
    const ran = await provision({ settings: { mode: "standard" } });
    const members = ran.resources.filter(({ type }) => type === "gcp:projects/iAMMember:IAMMember");
    const member = `serviceAccount:modelport-prod@${PROJECT}.iam.gserviceaccount.com`;
    assert.deepEqual(
      members.map(({ inputs }) => [inputs["role"], inputs["member"]]),
      [
        ["roles/container.defaultNodeServiceAccount", member],
        ["roles/artifactregistry.reader", member],
      ],
    );
    const { dependencies } = recordedOf(ran, CLUSTER, "cluster");
    for (const { type, name } of members) assert.ok(dependencies.includes(`${type}::${name}`));
    assert.ok(dependencies.includes("gcp:compute/routerNat:RouterNat::nat"));
  });

  it("enables APIs first, and leaves them when it goes", async () => {
    const ran = await provision({ settings: { dnsZone: "example-com" } });
    const apis = ran.resources.filter(({ type }) => type === "gcp:projects/service:Service");
    assert.deepEqual(apis.map(({ inputs }) => inputs["service"]).sort(), [
      "artifactregistry.googleapis.com",
      "cloudresourcemanager.googleapis.com",
      "compute.googleapis.com",
      "container.googleapis.com",
      "dns.googleapis.com",
      "iam.googleapis.com",
    ]);
    assert.ok(apis.every(({ inputs }) => inputs["disableOnDestroy"] === false));
    for (const [type, name] of [
      ["gcp:compute/network:Network", "network"],
      ["gcp:serviceaccount/account:Account", "nodes"],
      ["gcp:artifactregistry/repository:Repository", "registry"],
    ] as const)
      assert.ok(
        recordedOf(ran, type, name).dependencies.includes(
          "gcp:projects/service:Service::container",
        ),
        type,
      );
  });

  it("keeps everything below one component, with the stack's label wherever there are labels", async () => {
    const settings = { mode: "standard", labels: { team: "ml" }, dnsZone: "example-com" };
    const front = { exposure: "Ingress", host: "iris.example.com", tls: "managed" } as const;
    const ran = await provision({ settings, front });
    const labels = { team: "ml", "modelport-stack": "prod", "managed-by": "pulumi" };
    const labelled = ran.resources.flatMap(({ type, inputs }) =>
      type.startsWith("gcp:") && ("labels" in inputs || "resourceLabels" in inputs)
        ? [[type, inputs["labels"] ?? inputs["resourceLabels"]] as const]
        : [],
    );
    assert.deepEqual(Object.fromEntries(labelled), {
      [CLUSTER]: labels,
      "gcp:artifactregistry/repository:Repository": labels,
      "gcp:compute/globalAddress:GlobalAddress": labels,
    });
    assert.deepEqual((inputsOf(ran, POOL)["nodeConfig"] as Inputs)["resourceLabels"], labels);
    for (const { type, name, parent } of ran.recorded)
      if (!type.startsWith("modelport:"))
        assert.ok(
          parent === GKE || parent === "modelport:index:InferenceService::iris",
          `${type} ${name} has parent ${String(parent)}`,
        );
  });

  it("keeps Pulumi's names within what Google takes", async () => {
    const stack = "a-stack-with-a-name-that-is-longer-than-clusters-may-have";
    const ran = await provision({ stack });
    const { accountId } = inputsOf(ran, "gcp:serviceaccount/account:Account");
    assert.match(String(accountId), /^[a-z](?:[-a-z0-9]{4,28}[a-z0-9])$/);
    assert.match(String(inputsOf(ran, CLUSTER)["name"]), /^[a-z][-a-z0-9]{0,38}[a-z0-9]$/);
    for (const type of ["gcp:compute/network:Network", "gcp:compute/routerNat:RouterNat"])
      assert.match(String(inputsOf(ran, type)["name"]), /^[a-z][-a-z0-9]{0,61}[a-z0-9]$/);
  });

  it("replaces nothing because of an output that a preview doesn't know", async () => {
    const settings = { mode: "standard", gpuPool: { type: "nvidia-l4" } };
    const ran = await provision({ settings, front: {}, preview: true });
    const plain: Record<string, readonly string[]> = {
      [CLUSTER]: ["name", "location", "project"],
      [POOL]: ["name", "project", "nodeConfig", "nodeLocations"],
      "gcp:projects/iAMMember:IAMMember": ["member", "role", "project"],
      "gcp:artifactregistry/repository:Repository": ["location", "repositoryId", "project"],
      "gcp:compute/address:Address": ["name", "region", "addressType"],
      "gcp:compute/subnetwork:Subnetwork": ["name", "region", "ipCidrRange"],
    };
    for (const { type, name, inputs } of ran.recorded)
      for (const key of plain[type] ?? []) {
        assert.ok(key in inputs, `${type} ${name} has ${key}`);
        assert.equal(
          JSON.stringify(inputs[key]).includes("<known after up>"),
          false,
          `${type} ${name}: ${key}`,
        );
      }
  });
});

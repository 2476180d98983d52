import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { program } from "../../../../infra/index";
import { setOffline } from "../../../../infra/offline-mode";
import { openshift as schema } from "../../../../infra/config/targets/openshift";
import { openshift } from "../../../../infra/targets/openshift";
import type { Cluster, FrontArgs } from "../../../../infra/targets/target";
import { run, type Ran } from "../support/mocks";

const NAMESPACE = "acme-models";
const CLASSIC = { infrastructure: "classic", classic: { datacenter: "fra02" } };

interface Provisioned extends Ran {
  /** Inputs of the only resource of a type. */
  readonly one: (type: string) => Record<string, unknown>;
  readonly count: (type: string) => number;
}

const nothing: (cluster: Cluster) => pulumi.Inputs = () => ({});

describe("target openshift", () => {
  const saved = process.env["IC_API_KEY"];
  beforeEach(() => (process.env["IC_API_KEY"] = "caller-key"));
  after(() => {
    if (saved === undefined) delete process.env["IC_API_KEY"];
    else process.env["IC_API_KEY"] = saved;
  });

  const config = (settings: Record<string, unknown> = {}) =>
    schema.parse({ registryNamespace: NAMESPACE, ...settings });

  async function provision(
    settings: Record<string, unknown> = {},
    { preview = false, idsKnown = true, use = nothing } = {},
  ): Promise<Provisioned> {
    const ran = await run(
      () => {
        const cluster = openshift(config(settings)).provision("test");
        return { kubeconfig: cluster.kubeconfig, ...use(cluster) };
      },
      { preview, idsKnown, config: {} },
    );
    const of = (type: string) => ran.resources.filter((resource) => resource.type === type);
    return {
      ...ran,
      count: (type) => of(type).length,
      one(type) {
        const found = of(type);
        assert.equal(found.length, 1, type);
        return found[0]!.inputs;
      },
    };
  }

  it("is reached by Routes, lets no user be fixed and builds from Git", () => {
    const { defaultExposure, capabilities, podSecurity, platform } = openshift(config());
    assert.equal(defaultExposure, "Route");
    assert.deepEqual(podSecurity, {});
    assert.equal(capabilities.gitBuild, true);
    assert.deepEqual(capabilities.tls, ["managed", "given"]);
    assert.equal(platform, "linux/amd64");
  });

  it("is a cluster on a VPC with two workers, whose registry has its storage", async () => {
    const { one } = await provision();
    const cluster = one("ibm:index/containerVpcCluster:ContainerVpcCluster");
    const { flavor, workerCount, kubeVersion, cosInstanceCrn, zones } = cluster;
    assert.deepEqual(
      [flavor, workerCount, kubeVersion, cosInstanceCrn],
      ["bx2.4x16", 2, "4.20_openshift", "<CRN>"],
    );
    assert.deepEqual(
      (zones as { name: string }[]).map(({ name }) => name),
      ["us-south-1"],
    );
    const { service, plan, location } = one("ibm:index/resourceInstance:ResourceInstance");
    assert.deepEqual([service, plan, location], ["cloud-object-storage", "standard", "global"]);
    assert.ok(!("entitlement" in cluster), "the licence is billed by the hour");
  });

  it("keeps its registry where config says, and takes a licence that is there", async () => {
    const cosInstanceCrn = `crn:v1:bluemix:public:cloud-object-storage:global:a/1:2::`;
    const { one, count } = await provision({ cosInstanceCrn, entitlement: "cloud_pak" });
    const cluster = one("ibm:index/containerVpcCluster:ContainerVpcCluster");
    assert.deepEqual(
      [cluster["cosInstanceCrn"], cluster["entitlement"]],
      [cosInstanceCrn, "cloud_pak"],
    );
    assert.equal(count("ibm:index/resourceInstance:ResourceInstance"), 0);
  });

  it("is on classic infrastructure where that is asked for: no VPC, no storage", async () => {
    const { one, count } = await provision(CLASSIC);
    const { machineType, defaultPoolSize, kubeVersion, hardware } = one(
      "ibm:index/containerCluster:ContainerCluster",
    );
    assert.deepEqual(
      [machineType, defaultPoolSize, kubeVersion, hardware],
      ["b3c.4x16", 2, "4.20_openshift", "shared"],
    );
    for (const type of ["isVpc:IsVpc", "resourceInstance:ResourceInstance"])
      assert.equal(count(`ibm:index/${type}`), 0, type);
  });

  it("can be previewed from nothing, and tells no kubeconfig then", async () => {
    const { outputs, one } = await provision({}, { preview: true, idsKnown: false });
    assert.equal(outputs["kubeconfig"], undefined);
    const { name } = one("ibm:index/containerVpcCluster:ContainerVpcCluster");
    assert.equal(name, "modelport-test");
  });

  it("keeps the caller's key out of everything but the push", async () => {
    const { recorded } = await provision();
    assert.doesNotMatch(JSON.stringify(recorded), /caller-key/);
  });

  it("builds with the cluster's own provider", async () => {
    const source = {
      repository: "https://github.com/example/iris.git",
      commit: "a".repeat(40),
      ref: "HEAD",
      contextDir: ".",
      strategy: { kind: "docker", dockerfile: "Dockerfile" },
      rebuild: 0,
    } as const;
    const args = { service: "iris", namespace: "modelport-test", stack: "test", source };
    const { outputs } = await provision(
      {},
      { use: (cluster) => ({ image: cluster.buildFromGit?.("iris", args) }) },
    );
    assert.match(String(outputs["image"]), /\/modelport-test-builds\/iris@sha256:[0-9a-f]{64}$/);
  });

  describe("with a service that is built from Git", () => {
    const git = {
      repository: "https://github.com/example/iris.git",
      builderImage: "registry.access.redhat.com/ubi9/python-312:latest",
      credentials: { user: "me", token: "hidden-token" },
    };
    const sections = {
      target: "openshift",
      openshift: { registryNamespace: NAMESPACE, disableOutboundTrafficProtection: true },
      services: {
        iris: { build: { git }, prediction: { body: {} } },
        spam: { models: ["spam"] },
      },
      images: { mirrors: { "registry.access.redhat.com": "mirror.example.com/redhat" } },
    };
    let ran: Ran;
    before(async () => {
      // No network: the commit is a stand-in.
      setOffline(true);
      ran = await run(program, {
        preview: true,
        config: sections,
        secretSections: ["services"],
      });
      setOffline(false);
    });
    const inputs = (type: string, name: string) =>
      ran.resources.find((resource) => resource.type === type && resource.name === name)?.inputs ??
      assert.fail(`${type} ${name}`);
    const pod = (service: string) => {
      const { spec } = inputs("kubernetes:apps/v1:Deployment", service) as {
        spec: { template: { spec: Record<string, unknown> } };
      };
      return spec.template.spec;
    };

    it("builds it in the cluster, the others here", () => {
      inputs("kubernetes:build.openshift.io/v1:Build", "iris");
      const images = ran.resources.filter(({ type }) => type === "docker:index/image:Image");
      assert.deepEqual(
        images.map(({ name }) => name),
        ["spam"],
      );
    });
    it("takes the builder image from where config says", () => {
      const { spec } = inputs("kubernetes:build.openshift.io/v1:Build", "iris") as {
        spec: { strategy: { sourceStrategy: { from: { name: string } } } };
      };
      assert.equal(
        spec.strategy.sourceStrategy.from.name,
        "mirror.example.com/redhat/ubi9/python-312:latest",
      );
    });
    it("waits for its account's login to the cluster's registry, the others' not", () => {
      const waits = (service: string) => {
        const { metadata } = inputs("kubernetes:core/v1:ServiceAccount", service) as {
          metadata: { annotations?: Record<string, string> };
        };
        return metadata.annotations?.["pulumi.com/waitFor"];
      };
      assert.match(waits("iris") ?? "", /imagePullSecrets/);
      assert.equal(waits("spam"), undefined);
    });
    it("names no pull secret for it, or the cluster's own would not count", () => {
      assert.equal(pod("iris")["imagePullSecrets"], undefined);
      assert.deepEqual(pod("spam")["imagePullSecrets"], [{ name: "registry" }]);
    });
    it("fixes no user", () => {
      for (const service of ["iris", "spam"]) {
        const { runAsUser, runAsNonRoot, fsGroup } = pod(service)["securityContext"] as Record<
          string,
          unknown
        >;
        assert.deepEqual([runAsUser, fsGroup, runAsNonRoot], [undefined, undefined, true]);
      }
    });
    it("shows the repository's token nowhere", () =>
      assert.doesNotMatch(JSON.stringify(ran.recorded), /hidden-token/));
  });

  describe("puts in front of a service", () => {
    async function front(settings: Record<string, unknown>, args: Partial<FrontArgs>) {
      let made: ReturnType<NonNullable<Cluster["front"]>> | undefined;
      await provision(settings, {
        preview: true,
        use: (cluster) => {
          made = cluster.front?.({
            service: "iris",
            namespace: "modelport-test",
            stack: "test",
            exposure: "Route",
            internal: false,
            health: { path: "/readyz", port: 8080 },
            parent: new pulumi.ComponentResource("modelport:index:InferenceService", "iris"),
            dependsOn: [],
            ...args,
          });
          return {};
        },
      });
      return made;
    }
    const PREFIX = "service.kubernetes.io/ibm-load-balancer-cloud-provider";

    it("nothing but the router, for a Route", async () =>
      assert.deepEqual(await front({}, {}), { reachableFrom: "internet" }));
    it("a balancer, private where asked for", async () => {
      assert.deepEqual(await front({}, { exposure: "LoadBalancer", internal: true }), {
        reachableFrom: "vpc",
        serviceAnnotations: { [`${PREFIX}-ip-type`]: "private" },
      });
    });
    it("an honest word for a NodePort", async () =>
      assert.deepEqual(await front({}, { exposure: "NodePort" }), { reachableFrom: "vpc" }));
  });

  describe("tells what an hour costs", () => {
    const worker = (settings: Record<string, unknown>) => {
      const { priceBasis } = openshift(config(settings));
      assert.equal(priceBasis.kind, "hourly");
      return priceBasis.items[0]!;
    };
    it("with OpenShift's licence, unless the account has one", () => {
      const plain = worker({});
      assert.match(plain.what, /licence/);
      assert.equal(plain.quantity, 2);
      assert.ok(plain.usdPerHour > worker({ entitlement: "cloud_pak" }).usdPerHour);
    });
    it("for the workers of all zones", () =>
      assert.equal(worker({ zones: ["us-south-1", "us-south-2"] }).quantity, 4));
  });

  it("needs an API key, and says how to get one", () => {
    delete process.env["IC_API_KEY"];
    assert.throws(
      () => openshift(config()),
      /no API key of IBM Cloud[\s\S]*fix: export IC_API_KEY/,
    );
  });
});

import assert from "node:assert/strict";
import type { Front } from "../../../../infra/targets/target";
import { type Inputs, inputsOf, recordedOf, typesOf } from "../support/cloud-target";
import { CLUSTER, DNS_ENDPOINT, POOL, PROJECT, provision } from "../support/gke";
import type { Ran } from "../support/mocks";

describe("target gke, from outside", () => {
  describe("registry", () => {
    it("is a repository of the stack's own, with a cleanup policy and no pull secret", async () => {
      const ran = await provision({ settings: { registry: { keepCount: 5, deleteAfterDays: 7 } } });
      const repository = inputsOf(ran, "gcp:artifactregistry/repository:Repository");
      assert.deepEqual(
        [repository["location"], repository["repositoryId"], repository["format"]],
        ["us-central1", "modelport-prod", "DOCKER"],
      );
      assert.deepEqual(repository["cleanupPolicies"], [
        { id: "keep-newest", action: "KEEP", mostRecentVersions: { keepCount: 5 } },
        {
          id: "delete-old",
          action: "DELETE",
          condition: { tagState: "ANY", olderThan: "604800s" },
        },
      ]);
      assert.equal(
        ran.outputs["repository"],
        `us-central1-docker.pkg.dev/${PROJECT}/modelport-prod/iris`,
      );
      const images = ran.outputs["images"] as Inputs;
      assert.equal(images["pull"], undefined);
      assert.deepEqual(images["push"], { user: "oauth2accesstoken", password: "<access token>" });
    });

    for (const [host, location] of [
      ["gcr.io", "us"],
      ["us.gcr.io", "us"],
      ["eu.gcr.io", "europe"],
      ["asia.gcr.io", "asia"],
    ] as const)
      it(`is the project's own behind ${host}`, async () => {
        const ran = await provision({ settings: { registry: { host } } });
        const repository = inputsOf(ran, "gcp:artifactregistry/repository:Repository");
        assert.deepEqual([repository["location"], repository["repositoryId"]], [location, host]);
        assert.equal(ran.outputs["repository"], `${host}/${PROJECT}/modelport/prod/iris`);
      });

    it("has a path in lower case, whatever the stack is called", async () => {
      for (const host of ["pkg.dev", "gcr.io"]) {
        const ran = await provision({ settings: { registry: { host } }, stack: "Prod_EU" });
        const { repository } = ran.outputs;
        assert.match(String(repository), /^[a-z0-9.-]+(?:\/[a-z0-9]+(?:-[a-z0-9]+)*)+$/);
      }
    });

    it("is somebody else's where it says so", async () => {
      const ran = await provision({ settings: { registry: { host: "eu.gcr.io", create: false } } });
      assert.equal(typesOf(ran).includes("gcp:artifactregistry/repository:Repository"), false);
    });
  });

  describe("kubeconfig", () => {
    const read = ({ outputs }: Ran) =>
      JSON.parse(String(outputs["kubeconfig"])) as {
        clusters: { cluster: Inputs }[];
        users: { user: { exec?: Inputs; token?: string } }[];
      };

    it("asks the plugin, with Pulumi's credentials, at the API's name", async () => {
      const { clusters, users } = read(await provision());
      assert.deepEqual(clusters[0]?.cluster, { server: `https://${DNS_ENDPOINT}` });
      const { command, args } = users[0]?.user.exec ?? {};
      assert.equal(command, "gke-gcloud-auth-plugin");
      assert.deepEqual(args, ["--use_application_default_credentials"]);
    });

    it("has a token, an address and its certificate authority where it is told to", async () => {
      const authorizedNetworks = { office: "203.0.113.0/24" };
      const settings = {
        kubeconfig: "token",
        controlPlane: { endpoint: "ip", authorizedNetworks },
      };
      const ran = await provision({ settings });
      const { clusters, users } = read(ran);
      assert.deepEqual(clusters[0]?.cluster, {
        server: "https://192.0.2.10",
        "certificate-authority-data": "PGNlcnRpZmljYXRlPg==",
      });
      assert.deepEqual(users[0]?.user, { token: "<access token>" });
      assert.deepEqual(inputsOf(ran, CLUSTER)["masterAuthorizedNetworksConfig"], {
        cidrBlocks: [{ displayName: "office", cidrBlock: "203.0.113.0/24" }],
      });
    });

    it("is a secret, as the token of a push is", async () => {
      const ran = await provision({ settings: { kubeconfig: "token" } });
      const provider = recordedOf(ran, "pulumi:providers:kubernetes", "gke");
      assert.equal(provider.inputs["kubeconfig"], "<secret>");
      assert.equal(JSON.stringify(ran.recorded).includes("<access token>"), false);
    });

    it("moves no object for another way to the same cluster", async () => {
      for (const endpoint of ["dns", "ip"]) {
        const ran = await provision({ settings: { controlPlane: { endpoint } } });
        const { clusterIdentifier } = inputsOf(ran, "pulumi:providers:kubernetes");
        assert.equal(clusterIdentifier, DNS_ENDPOINT);
      }
    });

    it("goes after the pods that it took away", async () => {
      const ran = await provision({ settings: { mode: "standard" } });
      const { dependencies } = recordedOf(ran, "pulumi:providers:kubernetes", "gke");
      for (const before of [`${CLUSTER}::cluster`, `${POOL}::nodes`])
        assert.ok(dependencies.includes(before), before);
    });
  });

  describe("front", () => {
    const ADDRESS = "gcp:compute/address:Address";
    const frontOf = ({ outputs }: Ran) => outputs["front"] as Front;

    it("of a LoadBalancer is a reserved address", async () => {
      const ran = await provision({ front: {} });
      const address = inputsOf(ran, ADDRESS);
      assert.deepEqual(
        [address["name"], address["region"], address["addressType"], address["subnetwork"]],
        ["modelport-prod-iris", "us-central1", "EXTERNAL", undefined],
      );
      const { reachableFrom, loadBalancerIp } = frontOf(ran);
      assert.equal(reachableFrom, "internet");
      assert.ok(typeof loadBalancerIp === "string" && /^[0-9.]+$/.test(loadBalancerIp));
      assert.equal((ran.outputs["before"] as unknown[]).length, 1);
    });

    it("of an internal LoadBalancer is an address of the nodes' network", async () => {
      const ran = await provision({ front: { internal: true } });
      const address = inputsOf(ran, ADDRESS);
      assert.deepEqual(
        [address["name"], address["addressType"], address["networkTier"]],
        ["modelport-prod-iris-internal", "INTERNAL", undefined],
      );
      assert.equal(address["subnetwork"], "nodes-id");
      const { reachableFrom, serviceAnnotations } = frontOf(ran);
      assert.equal(reachableFrom, "vpc");
      assert.deepEqual(serviceAnnotations, { "networking.gke.io/load-balancer-type": "Internal" });
    });

    const managed = { exposure: "Ingress", host: "iris.example.com", tls: "managed" } as const;

    it("of an Ingress is a global address, Google's certificate, a redirect and a health check", async () => {
      const ran = await provision({ front: managed });
      const { name } = inputsOf(ran, "gcp:compute/globalAddress:GlobalAddress");
      const { ingress, serviceAnnotations } = frontOf(ran);
      assert.deepEqual(ingress?.annotations, {
        "kubernetes.io/ingress.class": "gce",
        "kubernetes.io/ingress.global-static-ip-name": name,
        "networking.gke.io/managed-certificates": "iris",
        "networking.gke.io/v1beta1.FrontendConfig": "iris",
      });
      assert.equal(ingress.className, undefined, "GKE reads the annotation only");
      assert.deepEqual(serviceAnnotations, {
        "cloud.google.com/neg": '{"ingress": true}',
        "cloud.google.com/backend-config": '{"default":"iris"}',
      });
      const certificate = inputsOf(ran, "kubernetes:networking.gke.io/v1:ManagedCertificate");
      assert.deepEqual(certificate["spec"], { domains: ["iris.example.com"] });
      const frontend = inputsOf(ran, "kubernetes:networking.gke.io/v1beta1:FrontendConfig");
      assert.deepEqual(frontend["spec"], {
        redirectToHttps: { enabled: true, responseCodeName: "PERMANENT_REDIRECT" },
      });
      const { healthCheck } = inputsOf(ran, "kubernetes:cloud.google.com/v1:BackendConfig")[
        "spec"
      ] as { healthCheck: Inputs };
      assert.deepEqual([healthCheck["requestPath"], healthCheck["port"]], ["/readyz", 8080]);
      assert.equal((ran.outputs["before"] as unknown[]).length, 4);
      assert.equal(typesOf(ran).includes("gcp:dns/recordSet:RecordSet"), false);
    });

    it("of an Ingress has a record where the zone is the project's", async () => {
      const ran = await provision({ settings: { dnsZone: "example-com" }, front: managed });
      const { name, type, managedZone, rrdatas } = inputsOf(ran, "gcp:dns/recordSet:RecordSet");
      assert.deepEqual([name, type, managedZone], ["iris.example.com.", "A", "example-com"]);
      assert.deepEqual(rrdatas, [frontOf(ran).ingress?.address]);
    });

    it("of an Ingress takes the user's certificate, or none", async () => {
      const given = await provision({ front: { ...managed, tls: "given" } });
      assert.equal(
        typesOf(given).includes("kubernetes:networking.gke.io/v1:ManagedCertificate"),
        false,
      );
      assert.ok(typesOf(given).includes("kubernetes:networking.gke.io/v1beta1:FrontendConfig"));
      const { exposure, host } = managed;
      const plain = await provision({ front: { exposure, host } });
      assert.deepEqual(Object.keys(frontOf(plain).ingress?.annotations ?? {}), [
        "kubernetes.io/ingress.class",
        "kubernetes.io/ingress.global-static-ip-name",
      ]);
    });

    it("makes Google's objects by Kubernetes' provider, and clouds' by Google's", async () => {
      const ran = await provision({ front: managed });
      const objects = ran.recorded.filter(({ type }) => type.startsWith("kubernetes:"));
      assert.equal(objects.length, 3);
      for (const { inputs } of objects) {
        const { name, namespace, labels } = inputs["metadata"] as Inputs;
        assert.deepEqual([name, namespace], ["iris", "modelport-prod"]);
        assert.equal((labels as Inputs)["app.kubernetes.io/name"], "iris");
      }
    });

    it("of a ClusterIP is nothing", async () => {
      const ran = await provision({ front: { exposure: "ClusterIP" } });
      assert.equal(typesOf(ran).includes(ADDRESS), false);
      assert.equal(frontOf(ran).reachableFrom, "cluster");
    });
  });
});

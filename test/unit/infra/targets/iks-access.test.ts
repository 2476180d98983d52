import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { iks } from "../../../../infra/targets/iks";
import { loginText } from "../../../../infra/targets/ibm/kubeconfig";
import { type Inputs, inputsOf, typesOf } from "../support/cloud-target";
import {
  API_KEY,
  CERTIFICATE,
  configOf,
  DOMAIN,
  NAMESPACE,
  provision,
  withApiKey,
} from "../support/iks";
import { awaitCertificate, certificateId } from "../../../../infra/targets/ibm/domain";
import { kubeconfig as kubeconfigAt, serve, type TestServer } from "../support/balancer";
import { run } from "../support/mocks";

const POLICY = "ibm:index/iamServicePolicy:IamServicePolicy";
const SECRET = "kubernetes:core/v1:Secret";
const DOWNLOADS = "modelport-ibm-";

describe("access to what target iks makes", () => {
  withApiKey();
  let server: TestServer;
  before(async () => {
    server = await serve(() => [200, {}]);
  });
  after(() => server.close());

  it("has a registry namespace with a policy, pushed to by the caller, pulled from by a reader", async () => {
    const ran = await provision({ settings: { region: "eu-gb", imagesPerRepository: 5 } });
    assert.equal(inputsOf(ran, "ibm:index/crNamespace:CrNamespace")["name"], "acme-models");
    assert.deepEqual(inputsOf(ran, "ibm:index/crRetentionPolicy:CrRetentionPolicy"), {
      namespace: "acme-models",
      imagesPerRepo: 5,
      retainUntagged: false,
    });
    const policy = inputsOf(ran, POLICY);
    assert.deepEqual(policy["roles"], ["Reader"]);
    assert.equal(policy["iamServiceId"], "registry-id");
    assert.deepEqual(policy["resources"], {
      service: "container-registry",
      resourceType: "namespace",
      resource: "acme-models",
    });
    // The key wants the IAM ID of the service ID, not its ID.
    const key = inputsOf(ran, "ibm:index/iamServiceApiKey:IamServiceApiKey");
    assert.equal(key["iamServiceId"], "iam-ServiceId-1");
    assert.equal(ran.outputs["repository"], "uk.icr.io/acme-models/prod/iris");
    const images = ran.outputs["images"] as { push: Inputs; pull: Inputs; server: string };
    assert.equal(images.server, "uk.icr.io");
    assert.deepEqual(images.push, { user: "iamapikey", password: API_KEY });
    const { servers, ...pull } = images.pull as { servers: string[] };
    assert.deepEqual(pull, { user: "iamapikey", password: "pull-key" });
    for (const host of ["uk.icr.io", "us.icr.io", "icr.io"])
      assert.ok(servers.includes(host), host);
  });

  it("pulls from the namespaces that config names, each once", async () => {
    const settings = { pullNamespaces: ["acme-mirror", NAMESPACE, "acme-mirror"] };
    const ran = await provision({ settings });
    const namespaces = ran.resources
      .filter(({ type }) => type === POLICY)
      .map(({ inputs }) => (inputs["resources"] as Inputs)["resource"]);
    assert.deepEqual(namespaces, [NAMESPACE, "acme-mirror"]);
    const key = ran.recorded.find(({ type }) => type.endsWith(":IamServiceApiKey"));
    assert.equal(key?.dependencies.filter((one) => one.startsWith(POLICY)).length, 2);
  });

  it("has repositories that registries take, whatever the stack's name", async () => {
    const { outputs } = await provision({ stack: "Prod_EU", preview: true });
    assert.match(
      String(outputs["repository"]),
      /^us\.icr\.io\/acme-models\/prod-eu-[0-9a-f]{8}\/iris$/,
    );
  });

  it("uses a registry namespace that is there without touching it", async () => {
    const ran = await provision({ settings: { createRegistryNamespace: false } });
    const made = typesOf(ran).filter((type) => type.startsWith("ibm:index/cr"));
    assert.deepEqual(made, []);
  });

  it("keeps the caller's API key, logins and certificates secret", async () => {
    const { port } = server;
    const ran = await provision({ port, front: { exposure: "Ingress", tls: "managed" } });
    const text = JSON.stringify(ran.recorded);
    for (const secret of [API_KEY, "pull-key", CERTIFICATE["tls.key"], "<key>"])
      assert.equal(text.includes(secret), false, secret);
    const kubernetes = ran.recorded.find(({ type }) => type === "pulumi:providers:kubernetes");
    assert.equal(kubernetes?.inputs["kubeconfig"], "<secret>");
  });

  it("is refused without an API key", () => {
    delete process.env["IC_API_KEY"];
    delete process.env["IBMCLOUD_API_KEY"];
    assert.throws(() => iks(configOf()), /no API key of IBM Cloud[^]*export IC_API_KEY/);
  });

  it("gives an Ingress the cluster's domain, with a copy of its certificate", async () => {
    const { port } = server;
    const ran = await provision({ port, front: { exposure: "Ingress", tls: "managed" } });
    assert.match(server.seen.at(-1)?.url ?? "", /\/default\/secrets\/modelport-prod-0123-0000$/);
    assert.deepEqual(ran.outputs["front"], {
      reachableFrom: "internet",
      ingress: { host: `iris.${DOMAIN}`, tlsSecret: "iris-domain-tls" },
    });
    const copy = inputsOf(ran, SECRET, "iris-domain-tls");
    assert.equal((copy["metadata"] as Inputs)["namespace"], "modelport-prod");
    // As Pulumi sends a secret.
    assert.deepEqual((copy["data"] as Inputs)["value"], CERTIFICATE);
    assert.equal(copy["type"], "kubernetes.io/tls");
    const plain = await provision({ front: { exposure: "Ingress" } });
    assert.equal(typesOf(plain).includes(SECRET), false);
  });

  describe("waits for the domain's certificate", () => {
    const asked = { stack: "prod", cluster: "modelport-prod" };
    const patience = { timeoutMs: 600_000, pauseMs: 1 };

    it("until the cluster has it", async () => {
      const late = await serve((_, count) => [count < 3 ? 404 : 200, {}]);
      try {
        await awaitCertificate(asked, "domain", kubeconfigAt(late.port), patience);
        assert.equal(late.seen.length, 3);
      } finally {
        late.close();
      }
    });
    it("no longer than a while, and says how to look", async () => {
      const never = await serve(() => [404, {}]);
      try {
        await assert.rejects(
          awaitCertificate(asked, "domain", kubeconfigAt(never.port), { timeoutMs: 5, pauseMs: 1 }),
          /no certificate yet\n {2}why: Secret domain .*404\n {2}fix: ibmcloud ks ingress secret ls --cluster modelport-prod .*--refresh --stack prod/,
        );
      } finally {
        never.close();
      }
    });
    it("unless IBM Cloud told no name of it", () => {
      const of = { domain: pulumi.output(DOMAIN), domainSecret: pulumi.output("") };
      const id = () => certificateId({ ...asked, ...of, kubeconfig: pulumi.output("{}") });
      return assert.rejects(
        run(() => ({ id: id() }), { preview: false, config: {} }),
        /no certificate yet\n {2}why: IBM Cloud named none/,
      );
    });
    it("and needs a domain without one too", () =>
      assert.rejects(
        provision({
          front: { exposure: "Ingress" },
          domain: { ingressHostname: "", ingressSecret: "" },
        }),
        /no Ingress domain yet[^]*ibmcloud ks cluster get --cluster modelport-prod/,
      ));
  });

  it("leaves no login on the disk", async () => {
    let folder = "";
    await run(
      () => {
        const { kubeconfig } = iks(configOf()).provision("prod");
        return { kubeconfig };
      },
      {
        preview: false,
        config: {},
        functions: {
          "ibm:index/getContainerClusterConfig:getContainerClusterConfig": ({ configDir }) => {
            folder = String(configDir);
            fs.writeFileSync(path.join(folder, "admin.pem"), "<key>");
            return { host: "https://h", adminCertificate: "<certificate>", adminKey: "<key>" };
          },
        },
      },
    );
    assert.ok(path.basename(folder).startsWith(DOWNLOADS), folder);
    assert.equal(fs.existsSync(folder), false);
  });

  it("writes a kubeconfig with the certificate, or with the token", async () => {
    const { outputs } = await provision();
    const admin = JSON.parse(String(outputs["kubeconfig"])) as { users: { user: Inputs }[] };
    assert.deepEqual(Object.keys(admin.users[0]!.user), [
      "client-certificate-data",
      "client-key-data",
    ]);
    const { outputs: other } = await provision({ settings: { kubeconfig: "token" } });
    const token = JSON.parse(String(other["kubeconfig"])) as { users: { user: Inputs }[] };
    assert.deepEqual(token.users[0]!.user, { token: "<token>" });
    const text = loginText("c", {
      host: "https://h",
      caCertificate: "PEM",
      user: { token: "t" },
    });
    const { clusters } = JSON.parse(text) as { clusters: { cluster: Inputs }[] };
    assert.deepEqual(clusters[0]!.cluster, {
      server: "https://h",
      "certificate-authority-data": Buffer.from("PEM").toString("base64"),
    });
    const trusted = loginText("c", {
      host: "https://h",
      caCertificate: "",
      user: { token: "t" },
    });
    assert.equal(trusted.includes("certificate-authority"), false);
  });
});

import * as assert from "node:assert/strict";
import { googleInventory } from "../../../../cli/inventory/google";
import { Memory } from "../../../../cli/inventory/memory";
import { GoogleFixture, compute, gkeConfig, PROJECT, repositories } from "./support/google";

const BASE = "https://www.googleapis.com/compute/v1/projects/my-project";
const NETWORK = `${BASE}/global/networks/modelport-prod`;
const OTHER = `${BASE}/global/networks/default`;
const REGION = `${BASE}/regions/us-central1`;
const ZONE = `${BASE}/zones/us-central1-b`;
const LABELS = { "modelport-stack": "prod", "managed-by": "pulumi" };

/** What a controller writes into a description. */
const forService = (name: string) => JSON.stringify({ "kubernetes.io/service-name": name });
const forIngress = (name: string) => JSON.stringify({ "kubernetes.io/ingress-name": name });
const BALANCER = "a0123456789abcdef0123456789abcde";

describe("the inventory of Google Cloud", () => {
  let google: GoogleFixture;
  beforeEach(async () => (google = await new GoogleFixture().start()));
  afterEach(() => google.stop());

  const look = (section: object = {}, services?: Readonly<Record<string, unknown>>) =>
    googleInventory("prod", gkeConfig({ ...section }, services), google.env);
  const commands = async (section: object = {}, services?: Readonly<Record<string, unknown>>) =>
    (await look(section, services)).found.map(({ remove }) => remove);

  it("finds nothing in a project that holds nothing of the stack, and has looked at every kind", async () => {
    const { found, looked, unseen, where } = await look();
    assert.deepEqual([found, unseen], [[], []]);
    assert.equal(where, "Google Cloud, project my-project");
    assert.equal(looked.length, 23);
    assert.ok(
      ["addresses", "HTTP proxies", "firewall rules"].every((kind) => looked.includes(kind)),
    );
  });

  it("finds each kind of what the stack makes, and removes what uses something first", async () => {
    google.on(`/container/v1/projects/${PROJECT}/locations/-/clusters`, {
      body: {
        clusters: [
          { name: "modelport-prod", location: "us-central1", createTime: "2026-11-01T10:00:00Z" },
          { name: "modelport-prod-eu", location: "europe-west1" },
        ],
      },
    });
    google.aggregated("routers", "regions/us-central1", {
      name: "modelport-prod",
      network: NETWORK,
      region: REGION,
    });
    google.aggregated("subnetworks", "regions/us-central1", {
      name: "modelport-prod",
      network: NETWORK,
      region: REGION,
    });
    google.aggregated(
      "addresses",
      "regions/us-central1",
      { name: "modelport-prod-iris", labels: LABELS, region: REGION },
      { name: "nat-auto-ip-1", region: REGION },
    );
    google.on(compute("global/networks"), {
      body: { items: [{ name: "modelport-prod", creationTimestamp: "2026-11-01T09:59:00Z" }] },
    });
    google.on(repositories(), {
      body: {
        repositories: [
          { name: "projects/p/locations/us-central1/repositories/modelport-prod", labels: LABELS },
          { name: "projects/p/locations/us-central1/repositories/models", labels: {} },
        ],
      },
    });
    const account = `modelport-prod@${PROJECT}.iam.gserviceaccount.com`;
    google.on(`/iam/v1/projects/${PROJECT}/serviceAccounts`, {
      body: { accounts: [{ email: account }, { email: `other@${PROJECT}.iam` }] },
    });
    google.on(`/cloudresourcemanager/v1/projects/${PROJECT}:getIamPolicy`, {
      body: {
        bindings: [
          { role: "roles/owner", members: ["user:somebody@example.com"] },
          { role: "roles/artifactregistry.reader", members: [`serviceAccount:${account}`] },
          {
            role: "roles/container.defaultNodeServiceAccount",
            members: [`deleted:serviceAccount:${account}?uid=1`],
          },
        ],
      },
    });
    const { found } = await look();
    assert.equal(found[0]?.since, "2026-11-01T10:00:00Z");
    assert.deepEqual(
      found.map(({ remove }) => remove),
      [
        "gcloud container clusters delete modelport-prod --location us-central1 --project my-project --quiet",
        "gcloud compute addresses delete modelport-prod-iris --region us-central1 --project my-project --quiet",
        "gcloud compute routers delete modelport-prod --region us-central1 --project my-project --quiet",
        "gcloud compute networks subnets delete modelport-prod --region us-central1 --project my-project --quiet",
        "gcloud compute networks delete modelport-prod --project my-project --quiet",
        "gcloud artifacts repositories delete modelport-prod --location us-central1 --project my-project --quiet",
        `gcloud projects remove-iam-policy-binding my-project --member 'serviceAccount:${account}' --role roles/artifactregistry.reader --all --quiet`,
        `gcloud projects remove-iam-policy-binding my-project --member 'deleted:serviceAccount:${account}?uid=1' --role roles/container.defaultNodeServiceAccount --all --quiet`,
        `gcloud iam service-accounts delete ${account} --project my-project --quiet`,
      ],
    );
  });

  it("finds what Kubernetes' controllers made for the stack's own namespace, outside Pulumi", async () => {
    const ours = forService("modelport-prod/iris");
    const ingress = forIngress("modelport-prod/iris");
    const there = { region: REGION };
    google.aggregated(
      "forwardingRules",
      "regions/us-central1",
      { name: BALANCER, description: ours, ...there },
      { name: "theirs", description: forService("shop/cart"), ...there },
      { name: "by-hand", description: "for the demo", ...there },
      { name: "k8s2-internal", network: NETWORK, ...there },
    );
    google.aggregated("targetPools", "regions/us-central1", {
      name: BALANCER,
      description: ours,
      ...there,
    });
    google.aggregated("targetHttpProxies", "global", { name: "k8s2-tp-x", description: ingress });
    google.aggregated("urlMaps", "global", { name: "k8s2-um-x", description: ingress });
    google.aggregated("backendServices", "global", {
      name: "k8s1-x-modelport-prod-iris",
      description: ours,
    });
    google.aggregated("networkEndpointGroups", "zones/us-central1-b", {
      name: "k8s1-neg",
      network: NETWORK,
      zone: ZONE,
    });
    google.aggregated(
      "disks",
      "zones/us-central1-b",
      {
        name: "pvc-1",
        zone: ZONE,
        description: JSON.stringify({
          "kubernetes.io/created-for/pv/name": "pvc-1",
          "kubernetes.io/created-for/pvc/namespace": "modelport-prod",
        }),
      },
      { name: "pvc-2", zone: ZONE, labels: { "goog-k8s-cluster-name": "modelport-prod" } },
      { name: "pvc-3", zone: ZONE, labels: { "goog-k8s-cluster-name": "modelport-prod-eu" } },
    );
    google.on(compute("global/firewalls"), {
      body: {
        items: [
          { name: `k8s-fw-${BALANCER}`, network: NETWORK },
          { name: "k8s-4321-node-http-hc", network: NETWORK },
          { name: "default-allow-ssh", network: OTHER },
        ],
      },
    });
    const names = (await look()).found.map(({ kind, name }) => `${kind} ${name}`);
    assert.deepEqual(names, [
      `forwarding rule ${BALANCER}`,
      "forwarding rule k8s2-internal",
      "HTTP proxy k8s2-tp-x",
      "URL map k8s2-um-x",
      `target pool ${BALANCER}`,
      "backend service k8s1-x-modelport-prod-iris",
      "network endpoint group k8s1-neg",
      "disk pvc-1",
      "disk pvc-2",
      `firewall rule k8s-fw-${BALANCER}`,
      "firewall rule k8s-4321-node-http-hc",
    ]);
    const [rule] = await commands();
    assert.equal(
      rule,
      `gcloud compute forwarding-rules delete ${BALANCER} --region us-central1 --project my-project --quiet`,
    );
    assert.ok(
      (await commands()).includes(
        "gcloud compute url-maps delete k8s2-um-x --global --project my-project --quiet",
      ),
    );
  });

  it("takes for the stack's, of a namespace that others may have too, only what its network or its cluster gives away", async () => {
    const services = { iris: { models: ["iris"], namespace: "models" } };
    const rule = (name: string) => ({
      name,
      region: REGION,
      description: forService("models/iris"),
    });
    google.aggregated(
      "forwardingRules",
      "regions/us-central1",
      rule(BALANCER),
      rule("afedcba9876543210fedcba987654321"),
      rule("k8s2-tcp-abcd1234-models-iris-11112222"),
      rule("k8s2-tcp-zzzz9999-models-iris-11112222"),
    );
    google.on(compute("global/firewalls"), {
      body: {
        items: [
          { name: `k8s-fw-${BALANCER}`, network: NETWORK },
          { name: "k8s2-abcd1234-models-iris-33334444", network: NETWORK },
          { name: "k8s2-zzzz9999-models-iris-33334444", network: OTHER },
        ],
      },
    });
    const rules = (await look({}, services)).found.filter(({ kind }) => kind === "forwarding rule");
    assert.deepEqual(
      rules.map(({ name }) => name),
      [BALANCER, "k8s2-tcp-abcd1234-models-iris-11112222"],
    );
  });

  it("leaves nodes, their disks and rules to the cluster while it is there", async () => {
    const node = {
      name: "gke-modelport-prod-nodes-1",
      zone: ZONE,
      labels: { "goog-k8s-cluster-name": "modelport-prod" },
      networkInterfaces: [{ network: NETWORK }],
    };
    google.aggregated("instances", "zones/us-central1-b", node);
    google.aggregated("disks", "zones/us-central1-b", node);
    google.on(compute("global/firewalls"), {
      body: { items: [{ name: "gke-modelport-prod-1-all", network: NETWORK }] },
    });
    const cluster = { name: "modelport-prod", location: "us-central1", status: "STOPPING" };
    const clusters = `/container/v1/projects/${PROJECT}/locations/-/clusters`;
    google.on(clusters, { body: { clusters: [cluster] } });
    const kinds = async () => (await look()).found.map(({ kind }) => kind);
    assert.deepEqual(await kinds(), ["cluster"]);
    google.on(clusters, { body: {} });
    assert.deepEqual(await kinds(), ["machine", "disk", "firewall rule"]);
    // Nobody knows: then they may be a living cluster's.
    google.on(clusters, { status: 403, body: { error: { message: "no" } } });
    assert.deepEqual(await kinds(), []);
  });

  it("doesn't count routes that come and go with the network", async () => {
    google.on(compute("global/routes"), {
      body: {
        items: [
          { name: "default-route-1", network: NETWORK },
          { name: "subnet-route", network: NETWORK, nextHopNetwork: NETWORK },
          { name: "gke-route", network: NETWORK },
        ],
      },
    });
    assert.deepEqual(await commands(), [
      "gcloud compute routes delete gke-route --project my-project --quiet",
    ]);
  });

  it("reads all pages", async () => {
    google.on(compute("global/firewalls"), ({ query }) => {
      const page = Number(query.get("pageToken") ?? "0");
      const items = [{ name: `rule-${page}`, network: NETWORK }];
      return { body: { items, ...(page < 2 ? { nextPageToken: String(page + 1) } : {}) } };
    });
    google.on(compute("aggregated/disks"), ({ query }) => {
      const disk = {
        name: "pvc-1",
        zone: ZONE,
        labels: { "goog-k8s-cluster-name": "modelport-prod" },
      };
      return query.get("pageToken") === null
        ? { body: { items: {}, nextPageToken: "2" } }
        : { body: { items: { "zones/us-central1-b": { disks: [disk] } } } };
    });
    const names = (await look()).found.map(({ name }) => name);
    assert.deepEqual(names, ["pvc-1", "rule-0", "rule-1", "rule-2"]);
  });

  it("counts a kind that may not be listed neither as there nor as gone", async () => {
    google.on(compute("global/firewalls"), {
      status: 403,
      body: {
        error: {
          code: 403,
          message: "Required 'compute.firewalls.list' permission for 'projects/my-project'",
          errors: [{ reason: "forbidden" }],
        },
      },
    });
    const { found, looked, unseen } = await look();
    assert.deepEqual(found, []);
    assert.ok(!looked.includes("firewall rules"));
    assert.deepEqual(
      unseen.map(({ kinds }) => kinds),
      ["firewall rules"],
    );
    assert.match(unseen[0]?.why ?? "", /^status 403 .*'compute\.firewalls\.list' permission/);
  });

  it("counts a region that doesn't answer as not looked at", async () => {
    google.on(compute("aggregated/routers"), {
      body: {
        items: {
          "regions/us-central1": { warning: { code: "UNREACHABLE", message: "region is down" } },
        },
      },
    });
    const { unseen } = await look();
    assert.deepEqual(unseen, [{ kinds: "routers", why: "regions/us-central1: region is down" }]);
  });

  it("takes a service that is off for one that holds nothing", async () => {
    const off = {
      status: 403,
      body: {
        error: {
          code: 403,
          message: "Artifact Registry API has not been used in project 1 before or it is disabled.",
          status: "PERMISSION_DENIED",
          details: [
            {
              "@type": "type.googleapis.com/google.rpc.ErrorInfo",
              reason: "SERVICE_DISABLED",
              metadata: { consumer: "projects/1" },
            },
          ],
        },
      },
    };
    google.on(`/cloudresourcemanager/v1/projects/${PROJECT}`, { body: { projectNumber: "1" } });
    google.on(repositories(), off);
    const older = {
      ...off,
      body: { error: { code: 403, errors: [{ reason: "accessNotConfigured" }] } },
    };
    google.on(compute("global/networks"), older);
    google.on(`/cloudresourcemanager/v1/projects/${PROJECT}:getIamPolicy`, off);
    const { found, unseen } = await look();
    assert.deepEqual([found, unseen], [[], []]);
  });

  it("doesn't take a service that is off in the login's own project for one that holds nothing", async () => {
    const off = (metadata: object) => ({
      status: 403,
      body: { error: { code: 403, details: [{ reason: "SERVICE_DISABLED", metadata }] } },
    });
    google.on(repositories(), off({ consumer: "projects/764086051850" }));
    google.on(`/iam/v1/projects/${PROJECT}/serviceAccounts`, off({}));
    google.on(`/cloudresourcemanager/v1/projects/${PROJECT}:getIamPolicy`, off({ consumer: "x" }));
    google.on(`/cloudresourcemanager/v1/projects/${PROJECT}`, { body: { projectNumber: "1" } });
    const { unseen } = await look();
    assert.deepEqual(
      unseen.map(({ kinds }) => kinds),
      ["image repositories", "role bindings", "service accounts"],
    );
    assert.equal(
      unseen[0]?.why,
      "artifactregistry.googleapis.com is off in 764086051850, for which this login asks; what my-project holds it doesn't tell",
    );
  });

  it("takes an address for the stack's by its name only where nothing says otherwise", async () => {
    const named = (more: object) => ({ name: "modelport-prod-iris", region: REGION, ...more });
    const places = async (...items: object[]) => {
      google.aggregated("addresses", "regions/us-central1", ...items);
      return (await look()).found.length;
    };
    assert.equal(await places(named({})), 1);
    assert.equal(
      await places(named({ description: "Balancer of iris, modelport's stack prod" })),
      1,
    );
    assert.equal(await places(named({ description: "Balancer of x, modelport's stack y" })), 0);
    assert.equal(await places(named({ labels: { "modelport-stack": "prod-iris" } })), 0);
  });

  it("remembers by what its controllers' things were known, when the network is gone", async () => {
    const services = {
      iris: {
        ...{ models: ["iris"], namespace: "models", exposure: "Ingress" },
        ...{ host: "iris.example.com", tls: "managed" },
      },
    };
    const memory = new Memory();
    const names = async () => {
      const config = gkeConfig({ dnsZone: "example" }, services);
      const { found } = await googleInventory("prod", config, google.env, memory);
      return found.map(({ name }) => name);
    };
    const left = [BALANCER, "k8s2-um-abcd1234-models-iris", "k8s-4321-node", "mcrt-1"];
    const [balancer, map, check, certificate] = left;
    google.aggregated("targetPools", "regions/us-central1", { name: balancer, region: REGION });
    google.aggregated("urlMaps", "global", { name: map }, { name: "k8s2-um-zzzz9999-models-iris" });
    google.on(compute("global/httpHealthChecks"), { body: { items: [{ name: check }] } });
    google.aggregated("sslCertificates", "global", { name: certificate }, { name: "mcrt-2" });
    google.on(`/dns/dns/v1/projects/${PROJECT}/managedZones/example/rrsets`, {
      body: { rrsets: [{ name: "iris.example.com.", type: "A", rrdatas: ["203.0.113.1"] }] },
    });
    assert.deepEqual(await names(), []);
    const rules = [`k8s-fw-${BALANCER}`, "k8s2-abcd1234-models-iris-1", "k8s-4321-node-http-hc"];
    google.on(compute("global/firewalls"), {
      body: { items: rules.map((name) => ({ name, network: NETWORK })) },
    });
    google.aggregated("targetHttpsProxies", "global", {
      name: "k8s2-ts-abcd1234-models-iris",
      sslCertificates: [`${BASE}/global/sslCertificates/${certificate}`],
    });
    google.aggregated("addresses", "global", {
      ...{ name: "modelport-prod-iris", labels: LABELS, address: "203.0.113.1" },
    });
    await names();
    google.on(compute("global/firewalls"), { body: {} });
    for (const kind of ["targetHttpsProxies", "addresses"]) google.aggregated(kind, "global");
    assert.deepEqual((await names()).sort(), [...left, "iris.example.com."].sort());
  });

  it("looks for a gcr.io repository where it lives, and only where the stack makes it", async () => {
    google.on(repositories("us"), {
      body: {
        repositories: [{ name: "projects/p/locations/us/repositories/gcr.io", labels: LABELS }],
      },
    });
    assert.deepEqual(await commands({ registry: { host: "gcr.io" } }), [
      "gcloud artifacts repositories delete gcr.io --location us --project my-project --quiet",
    ]);
    assert.deepEqual(await commands({ registry: { host: "gcr.io", create: false } }), []);
  });

  it("finds the records that lead to the stack, and Google's certificates that it shows", async () => {
    const services = {
      iris: { models: ["iris"], exposure: "Ingress", host: "iris.example.com", tls: "managed" },
      moved: { models: ["iris"], exposure: "Ingress", host: "moved.example.com" },
    };
    google.on(`/dns/dns/v1/projects/${PROJECT}/managedZones/example/rrsets`, {
      body: {
        rrsets: [
          { name: "example.com.", type: "NS" },
          { name: "iris.example.com.", type: "A", rrdatas: ["203.0.113.1"] },
          { name: "moved.example.com.", type: "A", rrdatas: ["203.0.113.2"] },
          { name: "www.example.com.", type: "A", rrdatas: ["203.0.113.1"] },
        ],
      },
    });
    google.aggregated(
      "addresses",
      "global",
      { name: "modelport-prod-iris", labels: LABELS, address: "203.0.113.1" },
      { name: "other", address: "203.0.113.2" },
    );
    google.aggregated("targetHttpsProxies", "global", {
      ...{ name: "k8s2-ts-x", description: forIngress("modelport-prod/iris") },
      sslCertificates: [`${BASE}/global/sslCertificates/mcrt-1`],
    });
    google.aggregated(
      "sslCertificates",
      "global",
      { name: "mcrt-1", managed: { domains: ["iris.example.com"] } },
      { name: "mcrt-2", managed: { domains: ["iris.example.com"] } },
    );
    assert.deepEqual(await commands({ dnsZone: "example" }, services), [
      "gcloud dns record-sets delete iris.example.com. --type A --zone example --project my-project --quiet",
      "gcloud compute target-https-proxies delete k8s2-ts-x --global --project my-project --quiet",
      "gcloud compute ssl-certificates delete mcrt-1 --global --project my-project --quiet",
      "gcloud compute addresses delete modelport-prod-iris --global --project my-project --quiet",
    ]);
    const gone = await look({ dnsZone: "gone" }, services);
    assert.ok(gone.looked.includes("DNS records"), JSON.stringify(gone.unseen));
  });

  it("doesn't turn in circles where a page leads to itself", async () => {
    google.on(compute("global/firewalls"), { body: { nextPageToken: "again" } });
    const { unseen } = await look();
    assert.match(unseen[0]?.why ?? "", /firewalls leads from a page to itself/);
  });

  it("says why nothing could be looked at when the key is refused", async () => {
    const key = { ...google.key, client_email: "deleted@my-project.iam.gserviceaccount.com" };
    const env = { ...google.env, GOOGLE_CREDENTIALS: JSON.stringify(key) };
    const { looked, unseen } = await googleInventory("prod", gkeConfig(), env);
    assert.deepEqual(looked, []);
    assert.match(unseen[0]?.why ?? "", /status 400 .*\/token: Invalid JWT Signature/);
    assert.equal(google.times("/token"), 1);
  });
});

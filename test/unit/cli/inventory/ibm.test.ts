import * as assert from "node:assert/strict";
import { ibmInventory } from "../../../../cli/inventory/ibm";
import { Memory } from "../../../../cli/inventory/memory";
import { ACCOUNT, ibmConfig, IbmFixture } from "./support/ibm";

const VPC = { id: "r010-vpc", name: "modelport-prod" };
const ZONE = { name: "eu-de-1" };
const SUBNET = { id: "02b7-subnet", name: "modelport-prod-eu-de-1", vpc: VPC, zone: ZONE };
const NAMESPACE = "crn:v1:bluemix:public:container-registry:eu-de:a/1::namespace:acme-models";
const PULLS = "Pulls the images of modelport's stack prod in eu-de";

describe("the inventory of IBM Cloud", () => {
  let ibm: IbmFixture;
  beforeEach(async () => (ibm = await new IbmFixture().start()));
  afterEach(() => ibm.stop());

  const look = (section: object = {}, target: "iks" | "openshift" = "iks") =>
    ibmInventory("prod", ibmConfig({ ...section }, target), ibm.env);
  const commands = async (section: object = {}, target: "iks" | "openshift" = "iks") =>
    (await look(section, target)).found.map(({ remove }) => remove);

  it("finds nothing in an account that holds nothing of the stack, and has looked at every kind", async () => {
    const { found, looked, unseen, where, first } = await look();
    assert.deepEqual([found, unseen], [[], []]);
    assert.equal(where, "IBM Cloud, region eu-de");
    assert.equal(first, "ibmcloud target -r eu-de");
    assert.deepEqual(looked, [
      ...["worker pools", "clusters", "volumes", "load balancers", "endpoint gateways"],
      ...["subnets", "public gateways", "security groups", "VPCs"],
      ...["API keys", "policies", "service IDs", "registry namespaces"],
    ]);
  });

  it("finds each kind of what the stack and its cluster make, and removes what uses something first", async () => {
    ibm.clusters(
      {
        id: "c1",
        name: "modelport-prod",
        region: "eu-de",
        location: "Frankfurt",
        state: "deleting",
      },
      { id: "c2", name: "modelport-prod", region: "us-south", state: "normal" },
      { id: "c3", name: "modelport-prod-eu", region: "eu-de", state: "normal" },
    );
    const other = { id: "r010-other", name: "modelport-prod-eu" };
    ibm.vpc("vpcs", { ...VPC, default_security_group: { id: "sg-default" } }, other);
    ibm.vpc("subnets", SUBNET, { id: "02b7-other", name: "x", vpc: other, zone: ZONE });
    ibm.vpc("public_gateways", { id: "pgw", name: SUBNET.name, vpc: VPC, zone: ZONE });
    ibm.vpc(
      "load_balancers",
      {
        id: "lb",
        name: "kube-c1-5f2e",
        subnets: [{ id: SUBNET.id }],
        created_at: "2026-11-01T00:00:00Z",
      },
      { id: "lb-other", name: "kube-c3-5f2e", subnets: [{ id: "02b7-other" }] },
    );
    ibm.vpc("endpoint_gateways", { id: "vpe", name: "iks-c1", vpc: VPC });
    ibm.vpc(
      "security_groups",
      { id: "sg-default", name: "bed-of-roses", vpc: VPC },
      { id: "sg", name: "kube-c1", vpc: VPC },
      { id: "sg-other", name: "kube-c3", vpc: other },
    );
    ibm.on("/iam/v1/serviceids", ({ query }) => ({
      body: {
        serviceids:
          query.get("account_id") === ACCOUNT
            ? [
                { id: "ServiceId-1", name: "modelport-prod-pull", description: PULLS },
                {
                  ...{ id: "ServiceId-2", name: "modelport-prod-pull" },
                  description: "Pulls the images of modelport's stack prod in us-south",
                },
              ]
            : [],
      },
    }));
    const subjects = [{ attributes: [{ name: "iam_id", value: "iam-ServiceId-1" }] }];
    ibm.on("/iam/v1/policies", {
      body: {
        policies: [
          { id: "policy-1", description: PULLS, subjects },
          { id: "policy-2", description: `${PULLS}-eu`, subjects },
          { id: "policy-3", subjects },
        ],
      },
    });
    ibm.on("/registry/api/v1/namespaces/details", ({ headers }) => ({
      body: headers["account"] === ACCOUNT ? [{ name: "acme-models", crn: NAMESPACE }] : [],
    }));
    ibm.on("/tags/v3/tags", ({ query }) => ({
      body: {
        items: query.get("attached_to") === NAMESPACE ? [{ name: "modelport-stack:prod" }] : [],
      },
    }));
    assert.deepEqual(await commands(), [
      "ibmcloud ks cluster rm --cluster c1 --force-delete-storage -f",
      "ibmcloud is load-balancer-delete lb --force",
      "ibmcloud is endpoint-gateway-delete vpe --force",
      "ibmcloud is subnet-delete 02b7-subnet --force",
      "ibmcloud is public-gateway-delete pgw --force",
      "ibmcloud is security-group-delete sg --force",
      "ibmcloud is vpc-delete r010-vpc --force",
      "ibmcloud iam service-policy-delete ServiceId-1 policy-1 -f",
      "ibmcloud iam service-id-delete ServiceId-1 -f",
      "ibmcloud cr region-set eu-de && ibmcloud cr namespace-rm acme-models -f",
    ]);
    const { found } = await look();
    assert.equal(found[0]?.detail, "it is deleting");
    assert.equal(found[1]?.since, "2026-11-01T00:00:00Z");
    assert.equal(found[3]?.place, "eu-de-1");
  });

  it("finds the pools that were added to its cluster, and no other's", async () => {
    ibm.clusters(
      { id: "c1", name: "modelport-prod", region: "eu-de" },
      { id: "c3", name: "shop", region: "eu-de" },
    );
    ibm.on("/containers/global/v2/vpc/getWorkerPools", ({ query }) => ({
      body: ["default", "gpu", "gone"].map((poolName) => ({
        id: `${query.get("cluster")}-${poolName}`,
        poolName,
        lifecycle: { actualState: poolName === "gone" ? "deleted" : "active" },
      })),
    }));
    assert.deepEqual(await commands(), [
      "ibmcloud ks worker-pool rm --cluster c1 --worker-pool c1-gpu -f",
      "ibmcloud ks cluster rm --cluster c1 --force-delete-storage -f",
    ]);
    assert.equal((await look()).found[0]?.id, "c1/c1-gpu");
  });

  it("finds the keys that were made for its service ID, and not those made for it by hand", async () => {
    const account = { name: "modelport-prod-pull", description: PULLS };
    ibm.on("/iam/v1/serviceids", { body: { serviceids: [{ id: "ServiceId-1", ...account }] } });
    ibm.on("/iam/v1/apikeys", ({ query }) => {
      const asked = ["account_id", "iam_id", "type"].map((key) => query.get(key));
      assert.deepEqual(asked, [ACCOUNT, "iam-ServiceId-1", "serviceid"]);
      const byHand = { id: "ApiKey-2", name: "by hand" };
      return { body: { apikeys: [{ id: "ApiKey-1", ...account }, byHand] } };
    });
    assert.deepEqual(await commands(), [
      "ibmcloud iam service-api-key-delete ApiKey-1 ServiceId-1 -f",
      "ibmcloud iam service-id-delete ServiceId-1 -f",
    ]);
  });

  it("finds volumes of claims by the cluster's id, and can't tell by the namespace alone", async () => {
    const volume = (id: string, ...tags: string[]) => ({
      id,
      name: id,
      zone: ZONE,
      user_tags: tags,
    });
    ibm.clusters({ id: "c1", name: "modelport-prod", region: "eu-de" }, { id: "c3", name: "shop" });
    ibm.vpc(
      "volumes",
      volume("of-cluster", "clusterid:c1", "namespace:default"),
      volume("of-gone", "clusterid:c0", "namespace:modelport-prod"),
      volume("of-other-gone", "clusterid:c0", "namespace:models"),
      volume("of-living", "clusterid:c3", "namespace:modelport-prod"),
      volume("by-hand"),
    );
    const { found, looked, unseen } = await look();
    assert.deepEqual(
      found.map(({ remove }) => remove),
      [
        "ibmcloud ks cluster rm --cluster c1 --force-delete-storage -f",
        "ibmcloud is volume-delete of-cluster --force",
      ],
    );
    assert.ok(!looked.includes("volumes"));
    assert.match(unseen[0]?.why ?? "", /^of-gone, of-gone, .* its cluster c0 isn't listed/);
  });

  it("remembers its cluster, by the state or by a look, and so whose a volume is when it is gone", async () => {
    const known = new Memory([{ kind: "cluster", id: "c0", group: "VPC" }]);
    const left = async () => {
      const { found } = await ibmInventory("prod", ibmConfig(), ibm.env, known);
      return found.filter(({ kind }) => kind === "volume").map(({ name }) => name);
    };
    const tags = (id: string) => [`clusterid:${id}`, "namespace:models"];
    ibm.clusters({ id: "c1", name: "modelport-prod", region: "eu-de" });
    ibm.vpc("volumes", ...["c0", "c1", "c2"].map((id) => ({ id, name: id, user_tags: tags(id) })));
    assert.deepEqual(await left(), ["c0", "c1"]);
    ibm.clusters();
    assert.deepEqual(await left(), ["c0", "c1"]);
  });

  it("can't tell whose a cluster of its name is in no region", async () => {
    ibm.clusters({ id: "c1", name: "modelport-prod" }, { id: "c2", name: "shop" });
    const { found, unseen } = await look();
    assert.deepEqual(
      [found, unseen],
      [[], [{ kinds: "clusters", why: "modelport-prod, c1, is in no region that is told" }]],
    );
  });

  it("counts an answer whose next page can't be told as not looked at", async () => {
    ibm.on("/vpc/v1/volumes", { body: { volumes: [], next: { start: "2" } } });
    const circle = { href: "https://eu-de.iaas.cloud.ibm.com/v1/vpcs?start=2" };
    ibm.on("/vpc/v1/endpoint_gateways", { body: { endpoint_gateways: [], next: circle } });
    const { unseen } = await look();
    assert.deepEqual(
      unseen.map(({ kinds }) => kinds),
      ["volumes", "endpoint gateways"],
    );
    assert.match(unseen[1]?.why ?? "", /leads from a page to itself/);
  });

  it("doesn't count a registry namespace that is another's, or that the stack was given", async () => {
    ibm.on("/registry/api/v1/namespaces/details", {
      body: [{ name: "acme-models", crn: NAMESPACE }],
    });
    ibm.on("/tags/v3/tags", { body: { items: [{ name: "modelport-stack:staging" }] } });
    assert.deepEqual(await commands(), []);
    const { looked } = await look({ createRegistryNamespace: false });
    assert.ok(!looked.includes("registry namespaces"));
  });

  it("finds the object storage of an OpenShift, unless it was given, or is already given back", async () => {
    const crn = "crn:v1:bluemix:public:cloud-object-storage:global:a/1:2::";
    const instance = (state: string) => ({ id: crn, name: "modelport-prod-eu-de-registry", state });
    const answer = (state: string) =>
      ibm.on("/resources/v2/resource_instances", ({ query }) => ({
        body: {
          next_url: null,
          resources: query.get("name") === "modelport-prod-eu-de-registry" ? [instance(state)] : [],
        },
      }));
    answer("active");
    assert.deepEqual(await commands({}, "openshift"), [
      `ibmcloud resource service-instance-delete '${crn}' --recursive -f`,
    ]);
    assert.deepEqual(await commands({ cosInstanceCrn: crn }, "openshift"), []);
    answer("pending_reclamation");
    assert.deepEqual(await commands({}, "openshift"), []);
  });

  it("asks for clusters alone on classic infrastructure, whose networks are the account's", async () => {
    const cluster = { id: "c9", name: "modelport-prod", region: "eu-de" };
    ibm.on("/containers/global/v2/classic/getClusters", { body: [cluster] });
    const classic = { infrastructure: "classic", classic: { datacenter: "fra02" } };
    const { found, looked } = await look(classic);
    assert.deepEqual(
      found.map(({ kind }) => kind),
      ["cluster"],
    );
    assert.ok(!looked.includes("VPCs"));
    assert.equal(ibm.times("/vpc/v1/vpcs"), 0);
  });

  it("reads all pages, whatever host their links name", async () => {
    const vpcs = [{ id: "a", name: "x" }, VPC];
    ibm.on("/vpc/v1/vpcs", ({ query }) => {
      const href = "https://eu-de.private.iaas.cloud.ibm.com/v1/vpcs?start=2&limit=100";
      return query.get("start") === null
        ? { body: { vpcs: vpcs.slice(0, 1), next: { href } } }
        : { body: { vpcs: vpcs.slice(1), next: null } };
    });
    ibm.on("/iam/v1/serviceids", ({ query }) => {
      const next = `https://iam.cloud.ibm.com/v1/serviceids?account_id=${ACCOUNT}&pagetoken=2`;
      return query.get("pagetoken") === null
        ? { body: { serviceids: [], next } }
        : {
            body: {
              serviceids: [{ id: "ServiceId-1", name: "modelport-prod-pull", description: PULLS }],
            },
          };
    });
    assert.deepEqual(await commands(), [
      "ibmcloud is vpc-delete r010-vpc --force",
      "ibmcloud iam service-id-delete ServiceId-1 -f",
    ]);
  });

  it("takes null for an empty list, and an answer without a list for no answer", async () => {
    ibm.on("/containers/global/v2/vpc/getClusters", { body: null });
    ibm.on("/vpc/v1/volumes", { body: {} });
    const { looked, unseen } = await look();
    assert.ok(looked.includes("clusters"), JSON.stringify(unseen));
    assert.deepEqual(
      unseen.map(({ kinds }) => kinds),
      ["volumes"],
    );
  });

  it("counts a kind that may not be listed neither as there nor as gone", async () => {
    const errors = [{ code: "not_authorized", message: "The request is not authorized" }];
    ibm.on("/vpc/v1/load_balancers", { status: 403, body: { errors } });
    const { unseen } = await look();
    assert.equal(unseen.length, 1);
    assert.equal(unseen[0]?.kinds, "load balancers");
    assert.match(
      unseen[0].why,
      /^status 403 from .*\/load_balancers: The request is not authorized/,
    );
  });

  it("can't tell what is in the VPC when nobody may list VPCs", async () => {
    ibm.on("/vpc/v1/vpcs", { status: 403, body: { errors: [{ message: "no" }] } });
    const kinds = (await look()).unseen.map(({ kinds: unseen }) => unseen);
    assert.deepEqual(kinds, [
      ...["load balancers", "endpoint gateways", "subnets", "public gateways"],
      ...["security groups", "VPCs"],
    ]);
  });

  it("says why nothing could be looked at when the key was revoked", async () => {
    const env = { ...ibm.env, IC_API_KEY: "revoked" };
    const { looked, unseen } = await ibmInventory("prod", ibmConfig(), env);
    assert.deepEqual(looked, []);
    for (const { why } of unseen) assert.match(why, /Provided API key could not be found\./);
    assert.equal(ibm.times("/iam/identity/token"), 1);
  });

  it("says that there is no key, and asks nobody", async () => {
    const env = { ...ibm.env, IC_API_KEY: "" };
    const { looked, unseen } = await ibmInventory("prod", ibmConfig(), env);
    assert.deepEqual(looked, []);
    assert.match(unseen[0]?.why ?? "", /neither IC_API_KEY nor IBMCLOUD_API_KEY is set/);
    assert.equal(ibm.asked.length, 0);
  });
});

import * as assert from "node:assert/strict";
import { findInCloud, isMadeBeside } from "../../../cli/cloud-objects";
import type { Found, Inventory } from "../../../cli/inventory/found";
import type { StateResource } from "../../../cli/state";
import { UserError } from "../../../local/errors";

const HASTE = { totalMs: 600_000, firstPauseMs: 1, longestPauseMs: 1 };

function resource(type: string, inputs: Record<string, unknown>, id?: string): StateResource {
  const urn = `urn:pulumi:prod::modelport::${type}::x`;
  return { urn, type, custom: true, inputs, ...(id === undefined ? {} : { id }) };
}

const thing = (kind: string, name: string, more: Partial<Found> = {}): Found => ({
  kind,
  name,
  place: "global",
  remove: `remove ${more.id ?? name}`,
  ...more,
});

const inventory = (found: Found[], more: Partial<Inventory> = {}): Inventory => ({
  where: "a cloud",
  found,
  looked: [],
  unseen: [],
  ...more,
});

function finder(answers: Inventory[], known: StateResource[] = [], said: string[] = []) {
  let asked = 0;
  const look = () => Promise.resolve(answers[Math.min(asked++, answers.length - 1)] as Inventory);
  return findInCloud("prod", known, look, { waiting: (text) => said.push(text) }, HASTE);
}

const NETWORK = resource("gcp:compute/network:Network", { project: "p", name: "modelport-prod" });
const SERVICE_ID = resource("ibm:index/iamServiceId:IamServiceId", { name: "modelport-prod-pull" });

describe("what an interrupted update was creating in a cloud", () => {
  it("is found by its name, and known by the ID that the provider imports it by", async () => {
    const find = finder([
      inventory([
        thing("network", "modelport-prod"),
        thing("subnetwork", "modelport-prod", { place: "us-central1" }),
        thing("service account", "nodes@p.iam.gserviceaccount.com"),
        thing("image repository", "images", { place: "us" }),
        thing("DNS record", "a.example.", { place: "zone z" }),
      ]),
    ]);
    const ids = await Promise.all(
      [
        NETWORK,
        resource("gcp:compute/subnetwork:Subnetwork", {
          ...{ project: "p", region: "us-central1", name: "modelport-prod" },
        }),
        resource("gcp:serviceaccount/account:Account", { project: "p", accountId: "nodes" }),
        resource("gcp:artifactregistry/repository:Repository", {
          ...{ project: "p", location: "us", repositoryId: "images" },
        }),
        resource("gcp:dns/recordSet:RecordSet", {
          ...{ project: "p", managedZone: "z", name: "a.example.", type: "A" },
        }),
      ].map(async (one) => (await find(one))?.id),
    );
    assert.deepEqual(ids, [
      "projects/p/global/networks/modelport-prod",
      "projects/p/regions/us-central1/subnetworks/modelport-prod",
      "projects/p/serviceAccounts/nodes@p.iam.gserviceaccount.com",
      "projects/p/locations/us/repositories/images",
      "projects/p/managedZones/z/rrsets/a.example./A",
    ]);
  });

  it("is nothing where the cloud has nothing of the stack's by that name", async () => {
    const find = finder([
      inventory([
        thing("network", "modelport-other"),
        thing("address", "modelport-prod", { place: "us-central1" }),
      ]),
    ]);
    assert.equal(await find(NETWORK), undefined);
    const global = { project: "p", name: "modelport-prod" };
    assert.equal(
      await find(resource("gcp:compute/globalAddress:GlobalAddress", global)),
      undefined,
      "one of a region is another",
    );
    const elsewhere = { project: "p", location: "europe-west1", name: "c" };
    const clusters = finder([inventory([thing("cluster", "c", { place: "us-central1" })])]);
    assert.equal(await clusters(resource("gcp:container/cluster:Cluster", elsewhere)), undefined);
    const local = resource("gcp:compute/address:Address", { ...global, region: "us-central1" });
    assert.equal(
      (await find(local))?.id,
      "projects/p/regions/us-central1/addresses/modelport-prod",
    );
  });

  it("has the ID that the cloud gave it, unless that is in the state already", async () => {
    const ids = ["ServiceId-1", "ServiceId-2"];
    const found = ids.map((id) => thing("service ID", "modelport-prod-pull", { id }));
    const known = resource(SERVICE_ID.type, {}, "ServiceId-1");
    const find = finder([inventory(found)], [known]);
    assert.deepEqual(await find(SERVICE_ID), { id: "ServiceId-2", outputs: {} });
    assert.equal(await find(SERVICE_ID), undefined, "nothing is taken over twice");
  });

  it("may have the ID of what it replaces, which is gone", async () => {
    const id = "projects/p/global/networks/modelport-prod";
    const find = finder(
      [inventory([thing("network", "modelport-prod")])],
      [{ ...NETWORK, id, pendingReplacement: true }],
    );
    assert.deepEqual(await find(NETWORK), { id, outputs: {} });
  });

  it("is never guessed at: of several the user must remove what nothing uses", async () => {
    const found = ["ServiceId-1", "ServiceId-2"].map((id) =>
      thing("service ID", "modelport-prod-pull", { id }),
    );
    const find = finder([inventory([...found, thing("VPC", "modelport-prod", { id: "r006" })])]);
    await assert.rejects(find(SERVICE_ID), (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(error.fix ?? "", /remove ServiceId-1\n.*remove ServiceId-2/);
      assert.doesNotMatch(error.fix ?? "", /r006/);
      return true;
    });
  });

  it("is unknown where the cloud does not tell, and then nothing is done", async () => {
    const unseen = [{ kinds: "service IDs", why: "HTTP 403" }];
    await assert.rejects(finder([inventory([], { unseen })])(SERVICE_ID), /can't be told/);
    assert.equal(await finder([inventory([], { unseen })])(NETWORK), undefined);
  });

  it("is a policy of the service ID that it was made for, and no other's", async () => {
    const of = (iamServiceId: string) =>
      resource("ibm:index/iamServicePolicy:IamServicePolicy", { iamServiceId });
    const find = finder([inventory([thing("policy", "abc", { id: "ServiceId-1/abc" })])]);
    assert.equal((await find(of("ServiceId-1")))?.id, "ServiceId-1/abc");
    assert.equal(await find(of("ServiceId-2")), undefined);
  });

  it("is a worker pool of the cluster that it was made for, by its name", async () => {
    const pool = (cluster: string, workerPoolName: string) =>
      resource("ibm:index/containerVpcWorkerPool:ContainerVpcWorkerPool", {
        cluster,
        workerPoolName,
      });
    const find = finder([inventory([thing("worker pool", "gpu", { id: "c1/c1-1a2b3c4" })])]);
    assert.equal(await find(pool("c1", "default")), undefined, "it is made again");
    assert.equal(await find(pool("c2", "gpu")), undefined);
    assert.equal((await find(pool("c1", "gpu")))?.id, "c1/c1-1a2b3c4");
  });

  it("is of no use if it is a key, which only its maker was told", async () => {
    const name = "modelport-prod-pull";
    const type = "ibm:index/iamServiceApiKey:IamServiceApiKey";
    const keys = ["ApiKey-1", "ApiKey-2"].map((id) => thing("API key", name, { id }));
    const known = resource(type, { name }, "ApiKey-1");
    const find = finder([inventory(keys)], [known]);
    assert.deepEqual(await find(resource(type, { name })), {
      id: "ApiKey-2",
      outputs: {},
      lost: true,
    });
  });

  it("is beside what it replaces where two may have one name", () => {
    assert.ok(isMadeBeside(SERVICE_ID));
    assert.ok(!isMadeBeside(NETWORK));
    assert.ok(!isMadeBeside(resource("ibm:index/isVpc:IsVpc", {})));
    assert.ok(!isMadeBeside(resource("gcp:container/nodePool:NodePool", {})));
  });

  it("is waited for while a cluster is under way", async () => {
    const cluster = resource("ibm:index/containerVpcCluster:ContainerVpcCluster", { name: "c" });
    const said: string[] = [];
    const making = thing("cluster", "c", { id: "b1", detail: "it is deploying" });
    const find = finder(
      [inventory([making]), inventory([making]), inventory([thing("cluster", "c", { id: "b1" })])],
      [],
      said,
    );
    assert.equal((await find(cluster))?.id, "b1");
    assert.deepEqual(said, Array(2).fill("waiting for cluster c (global): it is deploying"));
  });

  it("is a part of something that is there: reading it by its ID tells", async () => {
    const asked = () => Promise.reject(new Error("no need to ask"));
    const find = findInCloud("prod", [], asked, { waiting: () => undefined }, HASTE);
    const nat = { project: "p", region: "r", router: "modelport-prod", name: "nat" };
    assert.equal(
      (await find(resource("gcp:compute/routerNat:RouterNat", nat)))?.id,
      "p/r/modelport-prod/nat",
    );
  });

  it("is made again where twice is the same as once", async () => {
    const find = finder([inventory([])]);
    assert.equal(await find(resource("gcp:projects/service:Service", {})), undefined);
  });
});

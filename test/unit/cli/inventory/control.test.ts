import * as assert from "node:assert/strict";
import type { Found, Inventory } from "../../../../cli/inventory";
import { requireSeen } from "../../../../cli/inventory/control";
import { heldIn, Memory } from "../../../../cli/inventory/memory";
import { UserError } from "../../../../local/errors";

const thing = (kind: string, name: string, id?: string): Found => ({
  ...{ kind, name, place: "here", remove: "remove it" },
  ...(id === undefined ? {} : { id }),
});
const inventory = (...found: Found[]): Inventory => ({
  ...{ where: "a cloud", scope: "p", found, looked: [], unseen: [] },
});
const resource = (type: string, id: string) => ({ urn: `urn:${type}`, type, id });

const GOOGLE = heldIn([
  resource("gcp:compute/network:Network", "projects/p/global/networks/modelport-prod"),
  resource("gcp:container/cluster:Cluster", "projects/p/locations/l/clusters/modelport-prod"),
]);
const IBM = heldIn([
  resource("ibm:index/isVpc:IsVpc", "r010-1"),
  resource("ibm:index/containerVpcCluster:ContainerVpcCluster", "c1"),
  resource("ibm:index/iamServiceId:IamServiceId", "ServiceId-1"),
]);
const VPC = thing("VPC", "modelport-prod", "r010-1");
const SERVICE_ID = thing("service ID", "modelport-prod-pull", "ServiceId-1");

describe("what a state holds", () => {
  it("is to be listed by its cloud, each of what is seen by one right", () => {
    requireSeen("prod", GOOGLE, inventory(thing("network", "modelport-prod")));
    requireSeen("prod", IBM, inventory(VPC, SERVICE_ID));
    requireSeen("prod", [], inventory());
  });

  it("is not seen where a list leaves it out, be it that others are listed", () => {
    const refused = (what: RegExp) => (error: unknown) => {
      assert.ok(error instanceof UserError);
      assert.match(error.message, /^stack prod is not to be seen in a cloud$/);
      assert.match(error.why ?? "", what);
      assert.match(error.fix ?? "", /down -- --stack prod --no-inventory/);
      return true;
    };
    assert.throws(() => requireSeen("prod", GOOGLE, inventory()), refused(/network projects.p/));
    assert.throws(() => requireSeen("prod", IBM, inventory(VPC)), refused(/holds service ID Ser/));
    const another = thing("VPC", "modelport-prod", "r010-2");
    assert.throws(
      () => requireSeen("prod", IBM, inventory(another, SERVICE_ID)),
      refused(/VPC r010-1, cluster c1/),
    );
  });

  it("is not what has its name in another project", () => {
    const there = { ...inventory(thing("network", "modelport-prod")), scope: "another" };
    assert.throws(() => requireSeen("prod", GOOGLE, there), UserError);
  });

  it("is left to the proof where nobody could look", () => {
    const unseen = ["VPCs", "service IDs"].map((kinds) => ({ kinds, why: "403" }));
    requireSeen("prod", IBM, { ...inventory(), unseen });
  });

  it("is in the context of its state, on a cluster that stays", () => {
    const provider = {
      ...resource("pulumi:providers:kubernetes", "1"),
      inputs: { context: "p" },
    };
    assert.deepEqual(heldIn([provider]), []);
    requireSeen("prod", heldIn([provider], true), inventory());
    const there = { ...inventory(), scope: "another" };
    assert.throws(() => requireSeen("prod", heldIn([provider], true), there), UserError);
  });

  it("counts without what was deleted to be made anew", () => {
    const network = resource("gcp:compute/network:Network", "projects/p/global/networks/n");
    assert.deepEqual(heldIn([{ ...network, pendingReplacement: true }]), []);
  });

  it("tells the clusters whose things may be left", () => {
    assert.deepEqual([...new Memory(IBM).clusters], ["c1"]);
  });
});

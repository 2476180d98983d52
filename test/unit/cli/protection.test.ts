import * as assert from "node:assert/strict";
import { afterFailedDestroy, protectedResources, refuseProtected } from "../../../cli/protection";
import { UserError } from "../../../local/errors";

const resource = (name: string, more: object = {}) => ({
  urn: `urn:pulumi:prod::modelport::modelport:index:GkeCluster$gcp:container/cluster:Cluster::${name}`,
  type: "gcp:container/cluster:Cluster",
  ...more,
});

describe("a stack that is protected from deletion", () => {
  it("has a cluster that Pulumi or Google keeps", () => {
    const found = protectedResources([
      resource("open", { inputs: { deletionProtection: false } }),
      resource("google", { inputs: { deletionProtection: true } }),
      resource("pulumi", { protect: true }),
      resource("plain"),
    ]);
    assert.deepEqual(
      found.map(({ urn }) => urn.split("::").at(-1)),
      ["google", "pulumi"],
    );
  });

  it("is refused with the three commands that take it away", () => {
    const keep = [resource("cluster", { inputs: { deletionProtection: true } })];
    assert.throws(
      () => refuseProtected("prod", "gke", keep),
      (error) => {
        assert.ok(error instanceof UserError);
        assert.equal(error.exitCode, 2);
        assert.match(error.message, /nothing was changed/);
        assert.match(error.why ?? "", /gcp:container\/cluster:Cluster cluster$/);
        assert.match(
          error.fix ?? "",
          /'modelport:gke\.deletionProtection' false[\s\S]*run up[\s\S]*run down/,
        );
        return true;
      },
    );
  });

  it("is told to renew a login that has expired, and else to try again", () => {
    for (const why of [
      "configured Kubernetes cluster is unreachable: Unauthorized",
      "the server has asked for the client to provide credentials",
    ])
      assert.match(afterFailedDestroy("prod", why), /run up -- --stack prod, then npm run down/);
    assert.match(
      afterFailedDestroy("prod", "the subnet is in use"),
      /^run the same command again; what is gone stays gone/,
    );
  });

  it("may go once it is lifted", () => {
    refuseProtected("prod", "gke", [
      resource("cluster", { inputs: { deletionProtection: false } }),
    ]);
  });
});

import * as assert from "node:assert/strict";
import { ACCOUNT } from "../../../support/clouds/ibm/ids";
import * as tokens from "../../../support/clouds/ibm/tokens";
import { isValues, text } from "../../../support/clouds/values";
import { listIn, TestAccount } from "./support/account";

const VERSION = "version=2026-09-01&generation=2";

describe("the simulated IBM Cloud's list APIs", () => {
  let account: TestAccount;
  let headers: Record<string, string>;
  beforeEach(async () => {
    account = new TestAccount();
    headers = await account.token();
  });

  /** All pages of a list. @param next of a page, the URL of the one after */
  async function all(url: string, key: string, next: (body: object) => unknown): Promise<string[]> {
    const names: string[] = [];
    for (let at: string | undefined = url; at !== undefined;) {
      const { status, body } = await account.ask("GET", at, headers);
      assert.equal(status, 200);
      names.push(...listIn(body, key).map((one) => text(one, "name")));
      const more: unknown = next(isValues(body) ? body : {});
      at = typeof more === "string" ? more : undefined;
    }
    return names;
  }

  const after = (url: string) => url.replace(`${account.cloud.url}/ibm`, "");

  it("pages through VPCs by start", async () => {
    for (const name of ["a", "b", "c"]) await account.make(tokens.VPC, { name });
    const names = await all(`/vpc/v1/vpcs?${VERSION}&limit=2`, "vpcs", (body) => {
      const { next } = body as { next?: { href: string } };
      return next === undefined ? undefined : `${after(next.href)}&${VERSION}`;
    });
    assert.deepEqual(names, ["a", "b", "c"]);
  });

  it("pages through service IDs by next, and resource instances by next_url", async () => {
    const cos = { service: "cloud-object-storage", plan: "standard", location: "global" };
    for (const name of ["a", "b", "c"]) {
      await account.make(tokens.SERVICE_ID, { name });
      await account.make(tokens.RESOURCE_INSTANCE, { ...cos, name });
    }
    const ids = await all(
      `/iam/v1/serviceids?account_id=${ACCOUNT}&pagesize=2`,
      "serviceids",
      (body) => {
        const { next } = body as { next?: string };
        return next === undefined ? undefined : after(next);
      },
    );
    assert.deepEqual(ids, ["a", "b", "c"]);
    const instances = await all("/resources/v2/resource_instances?limit=2", "resources", (body) => {
      const { next_url: next } = body as { next_url: string | null };
      return next === null ? undefined : `/resources${next}`;
    });
    assert.deepEqual(instances, ["a", "b", "c"]);
  });

  it("pages through a service ID's keys, and tells nobody what they open", async () => {
    const [iamServiceId = "", other = ""] = await Promise.all(
      ["a", "b"].map(async (name) => `iam-${await account.make(tokens.SERVICE_ID, { name })}`),
    );
    for (const name of ["a", "b", "c"])
      await account.make(tokens.SERVICE_API_KEY, { iamServiceId, name });
    await account.make(tokens.SERVICE_API_KEY, { iamServiceId: other, name: "other" });
    const url = `/iam/v1/apikeys?account_id=${ACCOUNT}&iam_id=${iamServiceId}&pagesize=2`;
    const names = await all(url, "apikeys", (body) => {
      const { next } = body as { next?: string };
      return next === undefined ? undefined : after(next);
    });
    assert.deepEqual(names, ["a", "b", "c"]);
    const { body } = await account.ask("GET", url, headers);
    for (const key of listIn(body, "apikeys")) assert.equal(key["apikey"], "");
  });

  it("lists the pools of a cluster that there is", async () => {
    const { id: cluster } = account.cluster();
    await account.make(tokens.VPC_WORKER_POOL, { cluster, workerPoolName: "gpu", workerCount: 2 });
    const pools = (of: string) =>
      account.ask("GET", `/containers/v2/vpc/getWorkerPools?cluster=${of}`, headers);
    const [pool] = listIn({ body: (await pools(cluster)).body }, "body");
    assert.deepEqual([pool?.["poolName"], pool?.["workerCount"]], ["gpu", 2]);
    assert.equal((await pools("c0other")).status, 404);
  });

  it("wants version and generation of who asks VPC infrastructure", async () => {
    assert.equal((await account.ask("GET", "/vpc/v1/subnets", headers)).status, 400);
  });

  it("tells of a namespace to its account only, and the tags that it bears", async () => {
    await account.make(tokens.NAMESPACE, { name: "acme-models", tags: ["modelport-stack:iks"] });
    const url = "/registry/api/v1/namespaces/details";
    assert.equal((await account.ask("GET", url, headers)).status, 403);
    const { body } = await account.ask("GET", url, { ...headers, account: ACCOUNT });
    const [namespace] = listIn({ body }, "body");
    assert.equal(text(namespace ?? {}, "name"), "acme-models");
    const crn = encodeURIComponent(text(namespace ?? {}, "crn"));
    const tags = await account.ask("GET", `/tags/v3/tags?attached_to=${crn}&limit=100`, headers);
    assert.deepEqual(listIn(tags.body, "items"), [{ name: "modelport-stack:iks" }]);
  });

  it("lists clusters by their infrastructure", async () => {
    account.cluster();
    const vpc = await account.ask("GET", "/containers/v2/vpc/getClusters", headers);
    const classic = await account.ask("GET", "/containers/v2/classic/getClusters", headers);
    const [cluster] = listIn({ body: vpc.body }, "body");
    assert.deepEqual(
      [cluster?.["name"], cluster?.["state"], cluster?.["type"]],
      ["modelport-test", "normal", "kubernetes"],
    );
    assert.deepEqual(classic.body, []);
  });

  it("refuses who has no token, or no right", async () => {
    assert.equal((await account.ask("GET", "/containers/v2/vpc/getClusters")).status, 401);
    account.cloud.faults.condition("permission-denied", "vpc");
    const { status } = await account.ask("GET", `/vpc/v1/vpcs?${VERSION}`, headers);
    assert.equal(status, 403);
  });
});

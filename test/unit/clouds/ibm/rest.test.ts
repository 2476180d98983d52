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

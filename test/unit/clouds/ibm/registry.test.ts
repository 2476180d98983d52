import * as assert from "node:assert/strict";
import { userKey } from "../../../support/clouds/ibm/account";
import { authorize, TAKEN_NAMESPACES } from "../../../support/clouds/ibm/registry";
import * as tokens from "../../../support/clouds/ibm/tokens";
import { text } from "../../../support/clouds/values";
import { TestAccount } from "./support/account";

const REPOSITORY = "acme-models/iks/iris";

describe("the simulated IBM Cloud Container Registry", () => {
  let account: TestAccount;
  let password: string;
  beforeEach(async () => {
    account = new TestAccount();
    await account.make(tokens.NAMESPACE, { name: "acme-models" });
    password = userKey(account.cloud);
  });

  const verdict = (o: {
    password?: string;
    user?: string;
    host?: string;
    repository?: string;
    action?: "pull" | "push";
  }) => {
    const { host = "us.icr.io", repository = REPOSITORY, action = "pull" } = o;
    const login = { user: o.user ?? "iamapikey", password: o.password ?? password };
    const found = authorize(account.cloud, login, { host, repository, action });
    return found.ok ? "ok" : `${found.status} ${found.code} ${found.message.split(".")[0]}`;
  };

  /** A service ID's key that may pull from a namespace. */
  async function pullKey(namespace: string): Promise<string> {
    const id = await account.make(tokens.SERVICE_ID, { name: "pull" });
    await account.make(tokens.SERVICE_POLICY, {
      iamServiceId: id,
      roles: ["Reader"],
      resources: {
        service: "container-registry",
        resourceType: "namespace",
        resource: namespace,
      },
    });
    const key = { name: "pull", iamServiceId: `iam-${id}` };
    const { outputs } = await account.operations.create({
      token: tokens.SERVICE_API_KEY,
      inputs: key,
    });
    return text(outputs, "apikey");
  }

  const SCOPE = "403 DENIED Insufficient scope";
  const RESOURCE = "403 DENIED You are not authorized to access the specified resource";
  const LOGIN = "401 UNAUTHORIZED Authorization required";

  it("refuses names that are short, long, ugly or taken", async () => {
    for (const name of ["abc", "a".repeat(31), "Acme", "-acme", "acme."])
      await assert.rejects(account.make(tokens.NAMESPACE, { name }), /from 4 to 30 characters/);
    for (const name of ["acme-models", ...TAKEN_NAMESPACES])
      await assert.rejects(account.make(tokens.NAMESPACE, { name }), /is already in use/);
  });

  it("takes a namespace's policy away with it, and makes none without it", async () => {
    const policy = { namespace: "acme-models", imagesPerRepo: 20 };
    await account.make(tokens.RETENTION_POLICY, policy);
    await account.operations.remove({ token: tokens.NAMESPACE, id: "acme-models" });
    assert.deepEqual(account.cloud.store.list(tokens.RETENTION_POLICY), []);
    await assert.rejects(account.make(tokens.RETENTION_POLICY, policy), /namespace was not found/);
  });

  it("wants iamapikey and a key that is good", () => {
    assert.equal(verdict({ action: "push" }), "ok");
    assert.equal(verdict({ user: "admin" }), LOGIN);
    assert.equal(verdict({ password: "no" }), LOGIN);
    const anonymous = authorize(account.cloud, undefined, {
      host: "us.icr.io",
      repository: REPOSITORY,
      action: "pull",
    });
    assert.equal(anonymous.ok, false);
    account.cloud.faults.condition("revoked", true);
    assert.equal(verdict({}), LOGIN);
  });

  it("has namespaces in their region only", () => {
    assert.equal(verdict({ repository: "others/iris" }), RESOURCE);
    assert.equal(verdict({ host: "de.icr.io" }), RESOURCE);
  });

  it("lets a service ID pull what its policies name, and push nothing", async () => {
    const key = await pullKey("acme-models");
    account.wait(60);
    assert.equal(verdict({ password: key }), "ok");
    assert.equal(verdict({ password: key, action: "push" }), SCOPE);
    const other = await pullKey("another");
    account.wait(60);
    assert.equal(verdict({ password: other }), SCOPE);
  });

  it("knows a policy a moment after it was made", async () => {
    const key = await pullKey("acme-models");
    const slow = account.at(1);
    const login = { user: "iamapikey", password: key };
    const pull = { host: "us.icr.io", repository: REPOSITORY, action: "pull" } as const;
    assert.equal(authorize(slow, login, pull).ok, false);
    account.wait(60);
    assert.equal(authorize(slow, login, pull).ok, true);
  });

  it("takes and gives nothing over quota", () => {
    account.cloud.faults.condition("registry-full", "storage");
    assert.match(verdict({ action: "push" }), /exceeded its image storage quota/);
    assert.equal(verdict({ action: "pull" }), "ok");
    account.cloud.faults.condition("registry-full", "traffic");
    assert.match(verdict({ action: "pull" }), /exceeded its pull traffic quota/);
    assert.equal(verdict({ action: "push" }), "ok");
  });
});

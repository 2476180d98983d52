import * as assert from "node:assert/strict";
import { ibm } from "../../../support/clouds/ibm";
import { userKey } from "../../../support/clouds/ibm/account";
import * as tokens from "../../../support/clouds/ibm/tokens";
import { KEYS_FIRST } from "../../../support/clouds/ibm/resources";
import { TestAccount } from "./support/account";

describe("the simulated IBM Cloud's IAM", () => {
  let account: TestAccount;
  beforeEach(() => {
    account = new TestAccount();
  });

  const login = (key?: string) =>
    ibm.login(
      { environment: key === undefined ? {} : { IC_API_KEY: key }, config: {} },
      account.cloud,
    );

  it("lets nobody in without an API key, or with one that was deleted", () => {
    const key = userKey(account.cloud);
    login(key);
    assert.throws(() => login(), /ibmcloud_api_key .* must be provided/);
    const notFound = /status code: 400, BXNIM0415E: Provided API key could not be found/;
    assert.throws(() => login("another"), notFound);
    account.cloud.faults.condition("revoked", true);
    assert.throws(() => login(key), notFound);
  });

  it("gives a token for an hour, and none for a wrong key", async () => {
    const headers = await account.token();
    const list = () => account.ask("GET", "/iam/v1/serviceids", headers);
    assert.equal((await list()).status, 200);
    account.wait(3599);
    assert.equal((await list()).status, 200);
    account.wait(2);
    assert.equal((await list()).status, 401);
    assert.deepEqual(await account.ask("POST", "/iam/identity/token", {}, { apikey: "no" }), {
      status: 400,
      body: {
        errorCode: "BXNIM0415E",
        errorMessage: "Provided API key could not be found.",
      },
    });
  });

  it("refuses tokens that it has declared over", async () => {
    const headers = await account.token();
    account.cloud.faults.condition("expired", true);
    const { status, body } = await account.ask(
      "GET",
      "/vpc/v1/vpcs?version=2026-09-01&generation=2",
      headers,
    );
    assert.equal(status, 401);
    assert.match(JSON.stringify(body), /The service token was expired or invalid/);
  });

  it("makes no more service IDs than the account may have", async () => {
    account.cloud.faults.condition("quota", "serviceids");
    await assert.rejects(
      account.make(tokens.SERVICE_ID, { name: "pull" }),
      /maximum number of service IDs/,
    );
    account.cloud.faults.condition("quota", undefined);
    await account.make(tokens.SERVICE_ID, { name: "pull" });
  });

  it("makes policies and keys only for service IDs that are there, with roles that are", async () => {
    const policy = { iamServiceId: "ServiceId-none", roles: ["Reader"] };
    await assert.rejects(account.make(tokens.SERVICE_POLICY, policy), /ServiceId not found/);
    await assert.rejects(
      account.make(tokens.SERVICE_API_KEY, { name: "k", iamServiceId: "iam-ServiceId-none" }),
      /service ID could not be found/,
    );
    const id = await account.make(tokens.SERVICE_ID, { name: "pull" });
    await assert.rejects(
      account.make(tokens.SERVICE_POLICY, { iamServiceId: id, roles: ["Puller"] }),
      /\(Puller\) are not valid/,
    );
  });

  it("takes a service ID's keys and policies away with it", async () => {
    const id = await account.make(tokens.SERVICE_ID, { name: "pull" });
    await account.make(tokens.SERVICE_POLICY, { iamServiceId: id, roles: ["Reader"] });
    await account.make(tokens.SERVICE_API_KEY, { name: "k", iamServiceId: `iam-${id}` });
    await account.operations.remove({ token: tokens.SERVICE_ID, id });
    assert.deepEqual(account.cloud.store.list(), []);
  });

  it("knows one resource group, and the services that are sold", async () => {
    const token = "ibm:index/getResourceGroup:getResourceGroup";
    const found = await account.operations.invoke({ token, inputs: { name: "Default" } });
    assert.equal(found["name"], "Default");
    await assert.rejects(
      account.operations.invoke({ token, inputs: { name: "default" } }),
      /resource Group is not found/,
    );
    const instance = { name: "x", service: "cloud-object-storage", plan: "standard" };
    await assert.rejects(
      account.make(tokens.RESOURCE_INSTANCE, { ...instance, location: "us-south" }),
      /No deployment found for service plan standard at location us-south/,
    );
    await assert.rejects(
      account.make(tokens.RESOURCE_INSTANCE, { ...instance, plan: "gold", location: "global" }),
      /No plan found with name: gold/,
    );
  });

  it("deletes an instance with keys only with all that is in it", async () => {
    const inputs = { name: "x", service: "cloud-object-storage", plan: "standard" };
    const id = await account.make(tokens.RESOURCE_INSTANCE, { ...inputs, location: "global" });
    account.cluster({ cosInstanceCrn: id });
    const headers = await account.token();
    const url = `/resources/v2/resource_instances/${encodeURIComponent(id)}`;
    assert.deepEqual(await account.ask("DELETE", url, headers), {
      status: 400,
      body: { message: KEYS_FIRST, status_code: 400 },
    });
    assert.equal((await account.ask("DELETE", `${url}?recursive=true`, headers)).status, 204);
    assert.deepEqual(account.cloud.store.list(tokens.RESOURCE_INSTANCE), []);
  });
});

import * as assert from "node:assert/strict";
import { HELD_BACK } from "../../../support/clouds/ibm/held-back";
import { SERVICE_ID } from "../../../support/clouds/ibm/tokens";
import { TestAccount } from "./support/account";

describe("what the simulated IBM Cloud holds back", () => {
  it("is there, and nobody is told until it lets go", async () => {
    const account = new TestAccount();
    const held = account.cloud.record(HELD_BACK, SERVICE_ID, {});
    let told: string | undefined;
    const making = account.make(SERVICE_ID, { name: "a" }).then((id) => (told = id));
    while (account.cloud.store.list(SERVICE_ID).length === 0)
      await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(told, undefined);
    account.cloud.store.remove(held);
    assert.equal(await making, account.cloud.store.list(SERVICE_ID)[0]?.id);
  });
});

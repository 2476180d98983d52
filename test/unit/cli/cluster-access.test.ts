import * as assert from "node:assert/strict";
import { unreachable } from "../../../cli/cluster-access";

describe("a cluster that can't be asked", () => {
  it("says why", () => {
    const error = new Error("fetch failed", { cause: new Error("connect ECONNREFUSED\nmore") });
    assert.equal(unreachable(error).why, "connect ECONNREFUSED");
  });

  it("is told from a login that has expired", () => {
    const { message, fix } = unreachable(Object.assign(new Error("HTTP-Code: 401"), { code: 401 }));
    assert.match(message, /refuses the login/);
    assert.match(fix ?? "", /npm run up/);
  });
});

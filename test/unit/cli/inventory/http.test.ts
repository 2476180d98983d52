import * as assert from "node:assert/strict";
import { ApiError, ask, NoAnswer, type Patience } from "../../../../cli/inventory/http";
import { Fixture } from "./support/fixture";

const HASTE: Patience = { timeoutMs: 60_000, tries: 3, firstPauseMs: 1, longestPauseMs: 5 };

describe("a question to a cloud", () => {
  let cloud: Fixture;
  beforeEach(async () => (cloud = await new Fixture().start()));
  afterEach(() => cloud.stop());

  const at = (path: string) => `${cloud.url}${path}`;

  for (const status of [429, 500, 502, 503, 504])
    it(`is asked again after a ${status}`, async () => {
      cloud.on("/list", () =>
        cloud.times("/list") < 3 ? { status, body: { message: "busy" } } : { body: { ok: true } },
      );
      assert.deepEqual(await ask({ url: at("/list") }, HASTE), { ok: true });
      assert.equal(cloud.times("/list"), 3);
    });

  for (const status of [400, 401, 403, 404, 409])
    it(`is not asked again after a ${status}`, async () => {
      cloud.on("/list", { status, body: { message: "no" } });
      await assert.rejects(ask({ url: at("/list") }, HASTE), (error) => {
        assert.ok(error instanceof ApiError);
        assert.equal(error.status, status);
        return true;
      });
      assert.equal(cloud.times("/list"), 1);
    });

  it("is given up after some tries", async () => {
    cloud.on("/list", { status: 503, body: "busy" });
    await assert.rejects(ask({ url: at("/list") }, HASTE), /status 503 .*\/list: busy/);
    assert.equal(cloud.times("/list"), HASTE.tries);
  });

  it("waits as long as the server wishes, within reason", async () => {
    const answer = { status: 429, headers: { "retry-after": "3600" }, body: {} };
    cloud.on("/list", () => (cloud.times("/list") < 2 ? answer : { body: [] }));
    assert.deepEqual(await ask({ url: at("/list") }, HASTE), []);
  });

  it("is told of nobody who answers, without the query", async () => {
    const url = `${at("/list")}?account=1`;
    await cloud.stop();
    await assert.rejects(ask({ url }, HASTE), (error) => {
      assert.ok(error instanceof NoAnswer);
      assert.match(error.message, /^no answer from 127\.0\.0\.1:\d+\/list: .*ECONNREFUSED/);
      return true;
    });
    cloud = await new Fixture().start();
  });

  it("is told of an answer that isn't JSON", async () => {
    cloud.on("/list", {});
    await assert.rejects(ask({ url: at("/list") }, HASTE), ApiError);
  });

  const told: [what: string, body: unknown, expected: RegExp][] = [
    ["Google", { error: { code: 403, message: "denied", status: "X" } }, /: denied$/],
    ["OAuth", { error: "invalid_grant", error_description: "expired" }, /: expired$/],
    ["IBM's VPC", { errors: [{ code: "c", message: "in use" }], trace: "t" }, /: in use$/],
    ["IBM's IAM", { errorCode: "BX", errorMessage: "no key" }, /: no key$/],
    ["IBM's containers", { code: "E", description: "no right", incidentID: "i" }, /: no right$/],
    ["nobody", { a: 1 }, /: \{"a":1\}$/],
  ];
  for (const [whose, body, expected] of told)
    it(`tells the message where ${whose} puts it`, async () => {
      cloud.on("/list", { status: 403, body });
      await assert.rejects(ask({ url: at("/list") }, HASTE), expected);
    });
});

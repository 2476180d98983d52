import assert from "node:assert/strict";
import { checkNames } from "../../../../infra/config/check-names";

const keys = (services: Record<string, unknown>) =>
  checkNames({ stack: "prod", values: { services }, secret: () => false }).map(
    ({ key, got }) => `${key}: ${got}`,
  );

describe("names of services", () => {
  it("are not those of what a namespace has", () => {
    for (const name of ["default", "default-deny", "builder", "deployer", "pipeline"])
      assert.equal(keys({ [name]: {} }).length, 1, name);
    assert.deepEqual(keys({ defaults: {}, "my-default": {} }), []);
  });

  it("don't make one Secret for two services", () => {
    const iris = { secrets: { "api-keys": { A: "x" }, "a-secret-b": { A: "x" } } };
    const taken = (secret: string) => `${secret}, which service iris has already`;
    assert.deepEqual(keys({ iris, "iris-secret": { apiKeys: { me: "x" } } }), [
      `modelport:services.iris-secret: the Secret ${taken("iris-secret-api-keys")}`,
    ]);
    assert.deepEqual(keys({ iris, "iris-secret-a": { secrets: { b: { A: "x" } } } }), [
      `modelport:services.iris-secret-a: the Secret ${taken("iris-secret-a-secret-b")}`,
    ]);
    assert.deepEqual(keys({ iris, "iris-secret": { apiKeys: {} } }), []);
  });
});

import assert from "node:assert/strict";
import { keepIgnored, takeOver } from "../../../../../local/providers/kubernetes/field-managers";
import type { PlainObject } from "../../../../../local/providers/rpc/properties";

const entry = (
  manager: string,
  operation: string,
  fieldsV1: PlainObject,
  more: PlainObject = {},
) => ({
  manager,
  operation,
  apiVersion: "v1",
  fieldsType: "FieldsV1",
  fieldsV1,
  ...more,
});
const object = (...managedFields: PlainObject[]): PlainObject => ({ metadata: { managedFields } });

describe("taking over fields", () => {
  it("joins what we created and what kubectl wrote with what we applied", () => {
    const foreign = entry("autoscaler", "Update", { "f:spec": {} });
    const live = object(
      entry("us", "Apply", { "f:data": { "f:a": {} } }),
      entry("us", "Update", { "f:data": { "f:b": {} } }),
      entry("kubectl", "Update", { "f:metadata": {} }),
      foreign,
    );
    assert.deepEqual(takeOver(live, "us"), [
      entry("us", "Apply", { "f:data": { "f:a": {}, "f:b": {} }, "f:metadata": {} }),
      foreign,
    ]);
  });

  it("is not needed when all is ours or others'", () => {
    const live = object(entry("us", "Apply", {}), entry("autoscaler", "Update", {}));
    assert.equal(takeOver(live, "us"), undefined);
  });

  it("leaves the status alone", () => {
    const live = object(entry("kubectl", "Update", {}, { subresource: "status" }));
    assert.equal(takeOver(live, "us"), undefined);
  });
});

describe("ignored fields", () => {
  const live = (owner: string): PlainObject => ({
    ...object(entry(owner, "Apply", { "f:spec": { "f:replicas": {} } })),
    spec: { replicas: 5 },
  });

  it("are left out when only somebody else manages them", () => {
    const inputs: PlainObject = { spec: { replicas: 1, paused: true } };
    keepIgnored(inputs, live("autoscaler"), ["spec.replicas"], "us");
    assert.deepEqual(inputs, { spec: { paused: true } });
  });

  it("keep their live value when we manage them", () => {
    const inputs: PlainObject = { spec: { replicas: 1 } };
    keepIgnored(inputs, live("us"), ["spec.replicas"], "us");
    assert.deepEqual(inputs, { spec: { replicas: 5 } });
  });
});

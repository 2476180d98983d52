import assert from "node:assert/strict";
import {
  isBuiltIn,
  normalize,
  toDashes,
  toUnderscores,
} from "../../../../../local/providers/kubernetes/normalize";
import { Unknown, type PlainObject } from "../../../../../local/providers/rpc/properties";

const deployment = (pod: PlainObject): PlainObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "a" },
  spec: { replicas: 0, template: { spec: pod } },
});
const podOf = (object: PlainObject) =>
  ((object["spec"] as PlainObject)["template"] as PlainObject)["spec"];

describe("normalising", () => {
  it("writes quantities in their canonical form", () => {
    const pod = { containers: [{ resources: { limits: { cpu: "1000m", memory: 1024 } } }] };
    assert.deepEqual(podOf(normalize(deployment(pod))), {
      containers: [{ resources: { limits: { cpu: "1", memory: "1024" } } }],
    });
  });

  it("drops zeros that Go leaves out and keeps those behind a pointer", () => {
    const pod = {
      hostNetwork: false,
      automountServiceAccountToken: false,
      tolerations: [],
      nodeSelector: {},
      containers: [
        { tty: false, securityContext: { allowPrivilegeEscalation: false, privileged: false } },
      ],
      volumes: [{ emptyDir: {} }],
    };
    const normal = normalize(deployment(pod));
    assert.deepEqual(podOf(normal), {
      automountServiceAccountToken: false,
      containers: [{ securityContext: { allowPrivilegeEscalation: false, privileged: false } }],
      volumes: [{ emptyDir: {} }],
    });
    assert.equal((normal["spec"] as PlainObject)["replicas"], 0);
  });

  it("leaves the user's own keys alone", () => {
    const object: PlainObject = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { labels: { name: "", path: "" } },
      data: { value: "", type: "" },
    };
    assert.deepEqual(normalize(object), object);
  });

  it("leaves custom resources alone", () => {
    const object: PlainObject = {
      apiVersion: "example.com/v1",
      kind: "Widget",
      spec: { limits: { cpu: "1000m" }, name: "" },
    };
    assert.deepEqual(normalize(object), object);
  });

  it("leaves what is not known yet alone", () => {
    const object = { apiVersion: "v1", kind: "Secret", stringData: { a: new Unknown() } };
    assert.deepEqual(normalize(object), object);
  });

  it("merges a Secret's stringData into data, which it overrides", () => {
    const secret = {
      apiVersion: "v1",
      kind: "Secret",
      data: { a: "b2xk", b: "aw==" },
      stringData: { a: "new" },
    };
    assert.deepEqual(normalize(secret)["data"], { a: "bmV3", b: "aw==" });
  });

  it("does not touch what it was given", () => {
    const secret = { apiVersion: "v1", kind: "Secret", stringData: { a: "x" } };
    normalize(secret);
    assert.deepEqual(secret.stringData, { a: "x" });
  });

  it("tells Kubernetes' own groups from others'", () => {
    for (const own of ["v1", "apps/v1", "networking.k8s.io/v1"]) assert.ok(isBuiltIn(own), own);
    for (const other of ["example.com/v1", "route.openshift.io/v1"])
      assert.ok(!isBuiltIn(other), other);
  });

  it("gives x-kubernetes fields a name Pulumi can carry, and back", () => {
    const schema = { items: [{ "x-kubernetes-int-or-string": true, x_other: 1 }] };
    const carried = { items: [{ x_kubernetes_int_or_string: true, x_other: 1 }] };
    assert.deepEqual(toUnderscores(schema), carried);
    assert.deepEqual(toDashes(carried), schema);
  });
});

import * as assert from "node:assert/strict";
import { kubernetesInventory, type KubernetesPlace } from "../../../../cli/inventory/kubernetes";
import { Fixture } from "./support/fixture";

const LABELS = {
  "app.kubernetes.io/instance": "prod",
  "app.kubernetes.io/part-of": "modelport",
  "app.kubernetes.io/managed-by": "pulumi",
};
const SELECTOR = Object.entries(LABELS)
  .map((pair) => pair.join("="))
  .join(",");

const REFUSED = { status: 403, body: { kind: "Status", message: "namespaces is forbidden" } };

const resource = (name: string, scope: "Cluster" | "Namespaced", verbs = ["list", "delete"]) => ({
  resource: name,
  scope,
  verbs,
});

describe("the inventory of a cluster that stays", () => {
  let cluster: Fixture;
  beforeEach(async () => {
    cluster = await new Fixture().start();
    const core = [
      resource("namespaces", "Cluster"),
      resource("persistentvolumes", "Cluster"),
      resource("pods", "Namespaced"),
    ];
    cluster.on("/api", { body: { items: [{ versions: [{ version: "v1", resources: core }] }] } });
    const versions = [
      { version: "v1", resources: [resource("clusterroles", "Cluster")] },
      { version: "v1beta1", resources: [resource("clusterroles", "Cluster")] },
    ];
    const review = { version: "v1", resources: [resource("tokenreviews", "Cluster", ["create"])] };
    cluster.on("/apis", {
      body: {
        items: [
          { metadata: { name: "rbac.authorization.k8s.io" }, versions },
          { metadata: { name: "authentication.k8s.io" }, versions: [review] },
        ],
      },
    });
    for (const path of [NAMESPACES, "/api/v1/persistentvolumes", ROLES]) listed(path);
  });
  afterEach(() => cluster.stop());

  const NAMESPACES = "/api/v1/namespaces";
  const ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

  /** Answers only who asks by the stack's labels. */
  function listed(path: string, ...items: object[]): void {
    cluster.on(path, ({ query }) => ({
      body: { metadata: {}, items: query.get("labelSelector") === SELECTOR ? items : [] },
    }));
  }

  const place = (more: Partial<KubernetesPlace> = {}): KubernetesPlace => ({
    context: { name: "kind-dev", server: cluster.url, cluster: { server: cluster.url }, user: {} },
    namespaces: ["modelport-prod"],
    ...more,
  });
  const look = (more: Partial<KubernetesPlace> = {}) => kubernetesInventory("prod", place(more));

  it("finds nothing where nothing bears the stack's labels", async () => {
    const { found, looked, unseen, where } = await look();
    assert.deepEqual([found, unseen], [[], []]);
    assert.equal(where, "the cluster of context kind-dev");
    assert.deepEqual(looked, ["namespaces", "cluster-wide objects"]);
  });

  it("takes null for an empty list, as Go writes one", async () => {
    cluster.on(ROLES, { body: { metadata: {}, items: null } });
    assert.deepEqual((await look()).unseen, []);
  });

  it("takes an answer without a list for no answer", async () => {
    cluster.on(NAMESPACES, { body: { kind: "Status" } });
    assert.deepEqual((await look()).looked, ["cluster-wide objects"]);
  });

  it("finds namespaces and objects outside of any, once each", async () => {
    const creationTimestamp = "2026-11-01T00:00:00Z";
    listed(NAMESPACES, { metadata: { name: "modelport-prod", creationTimestamp } });
    listed(ROLES, { metadata: { name: "reader", creationTimestamp } });
    const { found } = await look({ kubeconfig: "/home/me/my clusters.yaml" });
    assert.deepEqual(
      found.map(({ remove, since }) => [remove, since]),
      [
        [
          "kubectl delete namespace modelport-prod --kubeconfig '/home/me/my clusters.yaml' --context kind-dev",
          creationTimestamp,
        ],
        [
          "kubectl delete clusterroles.rbac.authorization.k8s.io reader --kubeconfig '/home/me/my clusters.yaml' --context kind-dev",
          creationTimestamp,
        ],
      ],
    );
  });

  it("asks on OpenShift for nothing twice, and for no list of what is no thing", async () => {
    const at = (group: string, ...resources: object[]) => ({
      metadata: { name: group },
      versions: [{ version: "v1", resources }],
    });
    cluster.on("/apis", {
      body: {
        items: [
          at(
            "project.openshift.io",
            resource("projects", "Cluster"),
            resource("projectrequests", "Cluster", ["create", "list"]),
          ),
          at("authorization.openshift.io", resource("clusterroles", "Cluster")),
          at("rbac.authorization.k8s.io", resource("clusterroles", "Cluster")),
        ],
      },
    });
    const project = "/apis/project.openshift.io/v1";
    cluster.on(`${project}/projectrequests`, { body: { kind: "Status", status: "Success" } });
    const role = { metadata: { name: "reader" } };
    for (const path of [ROLES, "/apis/authorization.openshift.io/v1/clusterroles"])
      listed(path, role);
    listed(`${project}/projects`, { metadata: { name: "modelport-prod" } });
    listed(NAMESPACES, { metadata: { name: "modelport-prod" } });
    const { found, unseen } = await look();
    assert.deepEqual(unseen, []);
    assert.deepEqual(
      found.map(({ kind }) => kind),
      ["namespace", "clusterroles.rbac.authorization.k8s.io"],
    );
  });

  it("quotes names, which anybody may have chosen", async () => {
    listed(ROLES, { metadata: { name: "a; $(touch b)" } });
    const [role] = (await look()).found;
    assert.match(role?.remove ?? "", /^kubectl delete \S+ 'a; \$\(touch b\)' --context/);
  });

  it("says what keeps a namespace that is being deleted", async () => {
    listed(NAMESPACES, {
      metadata: { name: "modelport-prod", deletionTimestamp: "2026-11-21T18:00:00Z" },
      status: {
        conditions: [
          { type: "NamespaceDeletionContentFailure", status: "False", message: "All content" },
          {
            type: "NamespaceFinalizersRemaining",
            status: "True",
            message:
              "Some content has finalizers remaining: example.com/hold in 1 resource instances",
          },
        ],
      },
    });
    assert.equal(
      (await look()).found[0]?.detail,
      "Terminating since 2026-11-21T18:00:00Z; Some content has finalizers remaining: example.com/hold in 1 resource instances",
    );
  });

  it("reads all pages, and of objects only what isn't secret", async () => {
    cluster.on(ROLES, ({ query, headers }) => {
      assert.match(headers.accept ?? "", /as=PartialObjectMetadataList/);
      const more = query.get("continue");
      return {
        body: {
          metadata: more === null ? { continue: "2" } : {},
          items: [{ metadata: { name: `reader-${more ?? "1"}` } }],
        },
      };
    });
    const names = (await look()).found.map(({ name }) => name);
    assert.deepEqual(names, ["reader-1", "reader-2"]);
  });

  it("asks for its namespaces by name where they may not be listed", async () => {
    cluster.on(NAMESPACES, REFUSED);
    cluster.on(`${NAMESPACES}/modelport-prod`, {
      body: { metadata: { name: "modelport-prod", labels: LABELS } },
    });
    cluster.on(`${NAMESPACES}/models`, { body: { metadata: { name: "models", labels: {} } } });
    const namespaces = ["modelport-prod", "models", "gone"];
    const { found, unseen } = await look({ namespaces });
    assert.deepEqual([found.map(({ name }) => name), unseen], [["modelport-prod"], []]);
  });

  it("can't tell where they may not be read either", async () => {
    cluster.on(NAMESPACES, REFUSED);
    cluster.on(`${NAMESPACES}/modelport-prod`, REFUSED);
    const { looked, unseen } = await look();
    assert.deepEqual(looked, ["cluster-wide objects"]);
    assert.match(unseen[0]?.why ?? "", /^status 403 .*namespaces is forbidden/);
  });

  it("passes over kinds that the login may not list: it has made none of them", async () => {
    cluster.on(ROLES, REFUSED);
    assert.deepEqual((await look()).unseen, []);
  });

  it("can't tell when the cluster doesn't answer", async () => {
    const there = place();
    await cluster.stop();
    const { looked, unseen } = await kubernetesInventory("prod", there);
    assert.equal(looked.length, 0);
    for (const { why } of unseen) assert.match(why, /ECONNREFUSED/);
    cluster = await new Fixture().start();
  });
});

import * as assert from "node:assert/strict";
import type { Stored } from "../../support/openshift/kinds";
import { deploy, deployments, type Deployment } from "./deployments";
import { whenThere } from "./when-there";
import { create, DOMAIN, type OpenShiftPlace, rbac } from "./place";
import { ask, makeRoute } from "./router";

/** What pods may do, and who may have more: of what was built. */
export function constraints(start: () => OpenShiftPlace): void {
  describe("constraints", () => {
    let place: OpenShiftPlace;
    before(() => {
      place = start();
    });

    it("give pods a user of their namespace's range, in group 0", async () => {
      await deploy(place, "team", "app");
      await makeRoute(place, "team", "app", {});
      const answer = await whenThere(async () => {
        const { status, body } = await ask(`http://app-team.${DOMAIN}/`);
        return status === 200 ? body : undefined;
      });
      const { user, group } = JSON.parse(answer) as { user: number; group: number };
      const { metadata } = (await place.api.get<Stored>("/api/v1/namespaces/team"))!;
      const [first, size] = (metadata.annotations?.["openshift.io/sa.scc.uid-range"] ?? "")
        .split("/")
        .map(Number) as [number, number];
      assert.ok(first >= 1_000_000_000 && user >= first && user < first + size, `user ${user}`);
      assert.equal(group, 0);
    });

    const refused: readonly [string, object, object, RegExp][] = [
      [
        "a user that is fixed",
        {},
        { runAsUser: 1000 },
        /provider "anyuid": Forbidden: not usable by user or serviceaccount, provider restricted-v2: \.containers\[0\]\.runAsUser: Invalid value: 1000: must be in the ranges: \[\d+, \d+\], provider "restricted"/,
      ],
      [
        "privileged containers",
        {},
        { privileged: true },
        /\.containers\[0\]\.privileged: Invalid value: true: Privileged containers are not allowed/,
      ],
      [
        "capabilities",
        {},
        { capabilities: { add: ["NET_ADMIN"] } },
        /capabilities\.add: Invalid value: "NET_ADMIN": capability may not be added/,
      ],
      [
        "folders of the node",
        { volumes: [{ name: "node", hostPath: { path: "/" } }] },
        {},
        /spec\.volumes\[0\]: Invalid value: "hostPath": hostPath volumes are not allowed to be used/,
      ],
    ];
    for (const [what, spec, securityContext, message] of refused)
      it(`refuse ${what}`, async () => {
        const name = what.replaceAll(" ", "-");
        await deploy(place, "other", name, { spec, securityContext });
        const condition = await whenThere(async () => {
          const { status } = (await place.api.get<Deployment>(deployments("other", name)))!;
          return status?.conditions?.find(({ type }) => type === "ReplicaFailure");
        });
        assert.match(condition.message, /unable to validate against any security context/);
        assert.match(condition.message, message);
        await place.api.delete(deployments("other", name));
      });

    it("let an account that may use another one have it", async () => {
      await create(place.api, `${rbac("other")}/rolebindings`, {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: { name: "anyuid", namespace: "other" },
        roleRef: {
          apiGroup: "rbac.authorization.k8s.io",
          kind: "ClusterRole",
          name: "system:openshift:scc:anyuid",
        },
        subjects: [{ kind: "ServiceAccount", name: "default", namespace: "other" }],
      });
      await deploy(place, "other", "fixed", { securityContext: { runAsUser: 1000 } });
      const pod = await whenThere(async () => {
        const { items } = (await place.api.get<{ items: Stored[] }>(
          "/api/v1/namespaces/other/pods",
        ))!;
        return items.find(({ metadata }) => metadata.name.startsWith("fixed-"));
      });
      assert.equal(pod.metadata.annotations?.["openshift.io/scc"], "anyuid");
    });
  });
}

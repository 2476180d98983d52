import * as assert from "node:assert/strict";
import { admit } from "../../support/openshift/admission/admit";
import type { Container, Pod, PodSpec } from "../../support/openshift/admission/pod";
import {
  annotationsOf,
  isAnnotated,
  nextBlock,
  rangesOf,
} from "../../support/openshift/admission/ranges";

const RANGES = rangesOf(annotationsOf(66));

const podOf = (container: Partial<Container> = {}, spec: Partial<PodSpec> = {}): Pod => ({
  metadata: { name: "app" },
  spec: { containers: [{ name: "server", ...container }], ...spec },
});

const judge = (pod: Pod, usable: readonly string[] = [], fixed = false) =>
  admit(pod, RANGES, ({ name }) => Promise.resolve(usable.includes(name)), { fixed });

describe("OpenShift: ranges of a namespace", () => {
  it("are blocks of ten thousand users, with categories of their own", () => {
    assert.deepEqual(annotationsOf(66), {
      "openshift.io/sa.scc.uid-range": "1000660000/10000",
      "openshift.io/sa.scc.supplemental-groups": "1000660000/10000",
      "openshift.io/sa.scc.mcs": "s0:c12,c0",
    });
    const levels = Array.from(
      { length: 500 },
      (_, block) => annotationsOf(block)["openshift.io/sa.scc.mcs"] ?? "",
    );
    assert.equal(new Set(levels).size, levels.length);
    for (const level of levels) {
      const [, larger, smaller] = /^s0:c(\d+),c(\d+)$/.exec(level) ?? [];
      assert.ok(Number(larger) > Number(smaller), level);
    }
  });

  it("are never given twice, nor to one that is just being made", () => {
    assert.equal(nextBlock([]), 66);
    assert.equal(nextBlock([{}, annotationsOf(70), annotationsOf(67)]), 71);
    assert.equal(nextBlock([annotationsOf(67)], 90), 91);
  });

  it("are read in both notations, and missed in the API server's words", () => {
    assert.deepEqual(RANGES.users, { first: 1000660000, last: 1000669999 });
    const annotations = { ...annotationsOf(66), "openshift.io/sa.scc.uid-range": "5-9" };
    assert.deepEqual(rangesOf(annotations).users, { first: 5, last: 9 });
    assert.throws(
      () => rangesOf({}),
      /unable to find annotation openshift\.io\/sa\.scc\.uid-range/,
    );
    assert.equal(isAnnotated({}), false);
    assert.equal(isAnnotated(annotationsOf(1)), true);
  });
});

describe("OpenShift: restricted-v2", () => {
  it("gives a pod that says nothing its user, groups, and fewer rights", async () => {
    const admitted = await judge(podOf());
    assert.ok("pod" in admitted);
    assert.deepEqual(admitted.pod, {
      metadata: { name: "app", annotations: { "openshift.io/scc": "restricted-v2" } },
      spec: {
        securityContext: {
          fsGroup: 1000660000,
          seLinuxOptions: { level: "s0:c12,c0" },
          seccompProfile: { type: "RuntimeDefault" },
        },
        containers: [
          {
            name: "server",
            securityContext: {
              runAsUser: 1000660000,
              runAsNonRoot: true,
              allowPrivilegeEscalation: false,
              capabilities: { drop: ["ALL"] },
            },
          },
        ],
      },
    });
  });

  it("leaves a pod alone that is as it would make it", async () => {
    const admitted = await judge(podOf());
    assert.ok("pod" in admitted);
    const again = await judge(admitted.pod, [], true);
    assert.ok("pod" in again, JSON.stringify(again));
    assert.ok("refusals" in (await judge(podOf(), [], true)), "not one that isn't");
  });

  it("takes a user of the range", async () => {
    const admitted = await judge(podOf({ securityContext: { runAsUser: 1000661234 } }));
    assert.ok("pod" in admitted);
    assert.equal(admitted.pod.spec.containers[0]?.securityContext?.runAsUser, 1000661234);
  });

  const refused: readonly [string, Pod, string][] = [
    [
      "another user, of a container",
      podOf({ securityContext: { runAsUser: 1000 } }),
      "provider restricted-v2: .containers[0].runAsUser: Invalid value: 1000: must be in the ranges: [1000660000, 1000669999]",
    ],
    [
      "another user, of the pod",
      podOf({}, { securityContext: { runAsUser: 0 } }),
      "provider restricted-v2: .containers[0].runAsUser: Invalid value: 0: must be in the ranges: [1000660000, 1000669999]",
    ],
    [
      "another group for files",
      podOf({}, { securityContext: { fsGroup: 2000 } }),
      "provider restricted-v2: .spec.securityContext.fsGroup: Invalid value: []int64{2000}: 2000 is not an allowed group",
    ],
    [
      "privileged containers, the first ones too",
      podOf({}, { initContainers: [{ name: "first", securityContext: { privileged: true } }] }),
      "provider restricted-v2: .initContainers[0].privileged: Invalid value: true: Privileged containers are not allowed",
    ],
    [
      "privilege escalation",
      podOf({ securityContext: { allowPrivilegeEscalation: true } }),
      "provider restricted-v2: .containers[0].allowPrivilegeEscalation: Invalid value: true: Allowing privilege escalation for containers is not allowed",
    ],
    [
      "capabilities",
      podOf({ securityContext: { capabilities: { add: ["SYS_ADMIN"] } } }),
      'provider restricted-v2: .containers[0].capabilities.add: Invalid value: "SYS_ADMIN": capability may not be added',
    ],
    [
      "the node's network",
      podOf({}, { hostNetwork: true }),
      "provider restricted-v2: .spec.securityContext.hostNetwork: Invalid value: true: Host network is not allowed to be used",
    ],
    [
      "the node's ports",
      podOf({ ports: [{ hostPort: 80 }] }),
      "provider restricted-v2: .containers[0].hostPort: Invalid value: 80: Host ports are not allowed to be used",
    ],
    [
      "the node's folders",
      podOf({}, { volumes: [{ name: "node", hostPath: { path: "/" } }] }),
      'spec.volumes[0]: Invalid value: "hostPath": hostPath volumes are not allowed to be used',
    ],
    [
      "another seccomp profile",
      podOf({ securityContext: { seccompProfile: { type: "Unconfined" } } }),
      "pod.metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: Forbidden: unconfined is not an allowed seccomp profile. Valid values are [runtime/default]",
    ],
  ];
  for (const [what, pod, text] of refused)
    it(`refuses ${what}`, async () => {
      const verdict = await judge(pod);
      assert.ok("refusals" in verdict);
      assert.ok(verdict.refusals.includes(text), verdict.refusals.join("\n"));
      assert.equal(
        verdict.refusals[0],
        'provider "anyuid": Forbidden: not usable by user or serviceaccount',
      );
    });

  it("takes what Kubernetes' level restricted may have", async () => {
    const pod = podOf(
      { securityContext: { capabilities: { add: ["NET_BIND_SERVICE"], drop: ["ALL"] } } },
      { volumes: [{ name: "scratch", emptyDir: {} }] },
    );
    assert.ok("pod" in (await judge(pod)));
  });
});

describe("OpenShift: other constraints", () => {
  it("count for who may use them, the first that fits", async () => {
    const fixed = podOf({ securityContext: { runAsUser: 1000 } });
    const any = await judge(fixed, ["anyuid", "privileged"]);
    assert.ok("constraint" in any);
    assert.equal(any.constraint, "anyuid");
    const bare = await judge(podOf({ securityContext: { privileged: true } }), [
      "anyuid",
      "privileged",
    ]);
    assert.ok("constraint" in bare);
    assert.equal(bare.constraint, "privileged");
  });

  it("of the first version know no seccomp profile", async () => {
    const pod = podOf({}, { securityContext: { seccompProfile: { type: "RuntimeDefault" } } });
    const verdict = await judge(pod, ["anyuid"]);
    assert.ok("constraint" in verdict);
    assert.equal(verdict.constraint, "restricted-v2");
  });

  it("refuse root where they say so", async () => {
    const verdict = await judge(podOf({ securityContext: { runAsUser: 0 } }), ["nonroot-v2"]);
    assert.ok("refusals" in verdict);
    assert.ok(
      verdict.refusals.includes(
        "provider nonroot-v2: .containers[0].runAsUser: Invalid value: 0: running with the root UID is forbidden",
      ),
    );
  });
});

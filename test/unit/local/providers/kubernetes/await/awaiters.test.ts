import assert from "node:assert/strict";
import type { Awaiter, View } from "../../../../../../local/providers/kubernetes/await/awaiter";
import { deploymentAwaiter } from "../../../../../../local/providers/kubernetes/await/deployment";
import {
  ingressAwaiter,
  serviceAwaiter,
} from "../../../../../../local/providers/kubernetes/await/network";
import { podAwaiter, podProblems } from "../../../../../../local/providers/kubernetes/await/pod";
import { awaiterFor } from "../../../../../../local/providers/kubernetes/await/registry";
import { persistentVolumeClaimAwaiter } from "../../../../../../local/providers/kubernetes/await/storage";
import { waitForAwaiter } from "../../../../../../local/providers/kubernetes/await/wait-for";
import {
  daemonSetAwaiter,
  jobAwaiter,
  statefulSetAwaiter,
} from "../../../../../../local/providers/kubernetes/await/workloads";
import type { PlainObject } from "../../../../../../local/providers/rpc/properties";

const judge = (
  awaiter: Awaiter,
  object: PlainObject,
  related: Record<string, PlainObject[]> = {},
  more: Partial<View> = {},
) =>
  awaiter.evaluate({
    object,
    related: (kind) => related[kind] ?? [],
    settled: () => true,
    seconds: 0,
    ...more,
  });

const revision = (value: string) => ({ "deployment.kubernetes.io/revision": value });

describe("a Deployment", () => {
  const deployment = (more: PlainObject = {}, conditions: PlainObject[] = []): PlainObject => ({
    metadata: { uid: "d", generation: 2, annotations: revision("2"), ...more },
    status: { observedGeneration: 2, conditions },
  });
  const replicaSet = (readyReplicas: number, number = "2"): PlainObject => ({
    metadata: {
      uid: `rs${number}`,
      annotations: revision(number),
      ownerReferences: [{ uid: "d" }],
    },
    spec: { replicas: 2 },
    status: { readyReplicas },
  });
  const available = { type: "Available", status: "True" };
  const progressed = { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable" };
  const done = deployment({}, [available, progressed]);

  it("is ready when its new ReplicaSet is, it is available and rolled out", () => {
    assert.ok(judge(deploymentAwaiter, done, { ReplicaSet: [replicaSet(2)] }).ready);
  });

  it("needs no rollout for its first revision", () => {
    const first = deployment({ annotations: revision("1") }, [available]);
    assert.ok(judge(deploymentAwaiter, first, { ReplicaSet: [replicaSet(2, "1")] }).ready);
  });

  it("is not ready before its controller has seen it", () => {
    const unseen = {
      ...done,
      status: { ...(done["status"] as PlainObject), observedGeneration: 1 },
    };
    assert.ok(!judge(deploymentAwaiter, unseen, { ReplicaSet: [replicaSet(2)] }).ready);
  });

  it("is not ready while only the old ReplicaSet is", () => {
    assert.ok(!judge(deploymentAwaiter, done, { ReplicaSet: [replicaSet(2, "1")] }).ready);
    assert.ok(!judge(deploymentAwaiter, done, { ReplicaSet: [replicaSet(1)] }).ready);
  });

  it("is not ready while it is still progressing", () => {
    const progressing = { type: "Progressing", status: "True", reason: "ReplicaSetUpdated" };
    const rolling = deployment({}, [available, progressing]);
    assert.ok(!judge(deploymentAwaiter, rolling, { ReplicaSet: [replicaSet(2)] }).ready);
  });

  it("waits for the claims it mounts, not for others", () => {
    const volumes = [{ persistentVolumeClaim: { claimName: "models" } }];
    const mounting = { ...done, spec: { template: { spec: { volumes } } } };
    const claim = (name: string) => ({ metadata: { name }, status: { phase: "Pending" } });
    const related = (name: string) => ({
      ReplicaSet: [replicaSet(2)],
      PersistentVolumeClaim: [claim(name)],
    });
    assert.ok(!judge(deploymentAwaiter, mounting, related("models")).ready);
    assert.ok(judge(deploymentAwaiter, mounting, related("other")).ready);
  });

  it("tells what its newest pods say", () => {
    const pod: PlainObject = {
      metadata: { name: "p", namespace: "n", ownerReferences: [{ uid: "rs2" }] },
      status: {
        containerStatuses: [
          {
            name: "c",
            ready: false,
            state: { waiting: { reason: "ErrImagePull", message: "no" } },
          },
        ],
      },
    };
    const { reasons } = judge(deploymentAwaiter, done, { ReplicaSet: [replicaSet(0)], Pod: [pod] });
    assert.ok(reasons.includes("[Pod n/p]: [ErrImagePull] no"), reasons.join("\n"));
  });
});

describe("a Pod", () => {
  const status = (type: string, value: string, message = "") => ({
    type,
    status: value,
    message,
    reason: "R",
  });
  const pod = (phase: string, ...conditions: PlainObject[]): PlainObject => ({
    metadata: { name: "p", namespace: "n" },
    status: { phase, conditions },
  });
  const running = pod(
    "Running",
    status("PodScheduled", "True"),
    status("Initialized", "True"),
    status("Ready", "True"),
  );

  it("is ready when scheduled, initialised and ready, or when it succeeded", () => {
    assert.ok(judge(podAwaiter, running).ready);
    const succeeded = pod(
      "Succeeded",
      status("PodScheduled", "True"),
      status("Initialized", "True"),
    );
    assert.ok(judge(podAwaiter, succeeded).ready);
  });

  it("tells why it cannot be scheduled", () => {
    assert.deepEqual(podProblems(pod("Pending", status("PodScheduled", "False", "no node"))), [
      "[Pod n/p]: [R] no node",
    ]);
  });

  it("has no problem while it starts", () => {
    const starting = pod("Pending", status("PodScheduled", "True"));
    (starting["status"] as PlainObject)["containerStatuses"] = [
      { name: "c", ready: false, state: { waiting: { reason: "ContainerCreating" } } },
    ];
    assert.deepEqual(podProblems(starting), []);
  });
});

describe("a Service", () => {
  const service = (spec: PlainObject, status: PlainObject = {}): PlainObject => ({ spec, status });
  const selecting = service({ type: "ClusterIP", selector: { a: "b" } });
  const endpoints = (...notReadyAddresses: string[]) => ({
    Endpoints: [{ subsets: [{ addresses: ["x"], notReadyAddresses }] }],
  });

  it("is ready when its endpoints are, and have settled", () => {
    assert.ok(judge(serviceAwaiter, selecting, endpoints()).ready);
    assert.ok(!judge(serviceAwaiter, selecting, endpoints(), { settled: () => false }).ready);
    assert.ok(!judge(serviceAwaiter, selecting, endpoints("y")).ready);
    assert.ok(!judge(serviceAwaiter, selecting).ready, "no Endpoints object yet");
  });

  it("does not wait for pods without a selector, headless, or for an external name", () => {
    for (const spec of [{}, { clusterIP: "None", selector: { a: "b" } }, { type: "ExternalName" }])
      assert.ok(judge(serviceAwaiter, service(spec)).ready, JSON.stringify(spec));
  });

  it("waits for a load balancer's address", () => {
    const spec = { type: "LoadBalancer" };
    assert.ok(!judge(serviceAwaiter, service(spec)).ready);
    const address = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };
    assert.ok(judge(serviceAwaiter, service(spec, address)).ready);
  });
});

describe("an Ingress", () => {
  const path = { backend: { service: { name: "web" } } };
  const ingress = (status: PlainObject = {}): PlainObject => ({
    spec: { rules: [{ http: { paths: [path] } }] },
    status,
  });
  const address = { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } };
  const web = { Endpoints: [{ metadata: { name: "web" } }] };

  it("is ready with endpoints for each path and an address", () => {
    assert.ok(judge(ingressAwaiter, ingress(address), web).ready);
    assert.ok(!judge(ingressAwaiter, ingress(), web).ready);
  });

  it("waits for endpoints until they have settled, except those of an external name", () => {
    const unsettled = { settled: () => false };
    assert.ok(!judge(ingressAwaiter, ingress(address), {}, unsettled).ready);
    const external = { Service: [{ metadata: { name: "web" }, spec: { type: "ExternalName" } }] };
    assert.ok(judge(ingressAwaiter, ingress(address), external, unsettled).ready);
    assert.ok(judge(ingressAwaiter, ingress(address), {}, { ...unsettled, seconds: 61 }).ready);
  });
});

describe("other workloads", () => {
  it("a StatefulSet is ready when all replicas are, of one revision", () => {
    const set = (status: PlainObject): PlainObject => ({
      metadata: { generation: 1 },
      spec: { replicas: 2 },
      status: { observedGeneration: 1, ...status },
    });
    const full = { replicas: 2, readyReplicas: 2, currentReplicas: 2 };
    const one = { currentRevision: "a", updateRevision: "a" };
    assert.ok(judge(statefulSetAwaiter, set({ ...full, ...one })).ready);
    assert.ok(!judge(statefulSetAwaiter, set({ ...full, ...one, readyReplicas: 1 })).ready);
    assert.ok(!judge(statefulSetAwaiter, set({ ...full, ...one, updateRevision: "b" })).ready);
  });

  it("a DaemonSet is ready when it runs on each node it should", () => {
    const set = (more: PlainObject): PlainObject => ({
      metadata: { generation: 1 },
      status: {
        observedGeneration: 1,
        desiredNumberScheduled: 2,
        currentNumberScheduled: 2,
        updatedNumberScheduled: 2,
        numberAvailable: 2,
        numberReady: 2,
        ...more,
      },
    });
    assert.ok(judge(daemonSetAwaiter, set({})).ready);
    for (const field of [
      "currentNumberScheduled",
      "updatedNumberScheduled",
      "numberAvailable",
      "numberReady",
    ])
      assert.ok(!judge(daemonSetAwaiter, set({ [field]: 1 })).ready, field);
  });

  it("a Job is ready when it is done, and fails when it has failed", () => {
    const job = (type: string): PlainObject => ({
      status: { startTime: "x", conditions: [{ type, status: "True", reason: "R", message: "m" }] },
    });
    assert.ok(judge(jobAwaiter, job("Complete")).ready);
    const failed = judge(jobAwaiter, job("Failed"));
    assert.deepEqual([failed.ready, failed.failed, failed.reasons[0]], [false, true, "[R] m"]);
    assert.equal(judge(jobAwaiter, {}).failed, undefined);
  });

  it("a claim is ready when bound, or pending where it binds to its first consumer", () => {
    const claim = (phase: string): PlainObject => ({
      spec: { storageClassName: "late" },
      status: { phase },
    });
    const late = {
      StorageClass: [{ metadata: { name: "late" }, volumeBindingMode: "WaitForFirstConsumer" }],
    };
    assert.ok(judge(persistentVolumeClaimAwaiter, claim("Bound")).ready);
    assert.ok(judge(persistentVolumeClaimAwaiter, claim("Pending"), late).ready);
    assert.ok(!judge(persistentVolumeClaimAwaiter, claim("Pending")).ready);
  });
});

describe("pulumi.com/waitFor", () => {
  const route: PlainObject = {
    spec: { host: "a.example" },
    status: {
      phase: "Ready",
      ingress: [{ host: "a", conditions: [{ type: "Admitted", status: "True" }] }],
      conditions: [{ type: "Synced", status: "False" }],
    },
  };
  const annotated = (waitFor: string): PlainObject => ({
    ...route,
    metadata: { annotations: { "pulumi.com/waitFor": waitFor } },
  });
  const isReady = (waitFor: string) => judge(waitForAwaiter(annotated(waitFor))!, route).ready;

  const met = [
    "jsonpath={.status.phase}=Ready",
    "jsonpath={.status.phase}",
    "jsonpath={$.spec.host}=a.example",
    "jsonpath={.status['phase']}=Ready",
    "jsonpath={.status.ingress[0].host}=a",
    'jsonpath={.status.ingress[*].conditions[?(@.type=="Admitted")].status}=True',
    "condition=Synced=False",
    '["jsonpath={.status.phase}=Ready", "condition=Synced=False"]',
  ];
  for (const expression of met)
    it(`is met: ${expression}`, () => {
      assert.ok(isReady(expression));
    });

  const unmet = [
    "jsonpath={.status.phase}=Other",
    "jsonpath={.status.nothing}",
    "condition=Synced",
    "condition=Nothing",
    '["jsonpath={.status.phase}=Ready", "condition=Synced"]',
  ];
  for (const expression of unmet)
    it(`is not met: ${expression}`, () => {
      assert.ok(!isReady(expression));
    });

  const faulty = [
    "Ready",
    "jsonpath=.status.phase=Ready",
    "jsonpath={.a}=",
    "jsonpath={.a!}",
    "[]",
  ];
  for (const expression of faulty)
    it(`is refused: ${expression}`, () => {
      assert.throws(() => waitForAwaiter(annotated(expression)), /waitFor/);
    });

  it("replaces what the kind has, and skipAwait both", () => {
    const live = { apiVersion: "apps/v1", kind: "Deployment" };
    assert.equal(awaiterFor(live, live), deploymentAwaiter);
    const custom = { ...live, ...annotated("condition=Synced") };
    assert.notEqual(awaiterFor(custom, live), deploymentAwaiter);
    const skipping = { ...live, metadata: { annotations: { "pulumi.com/skipAwait": "true" } } };
    assert.equal(awaiterFor(skipping, live), undefined);
    assert.equal(awaiterFor({}, { apiVersion: "v1", kind: "ConfigMap" }), undefined);
  });
});

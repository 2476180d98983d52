import assert from "node:assert/strict";
import { checkGpuPool } from "../../../../infra/config/check-gpu-pool";

type Plain = Record<string, unknown>;

const GPU = { gpu: {} };

const faults = (target: string, section: Plain, ...services: Plain[]) =>
  checkGpuPool(
    {
      target,
      [target]: section,
      services: Object.fromEntries(services.map((service, index) => [`s${index}`, service])),
    },
    { stack: "prod", values: {}, secret: () => false },
  );

describe("GPUs of a pool", () => {
  const short: [string, string, Plain, Plain[], string, RegExp][] = [
    ["a service by default", "gke", {}, [GPU], "maxNodes", / 2 --stack/],
    ["two services", "gke", { maxNodes: 2 }, [GPU, { ...GPU, replicas: 1 }], "maxNodes", / 3 /],
    [
      "an autoscaler at its most",
      "gke",
      { maxNodes: 2, count: 2 },
      [{ ...GPU, autoscaling: { maxReplicas: 5 } }],
      "maxNodes",
      / 3 /,
    ],
    ["on IBM Cloud", "iks", { flavor: "gx3.16x80.l4" }, [GPU], "workersPerZone", / 2 /],
    ["on OpenShift", "openshift", {}, [GPU, GPU, GPU], "workersPerZone", / 6 /],
  ];
  for (const [title, target, gpuPool, services, key, fix] of short)
    it(`are too few for ${title}`, () => {
      const [fault, ...others] = faults(target, { gpuPool }, ...services);
      assert.equal(fault?.key, `modelport:${target}.gpuPool.${key}`);
      assert.match(fault.fix, fix);
      assert.deepEqual(others, []);
    });

  it("are those of a node for one pod", () => {
    const [fault, ...others] = faults("iks", { gpuPool: { flavor: "gx3.48x240.2l40s" } }, GPU, {
      gpu: { count: 3 },
    });
    assert.equal(fault?.key, "modelport:services.s1.gpu.count");
    assert.match(fault.allowed, /at most 2/);
    assert.deepEqual(others, []);
  });

  it("are enough in more zones, on larger machines, for fewer pods", () => {
    assert.deepEqual(faults("gke", { zones: ["a", "b"], gpuPool: {} }, GPU), []);
    assert.deepEqual(faults("gke", { gpuPool: { count: 2 } }, GPU), []);
    assert.deepEqual(faults("iks", { gpuPool: { flavor: "gx3.48x240.2l40s" } }, GPU), []);
    assert.deepEqual(faults("iks", { gpuPool: { flavor: "gx2.16x128x2v100" } }, GPU), []);
    assert.deepEqual(faults("gke", { gpuPool: {} }, { ...GPU, replicas: 1 }, {}), []);
    assert.deepEqual(faults("gke", {}, GPU), [], "Autopilot brings what is asked for");
    assert.deepEqual(faults("embedded", {}, GPU), [], "told elsewhere");
  });
});

import assert from "node:assert/strict";
import { program } from "../../../infra/index";
import { ONLY_CLUSTER } from "../../../infra/only-cluster";
import { TestMachine } from "./support/machine";
import { run } from "./support/mocks";

describe("the program, for a new login to the cluster", () => {
  let machine: TestMachine;
  before(async () => {
    machine = await TestMachine.start();
    process.env[ONLY_CLUSTER] = "true";
  });
  after(() => {
    machine.close();
  });

  for (const target of ["gke", "iks", "openshift"] as const)
    it(`of target ${target} ends after the cluster, and asks services nothing`, async () => {
      const { resources, outputs } = await run(program, {
        preview: false,
        config: {
          target,
          services: { iris: { models: ["iris"] } },
          [target]: machine.section(target),
        },
        state: machine.state,
        functions: machine.functions,
      });
      const types = resources.map(({ type }) => type);
      assert.ok(types.includes("pulumi:providers:kubernetes"), types.join(", "));
      assert.deepEqual(
        types.filter((type) => /^docker|:Deployment$|:Service$|:Build$/.test(type)),
        types.filter((type) => type === "gcp:projects/service:Service"),
      );
      assert.deepEqual(outputs, {});
    });
});

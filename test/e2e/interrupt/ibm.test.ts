import * as assert from "node:assert/strict";
import { toDeployment } from "../../../cli/state";
import { HELD_BACK } from "../../support/clouds/ibm/held-back";
import {
  SERVICE_API_KEY,
  SERVICE_ID,
  SERVICE_POLICY,
  VPC_WORKER_POOL,
} from "../../support/clouds/ibm/tokens";
import { Canaries } from "../support/canaries";
import type { CloudsUnderTest } from "../support/clouds";
import { eventually } from "../support/eventually";
import { worlds } from "../support/shared-worlds";
import { StackUnderTest, transcript } from "../support/stack";
import { iks } from "../targets/iks";
import { assertAtRest } from "./checks";
import { kill } from "./victims";

const MADE_MS = 600_000;
const PULLS = "Pulls the images of modelport's stack iks in us-south";

/** As the simulated cloud keeps it. */
interface Made {
  readonly kind: string;
  readonly id: string;
  readonly state: string;
  readonly outputs: { readonly description?: string };
}

/** Names needn't be unique there: what an update loses, the next one could make a second time. */
describe("an update that is killed while IBM Cloud makes something", function () {
  this.timeout(1_200_000);
  let clouds: CloudsUnderTest;
  let stack: StackUnderTest;

  before(async () => {
    clouds = await worlds.clouds();
    const { config } = await iks.prepare(worlds, new Canaries());
    stack = new StackUnderTest(clouds.world, iks.stack);
    stack.write({
      ...config,
      iks: { ...(config["iks"] as object), gpuPool: { type: "nvidia-l4" } },
      services: { iris: { models: ["iris"], replicas: 1, exposure: "NodePort" } },
    });
  });
  after(() => stack.modelport(["down"]));

  /** Of a type, what is the stack's own: clusters have service IDs too. The oldest first. */
  async function made(token: string): Promise<readonly Made[]> {
    const all = (await clouds.control("GET", "resources")) as Made[];
    return all
      .filter(({ kind }) => kind === token)
      .filter(({ outputs }) => token === VPC_WORKER_POOL || outputs.description === PULLS);
  }
  const idsOf = async (token: string) => (await made(token)).map(({ id }) => id);

  /** Kills `up` when so many of each type are there of which nobody has been told. @returns their IDs */
  async function killedWhile(counts: Readonly<Record<string, number>>): Promise<string[][]> {
    const tokens = Object.keys(counts);
    for (const id of tokens)
      await clouds.control("POST", "record", { kind: HELD_BACK, id, outputs: {} });
    const untold = () =>
      Promise.all(
        tokens.map(async (token) =>
          (await made(token)).flatMap(({ id, state }) => (state === "creating" ? [id] : [])),
        ),
      );
    let root = 0;
    const up = stack.modelport(["up"], { started: ({ pid = 0 }) => (root = pid) });
    const ended = up.then((result) => {
      root = 0;
      throw new Error(transcript("modelport up", result));
    });
    const isMade = async () =>
      assert.deepEqual(
        (await untold()).map(({ length }) => length),
        Object.values(counts),
      );
    try {
      await Promise.race([eventually(isMade, MADE_MS), ended]);
      return await untold();
    } finally {
      if (root !== 0) kill("everything", root);
      await ended.catch(() => undefined);
      for (const id of tokens)
        await clouds.control("POST", "delete", { token: HELD_BACK, id, force: true });
    }
  }

  async function exported() {
    const { stdout } = await stack.pulumi("stack", "export");
    return {
      text: stdout,
      ...toDeployment((JSON.parse(stdout) as { deployment: unknown }).deployment),
    };
  }

  /** `up` again, which must leave nothing to do. @returns what it said */
  async function mended(): Promise<string> {
    const { stderr } = await stack.succeed(["up"]);
    assertAtRest((await exported()).text);
    await stack.pulumi("preview", "--expect-no-changes");
    return stderr;
  }

  it("deletes a key that nobody was told, and takes over a pool with GPUs", async () => {
    const [[lost = ""] = [], pools = []] = await killedWhile({
      [SERVICE_API_KEY]: 1,
      [VPC_WORKER_POOL]: 2,
    });
    assert.match(await mended(), /1 taken over/);
    const keys = await idsOf(SERVICE_API_KEY);
    assert.equal(keys.length, 1);
    assert.ok(!keys.includes(lost));
    assert.deepEqual((await idsOf(VPC_WORKER_POOL)).sort(), pools.sort());
  });

  for (const token of [SERVICE_ID, SERVICE_POLICY, SERVICE_API_KEY])
    it(`goes on to replace where it was cut off: ${token.split(":").at(-1)}`, async () => {
      const { resources } = await exported();
      const replaced = resources.find(({ type }) => type === SERVICE_ID);
      await stack.pulumi("state", "taint", replaced?.urn ?? "", "--yes");
      const [[untold = ""] = []] = await killedWhile({ [token]: 1 });
      await mended();
      const [ids = [], policies = [], keys = []] = await Promise.all(
        [SERVICE_ID, SERVICE_POLICY, SERVICE_API_KEY].map(idsOf),
      );
      assert.deepEqual([ids.length, policies.length, keys.length], [1, 1, 1]);
      assert.notEqual(ids[0], replaced?.id);
      assert.ok(policies[0]?.startsWith(`${ids[0]}/`), policies[0]);
      const isKept = [...ids, ...policies, ...keys].includes(untold);
      assert.equal(isKept, token !== SERVICE_API_KEY, "of a key the secret is lost");
    });

  it("leaves nothing to `down` but what it takes away", async () => {
    await stack.succeed(["down"]);
    for (const token of [SERVICE_ID, SERVICE_POLICY, SERVICE_API_KEY, VPC_WORKER_POOL])
      assert.deepEqual(await idsOf(token), []);
  });
});

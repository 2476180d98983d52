import * as assert from "node:assert/strict";
import type { Found, Inventory } from "../../cli/inventory/found";
import {
  LOAD_BALANCER,
  SERVICE_ID,
  SUBNET,
  VOLUME,
  VPC,
  VPC_CLUSTER,
} from "../support/clouds/ibm/tokens";
import { Canaries } from "./support/canaries";
import type { CloudsUnderTest } from "./support/clouds";
import { refused } from "./support/refusal";
import { StackUnderTest } from "./support/stack";
import { Worlds } from "./support/worlds";
import { gke } from "./targets/gke";
import { iks } from "./targets/iks";
import type { Target } from "./targets/target";

/** Three seconds, of simulated clouds that take a two-hundredth of the usual time. */
const IN_HASTE = ["--patience", "0.05"];

/** Something that a stack leaves. */
interface Left {
  /** As the inventory tells it. */
  readonly kind: string;
  readonly name: string;
  /** The command that removes it. */
  readonly remove: RegExp;
  /** Does what that does. */
  readonly forget: () => Promise<unknown>;
}

interface Place {
  readonly target: Target;
  readonly where: string;
  /** What the stack makes of its own, among others. */
  readonly kinds: readonly string[];
  /** What the cloud says of a network that something holds. */
  readonly inUse: RegExp;
  /** What Kubernetes' controllers make, Pulumi doesn't know; here it is made by hand. */
  readonly leave: (clouds: CloudsUnderTest) => Promise<{
    readonly holdsNetwork: Left;
    readonly holdsNothing: Left;
    /** Nothing ties it to the stack any more once the cluster is gone: then it can only be told of. Default: there is none */
    readonly ofCluster?: Left;
  }>;
}

async function recorded(
  clouds: CloudsUnderTest,
  { token, id, outputs }: { token: string; id: string; outputs: object },
  told: Omit<Left, "forget">,
): Promise<Left> {
  await clouds.control("POST", "record", { kind: token, id, outputs });
  const forget = () => clouds.control("POST", "delete", { token, id, force: true });
  return { ...told, forget };
}

const PROJECT = "simulated-project";

const google: Place = {
  target: gke,
  where: `Google Cloud, project ${PROJECT}`,
  kinds: ["cluster", "forwarding rule", "network", "image repository"],
  inUse: /is already being used by/,
  async leave(clouds) {
    const at = `projects/${PROJECT}`;
    const network = `${at}/global/networks/modelport-gke`;
    const [firewall, disk] = ["k8s-left-node-http-hc", "pvc-left"];
    return {
      holdsNetwork: await recorded(
        clouds,
        {
          token: "google:firewall",
          id: `${at}/global/firewalls/${firewall}`,
          outputs: { name: firewall, project: PROJECT, network },
        },
        {
          kind: "firewall rule",
          name: firewall,
          remove:
            /gcloud compute firewall-rules delete k8s-left-node-http-hc --project simulated-project --quiet/,
        },
      ),
      holdsNothing: await recorded(
        clouds,
        {
          token: "google:disk",
          id: `${at}/zones/us-central1-b/disks/${disk}`,
          outputs: { name: disk, labels: { "goog-k8s-cluster-name": "modelport-gke" } },
        },
        {
          kind: "disk",
          name: disk,
          remove:
            /gcloud compute disks delete pvc-left --zone us-central1-b --project simulated-project --quiet/,
        },
      ),
    };
  },
};

const ibm: Place = {
  target: iks,
  where: "IBM Cloud, region us-south",
  kinds: ["cluster", "load balancer", "subnet", "VPC", "API key", "registry namespace"],
  inUse: /in use by one or more network interfaces/,
  async leave(clouds) {
    const ids = [VPC_CLUSTER, VPC, SUBNET].map((token) => clouds.idsOf(token));
    const [[cluster] = [], [vpc] = [], subnets = []] = await Promise.all(ids);
    const account = "modelport-iks-pull";
    const description = "Pulls the images of modelport's stack iks in us-south";
    const { id } = (await clouds.control("POST", "create", {
      token: SERVICE_ID,
      inputs: { name: account, description },
    })) as { id: string };
    return {
      holdsNetwork: await recorded(
        clouds,
        {
          token: LOAD_BALANCER,
          id: "r006-left-balancer",
          outputs: { name: "kube-left", vpc, subnets },
        },
        {
          kind: "load balancer",
          name: "kube-left",
          remove: /ibmcloud is load-balancer-delete r006-left-balancer --force/,
        },
      ),
      holdsNothing: {
        kind: "service ID",
        name: account,
        remove: new RegExp(`ibmcloud iam service-id-delete ${id} -f`),
        forget: () => clouds.control("POST", "delete", { token: SERVICE_ID, id }),
      },
      ofCluster: await recorded(
        clouds,
        {
          token: VOLUME,
          id: "r006-left-volume",
          outputs: {
            ...{ name: "pvc-left", zone: "us-south-1" },
            userTags: [`clusterid:${cluster}`, "namespace:modelport-iks"],
          },
        },
        {
          kind: "volume",
          name: "pvc-left",
          remove: /ibmcloud is volume-delete r006-left-volume --force/,
        },
      ),
    };
  },
};

for (const { target, where, kinds, inUse, leave } of [google, ibm])
  describe(`a stack on ${target.name} that leaves something behind`, function () {
    this.timeout(1_200_000);
    const worlds = new Worlds();
    let clouds: CloudsUnderTest;
    let stack: StackUnderTest;
    let left: Awaited<ReturnType<typeof leave>>;

    before(async () => {
      clouds = await worlds.clouds();
      const { config } = await target.prepare(worlds, new Canaries());
      stack = new StackUnderTest(clouds.world, target.stack);
      stack.write({ ...config, services: { iris: { models: ["iris"], replicas: 1 } } });
      await stack.up();
    });
    after(() => worlds.stop());

    /** By config alone, with or without a state. It fails where it can't tell all. */
    async function inventory(): Promise<Inventory> {
      return JSON.parse((await stack.modelport(["inventory", "--json"])).stdout) as Inventory;
    }

    const named = (found: readonly Found[]) => found.map(({ kind, name }) => `${kind} ${name}`);
    const nameOf = ({ kind, name }: Left) => `${kind} ${name}`;

    /** What is said of all that is still there when the stack's own is gone. */
    const saysRest = () => [
      new RegExp(`error: 1 of stack ${target.stack} left in ${where}\n`),
      left.holdsNothing.remove,
      ...(left.ofCluster === undefined
        ? []
        : [
            new RegExp(
              `could not look at ${left.ofCluster.kind}s: ${left.ofCluster.name}, .* bears`,
            ),
          ]),
    ];

    it("is known to its cloud while it is up, by every kind", async () => {
      const known = (await inventory()).found.map(({ kind }) => kind);
      for (const kind of kinds) assert.ok(known.includes(kind), known.join(", "));
    });

    it("is not taken away while something holds its network, and says what", async () => {
      left = await leave(clouds);
      const removals = Object.values(left).map(({ remove }) => remove);
      const says = [/something of it is still used/, inUse, ...removals];
      await refused(stack, ["down", ...IN_HASTE], says);
      const names = named((await inventory()).found);
      for (const one of [left.holdsNetwork, left.holdsNothing])
        assert.ok(names.includes(nameOf(one)), names.join(", "));
    });

    it("is not said to be gone while something is left that held nothing", async () => {
      await left.holdsNetwork.forget();
      await refused(stack, ["down", ...IN_HASTE], saysRest());
      assert.deepEqual(named((await inventory()).found), [nameOf(left.holdsNothing)]);
    });

    it("is looked for without a state too", async () => {
      await stack.pulumi("stack", "rm", "--yes", "--preserve-config");
      await refused(stack, ["down"], saysRest());
      const { found, unseen } = await inventory();
      assert.deepEqual(named(found), [nameOf(left.holdsNothing)]);
      assert.equal(unseen.length, left.ofCluster === undefined ? 0 : 1);
    });

    it("is gone when the cloud says so", async () => {
      await left.holdsNothing.forget();
      await left.ofCluster?.forget();
      const { stderr } = await stack.succeed(["down"]);
      assert.match(stderr, new RegExp(`nothing is left in ${where}: \\d+ kinds`));
      assert.deepEqual((await inventory()).found, []);
    });
  });

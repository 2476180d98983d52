import assert from "node:assert/strict";
import { program } from "../../../infra/index";
import type { Recorded } from "../../../infra/offline/recorder";
import { TestMachine } from "./support/machine";
import { run } from "./support/mocks";

/** Pulumi deletes what depends on something before it, and all that a provider made before the provider. */
const PROVIDER = "pulumi:providers:kubernetes";

const CASES = {
  gke: {
    section: { mode: "standard" },
    /** What objects in the cluster need to the end: to run, to be let out, to be pulled. */
    beneath: [
      "gcp:container/cluster:Cluster::cluster",
      "gcp:container/nodePool:NodePool::nodes",
      "gcp:compute/network:Network::network",
      "gcp:compute/subnetwork:Subnetwork::nodes",
      "gcp:compute/routerNat:RouterNat::nat",
      "gcp:serviceaccount/account:Account::nodes",
      "gcp:projects/iAMMember:IAMMember::nodes",
    ],
    /** What a Service needs to the end. */
    front: ["gcp:compute/address:Address::iris"],
    /** What pods need to the end. */
    images: ["gcp:artifactregistry/repository:Repository::registry"],
  },
  iks: {
    section: { disableOutboundTrafficProtection: true },
    beneath: [
      "ibm:index/containerVpcCluster:ContainerVpcCluster::cluster",
      "ibm:index/containerVpcWorkerPool:ContainerVpcWorkerPool::default",
      "ibm:index/isVpc:IsVpc::network",
      "ibm:index/isSubnet:IsSubnet::us-south-1",
      "ibm:index/isPublicGateway:IsPublicGateway::us-south-1",
    ],
    front: [],
    images: [
      "ibm:index/crNamespace:CrNamespace::registry",
      "ibm:index/iamServiceId:IamServiceId::registry",
      "ibm:index/iamServicePolicy:IamServicePolicy::registry",
    ],
  },
  openshift: {
    section: {},
    beneath: [
      "ibm:index/containerVpcCluster:ContainerVpcCluster::cluster",
      "ibm:index/isSubnet:IsSubnet::us-south-1",
      "ibm:index/resourceInstance:ResourceInstance::storage",
    ],
    front: [],
    images: ["ibm:index/crNamespace:CrNamespace::registry"],
  },
} as const;

describe("the order in which a stack goes", function () {
  this.timeout(300_000);
  let machine: TestMachine;
  before(async () => (machine = await TestMachine.start()));
  after(() => machine.close());

  async function recordedOf(target: keyof typeof CASES): Promise<readonly Recorded[]> {
    const { recorded } = await run(() => program(), {
      preview: true,
      config: {
        target,
        services: { iris: { models: ["iris"], exposure: "LoadBalancer" } },
        [target]: { ...machine.section(target), ...CASES[target].section },
      },
      kubeconfig: machine.kubeconfig(),
      state: machine.state,
      functions: machine.functions,
    });
    return recorded;
  }

  for (const target of ["gke", "iks", "openshift"] as const)
    it(`on ${target}: what is in the cluster, then the cluster, then what it stands on`, async () => {
      const recorded = await recordedOf(target);
      const { beneath, front, images } = CASES[target];
      const provider = recorded.find(({ type }) => type === PROVIDER);
      assert.ok(provider);
      assertOutlive(recorded, provider, beneath);
      const service = named(recorded, "kubernetes:core/v1:Service");
      assertOutlive(recorded, service, front);
      const pods = named(recorded, "kubernetes:apps/v1:Deployment");
      assertOutlive(recorded, pods, images);
      // With all that anybody has put into it: volumes are claimed in namespaces.
      const namespace = named(recorded, "kubernetes:core/v1:Namespace");
      for (const object of [service, pods]) assertOutlive(recorded, object, [identity(namespace)]);
    });
});

const identity = ({ type, name }: Recorded) => `${type}::${name}`;

function named(recorded: readonly Recorded[], type: string): Recorded {
  const found = recorded.find((resource) => resource.type === type);
  assert.ok(found, `no ${type} among ${recorded.map(identity).join(", ")}`);
  return found;
}

/** @param others identities of what must be there as long as the resource is */
function assertOutlive(
  recorded: readonly Recorded[],
  resource: Recorded,
  others: readonly string[],
): void {
  const all = new Map(recorded.map((its) => [identity(its), its]));
  const reached = new Set<string>();
  const pending = [identity(resource)];
  for (let next = pending.pop(); next !== undefined; next = pending.pop())
    for (const dependency of all.get(next)?.dependencies ?? [])
      if (!reached.has(dependency)) {
        reached.add(dependency);
        pending.push(dependency);
      }
  for (const other of others) {
    assert.ok(all.has(other), `no ${other} among ${[...all.keys()].join(", ")}`);
    assert.ok(reached.has(other), `${identity(resource)} goes before ${other}`);
  }
}

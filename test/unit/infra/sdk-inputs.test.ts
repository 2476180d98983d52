import assert from "node:assert/strict";
import type { TargetName } from "../../../infra/config/schema";
import { program } from "../../../infra/index";
import { TestMachine } from "./support/machine";
import { run } from "./support/mocks";
import { unknownInputs } from "./support/sdk-inputs";

type Settings = Readonly<Record<string, unknown>>;

const TLS_HOST = { exposure: "Ingress", host: "iris.example.com" };

/** Stacks that between them register every kind of a cloud's resource, with every argument that config can lead to. */
const STACKS: readonly (readonly [what: string, TargetName, Settings, Settings])[] = [
  ["images of a registry", "existing", {}, {}],
  ["Autopilot", "gke", { dnsZone: "example-com", labels: { team: "ml" } }, TLS_HOST],
  [
    "Standard with a GPU pool, behind addresses",
    "gke",
    {
      mode: "standard",
      zones: ["us-central1-a", "us-central1-b"],
      gpuPool: { type: "nvidia-l4" },
      controlPlane: { endpoint: "ip", authorizedNetworks: { office: "203.0.113.0/24" } },
      registry: { host: "eu.gcr.io" },
    },
    { exposure: "LoadBalancer", internal: true },
  ],
  ["Kubernetes Service", "iks", { maxWorkersPerZone: 4, zones: ["us-south-1", "us-south-2"] }, {}],
  ["GPUs of IBM", "iks", { gpuPool: { type: "nvidia-l4" }, resourceGroup: "ml" }, {}],
  [
    "classic infrastructure",
    "iks",
    { infrastructure: "classic", classic: { datacenter: "fra02", publicVlanId: "1234567" } },
    {},
  ],
  ["OpenShift", "openshift", { disableOutboundTrafficProtection: true }, {}],
];

describe("inputs of clouds' resources", function () {
  this.timeout(300_000);
  let machine: TestMachine;
  before(async () => {
    machine = await TestMachine.start();
  });
  after(() => machine.close());

  for (const [what, target, section, service] of STACKS)
    it(`are what the SDK declares: ${what}`, async () => {
      const { recorded } = await run(program, {
        preview: true,
        config: {
          target,
          [target]: { ...machine.section(target), ...section },
          services: { iris: { models: ["iris"], ...service } },
        },
        secretSections: ["existing"],
      });
      const unknown = recorded.flatMap(({ type, name, inputs }) =>
        unknownInputs(type, inputs).map((input) => `${type} ${name}: ${input}`),
      );
      assert.deepEqual(unknown, []);
    });

  it("would be found if they weren't", () => {
    const cluster = {
      name: "c",
      colour: "red",
      nodeConfig: { diskSizeGb: 5, shieldedInstanceConfig: { enableSecureBoots: true } },
    };
    assert.deepEqual(unknownInputs("gcp:container/cluster:Cluster", cluster), [
      "colour",
      "nodeConfig.shieldedInstanceConfig.enableSecureBoots",
    ]);
    const vpc = { zones: [{ name: "us-south-1", subnet: "s" }] };
    assert.deepEqual(unknownInputs("ibm:index/containerVpcCluster:ContainerVpcCluster", vpc), [
      "zones.subnet",
    ]);
    assert.deepEqual(unknownInputs("gcp:projects/iAMMember:IAMMember", { roles: 1 }), ["roles"]);
  });
});

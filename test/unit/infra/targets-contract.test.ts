import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { TARGET_NAMES, type TargetName } from "../../../infra/config/schema";
import { program } from "../../../infra/index";
import { RESOURCES } from "../../../infra/offline/providers";
import type { Recorded } from "../../../infra/offline/recorder";
import { TestMachine } from "./support/machine";
import { run, type Ran } from "./support/mocks";

interface Options {
  readonly preview: boolean;
  readonly idsKnown?: boolean;
  readonly service?: Readonly<Record<string, unknown>>;
}

/** Proven through the API server, which every target has. */
const INSIDE = { exposure: "ClusterIP" };

const KUBERNETES = "pulumi:providers:kubernetes";
const SERVICE = "modelport:index:InferenceService";
const UNKNOWN = "<known after up>";

describe("contract of targets", function () {
  this.timeout(300_000);
  let machine: TestMachine;
  let outputs: pulumi.Inputs;
  before(async () => {
    machine = await TestMachine.start();
  });
  after(() => machine.close());

  const bring = (target: TargetName, { service = {}, ...options }: Options): Promise<Ran> => {
    machine.requests.length = 0;
    return run(async () => (outputs = await program()), {
      ...options,
      config: {
        target,
        services: { iris: { models: ["iris"], ...service } },
        [target]: machine.section(target),
      },
      secretSections: ["existing"],
      kubeconfig: machine.kubeconfig(),
      state: machine.state,
      functions: machine.functions,
    });
  };

  for (const target of TARGET_NAMES)
    describe(target, () => {
      it("registers the same in a preview and in an update", async () => {
        const names = ({ recorded }: Ran) => recorded.map(identity).sort();
        const planned = names(await bring(target, { preview: true, service: INSIDE }));
        const made = names(await bring(target, { preview: false, service: INSIDE }));
        assert.deepEqual(planned, made);
        assert.equal(new Set(made).size, made.length, "each identity once");
        assert.equal(
          (await bring(target, { preview: true, idsKnown: false })).recorded.length > 0,
          true,
        );
      });

      it("yields every output of a stack, after a real prediction", async () => {
        const { outputs: told } = await bring(target, { preview: false, service: INSIDE });
        assert.ok(machine.requests.some((line) => line.startsWith("POST")));
        assert.equal(told["target"], target);
        const { iris } = told["services"] as { iris: Record<string, unknown> };
        assert.match(String(told["image"]), IMAGES[target] ?? /@sha256:[0-9a-f]{64}$/);
        assert.deepEqual(
          [iris["url"], iris["image"], iris["models"], iris["reachableFrom"]],
          [told["url"], told["image"], ["iris"], "cluster"],
        );
        assert.match(String(told["url"]), /^http:\/\/iris\.modelport-test\./);
        assert.match(String(told["kubeconfig"]), /clusters/);
        assert.equal(await isSecret(outputs["kubeconfig"]), true);
      });

      it("asks no service in a preview, and promises nothing that isn't known", async () => {
        for (const idsKnown of [true, false]) {
          const { outputs: told } = await bring(target, { preview: true, idsKnown });
          assert.deepEqual(
            machine.requests.filter((line) => line.startsWith("POST")),
            [],
          );
          assert.equal(told["url"], undefined);
          assert.equal(told["image"], undefined);
          assert.equal(told["target"], target);
        }
      });

      it("computes nothing that a replacement would follow from out of an unknown", async () => {
        const { recorded } = await bring(target, { preview: true, idsKnown: true });
        const unknown = recorded.flatMap((resource) =>
          identifying(resource)
            .filter(([, value]) => JSON.stringify([value]).includes(UNKNOWN))
            .map(([key]) => `${identity(resource)}: ${key}`),
        );
        assert.deepEqual(unknown, [], "names, places and selectors are plain");
      });

      it("names everything before anything is there", async () => {
        const { recorded } = await bring(target, { preview: true, idsKnown: false });
        for (const resource of recorded)
          for (const key of ["name", "location", "region", "zone", "project", "metadata"])
            assert.doesNotMatch(
              JSON.stringify([resource.inputs[key]]),
              new RegExp(UNKNOWN),
              `${identity(resource)}: ${key}`,
            );
      });

      it("gives everything a parent, but what stands for the stack itself", async () => {
        const { recorded } = await bring(target, { preview: true });
        const all = new Set(recorded.map(identity));
        for (const resource of recorded) {
          if (resource.parent === undefined) {
            assert.match(resource.type, TOP, identity(resource));
            continue;
          }
          assert.ok(all.has(resource.parent), `${identity(resource)} in ${resource.parent}`);
        }
      });

      it("puts a service's objects behind its namespace, and all of them on one cluster", async () => {
        const { recorded } = await bring(target, { preview: true, idsKnown: true });
        const objects = recorded.filter(({ type }) => type.startsWith("kubernetes:"));
        const namespace = recorded.find(({ type }) => type === "kubernetes:core/v1:Namespace");
        assert.ok(namespace);
        const own = objects.filter(({ parent }) => parent?.startsWith(`${SERVICE}::`));
        assert.ok(own.length >= 4);
        for (const object of own)
          assert.ok(
            object.dependencies.includes(identity(namespace)),
            `${identity(object)} waits for its namespace`,
          );
        assert.equal(recorded.filter(({ type }) => type === KUBERNETES).length, 1);
      });

      it("keeps secrets secret, on their whole way", async () => {
        const { recorded } = await bring(target, { preview: false, service: INSIDE });
        assert.doesNotMatch(JSON.stringify(recorded), /hidden-password|callers-own-key/);
        const provider = recorded.find(({ type }) => type === KUBERNETES);
        assert.equal(provider?.inputs["kubeconfig"], "<secret>");
      });
    });

  it("is asked of every token that the program knows of, and of no other", async () => {
    const met = new Set<string>();
    for (const target of TARGET_NAMES)
      for (const { type } of (await bring(target, { preview: true })).recorded) met.add(type);
    for (const type of met) assert.ok(type in RESOURCES, type);
    assert.ok(met.size > 30);
  });
});

/** What pods name where there is no registry: a tag of the content. */
const IMAGES: Partial<Record<TargetName, RegExp>> = {
  minikube: /^modelport\/test\/iris:[0-9a-f]{16}$/,
};

/** What may stand right below the stack. */
const TOP = /^(?:modelport:index:|pulumi:providers:|pulumi-nodejs:dynamic\/minikube:Cluster$)/;

const identity = ({ type, name }: Pick<Recorded, "type" | "name">) => `${type}::${name}`;

/** Inputs whose change makes a resource anew. */
function identifying({ type, inputs }: Recorded): [string, unknown][] {
  if (!type.startsWith("kubernetes:"))
    return REPLACING.flatMap((key): [string, unknown][] =>
      key in inputs ? [[key, inputs[key]]] : [],
    );
  const { metadata, spec = {} } = inputs as {
    metadata: Record<string, unknown>;
    spec?: Record<string, unknown>;
  };
  return [
    ["metadata.name", metadata["name"]],
    ["metadata.namespace", metadata["namespace"]],
    ["spec.selector", spec["selector"]],
  ];
}

/** Of clouds' resources: what their documentation marks as "changing this forces a new resource", as far as it is used. */
const REPLACING = [
  "accountId",
  "cluster",
  "datacenter",
  "ipCidrRange",
  "location",
  "managedZone",
  "member",
  "name",
  "network",
  "project",
  "region",
  "repositoryId",
  "resourceGroup",
  "resourceGroupId",
  "role",
  "router",
  "service",
  "serviceAccount",
  "subnetwork",
  "vpc",
  "vpcId",
  "workerPoolName",
  "zone",
] as const;

async function isSecret(value: unknown): Promise<boolean> {
  return pulumi.Output.isInstance(value) && (await pulumi.isSecret(value));
}

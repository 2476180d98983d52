import * as assert from "node:assert/strict";
import type { StateResource } from "../../../cli/state";

interface Exported {
  deployment: {
    resources?: (StateResource & {
      delete?: boolean;
      pendingReplacement?: boolean;
      parent?: string;
      dependencies?: string[];
    })[];
    pending_operations?: unknown[];
  };
}

/** @param text what `pulumi stack export` prints @throws where it is not the state of a stack that came to rest */
export function assertAtRest(text: string): void {
  const { resources = [], pending_operations: pending = [] } = (JSON.parse(text) as Exported)
    .deployment;
  assert.deepEqual(pending, [], "operations are pending");
  const urns = resources.map(({ urn }) => urn);
  assert.deepEqual(urns, [...new Set(urns)], "a resource is there twice");
  const seen = new Set<string>();
  for (const { urn, custom, id, parent, provider, dependencies = [], ...rest } of resources) {
    assert.ok(custom !== true || id !== undefined, `${urn} has no ID`);
    assert.ok(rest.delete !== true && rest.pendingReplacement !== true, `${urn} is half replaced`);
    const owner = provider?.slice(0, provider.lastIndexOf("::"));
    for (const other of [parent, owner, ...dependencies])
      assert.ok(other === undefined || seen.has(other), `${urn} comes before ${other}`);
    seen.add(urn);
  }
}

/** Made anew by controllers, under names that nobody chooses. */
const CHANCE =
  /^(?:Pod|PodMetrics|ReplicaSet|ControllerRevision|IPAddress|CertificateSigningRequest) /;
/** IDs and hashes that are others each time; IBM Cloud's of clusters have 20 letters and digits, OpenShift's of pull secrets five. */
const RANDOM_PART =
  /\b(?:[0-9a-f]{8}(?:-?[0-9a-f]{4,12})*|c[0-9a-v]{19}(?:-[0-9a-f]{7})?|(?<=-dockercfg-)[0-9a-z]{5})\b/g;

/** An inventory as it comes out each time, so that what is there twice shows. */
export function lasting(inventory: readonly string[]): string[] {
  return inventory
    .filter((entry) => !CHANCE.test(entry))
    .map((entry) => entry.replaceAll(RANDOM_PART, "*"))
    .sort();
}

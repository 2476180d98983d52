import { UserError } from "../../local/errors";
import type { Found, Inventory } from "./found";
import { CONTROLLERS_KINDS } from "./google/compute-kinds";
import type { Held } from "./memory";

/** Google's IDs tell the project: https://docs.cloud.google.com/apis/design/resource_names */
const PROJECT = /^projects\/([^/]+)\//;

/** Whether what the state holds is what is listed. Of a context, its name tells: what was in it may have gone since the state was written. */
const isListed = ({ kind, id }: Held, { found, scope }: Inventory) =>
  kind === "context"
    ? scope === id
    : (PROJECT.exec(id)?.[1] ?? scope) === scope &&
      found.some((thing: Found) => thing.kind === kind && idOf(thing) === lastPart(id, thing));

const idOf = ({ id, name }: Found) => id ?? name;
const lastPart = (id: string, { id: own }: Found) =>
  own === undefined ? (id.split("/").at(-1) ?? id) : id;

/** Whether the network of the state is listed: if so, a cluster that isn't is gone, and not merely out of sight. */
export const seesNetwork = (inventory: Inventory, held: readonly Held[]) =>
  held.some((one) => ["network", "VPC"].includes(one.kind) && isListed(one, inventory));

/**
 * Whether there is something that nobody removes once the cluster is gone, however long that is waited for: parts of balancers on Google
 * Cloud. IBM Cloud removes a cluster's balancers itself.
 */
export const hasOrphans = ({ found }: Inventory) =>
  found.some(({ kind }) => CONTROLLERS_KINDS.has(kind));

/**
 * An empty list proves that nothing is there only if what is there would be listed: an API may leave out what the caller may not see, and
 * config may name another place than the one that the stack was made in. So what the state holds must be listed while it is there. What could
 * not be looked at is not asked of: the proof will say so.
 *
 * @param inventory from before anything was removed
 * @throws UserError if of something that is seen as one nothing is listed
 */
export function requireSeen(stack: string, held: readonly Held[], inventory: Inventory): void {
  const isUnseen = ({ kind }: Held) =>
    inventory.unseen.some(({ kinds }) => kinds.replace(/s$/, "") === kind);
  const groups = [...new Set(held.map(({ group }) => group))];
  const missing = groups
    .map((group) => held.filter((one) => one.group === group))
    .filter((group) => !group.some((one) => isListed(one, inventory) || isUnseen(one)));
  if (missing.length === 0) return;
  const { where } = inventory;
  throw new UserError(`stack ${stack} is not to be seen in ${where}`, {
    why: `its state holds ${missing
      .flat()
      .map(({ kind, id }) => `${kind} ${id}`)
      .join(
        ", ",
      )}, and the list there doesn't: config names another place than it was made in, or this login may not see it, so nothing could prove it gone`,
    fix: [
      "set config as it was, or log in as somebody who may see it; nothing was changed",
      `if you removed it by hand: npm run down -- --stack ${stack} --no-inventory, then look: npm run cli -- inventory --stack ${stack}`,
    ].join("\n       "),
  });
}

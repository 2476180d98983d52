import type { Found, Inventory, Unseen } from "./found";

/** A thing in one line. */
export function describe({ kind, name, place, since, detail }: Found): string {
  const more = [place, ...(since === undefined ? [] : [`since ${since}`])].join(", ");
  return `${kind} ${name} (${more})${detail === undefined ? "" : `: ${detail}`}`;
}

/** Kinds that one cause keeps from being looked at, in one line. */
export function describeUnseen(unseen: readonly Unseen[]): string[] {
  const byCause = new Map<string, string[]>();
  for (const { kinds, why } of unseen) byCause.set(why, [...(byCause.get(why) ?? []), kinds]);
  return [...byCause].map(([why, kinds]) => `could not look at ${kinds.join(", ")}: ${why}`);
}

/** What removes all that was found, one after the other. */
export const removals = ({ first, found }: Inventory): string[] =>
  found.length === 0
    ? []
    : [...(first === undefined ? [] : [first]), ...found.map(({ remove }) => remove)];

/** A page for people. */
export function page(inventory: Inventory): string {
  const { where, found, looked, unseen } = inventory;
  const lines = [
    where,
    ...found.map((thing) => `  ${describe(thing)}`),
    ...(found.length === 0 && looked.length > 0 ? [`  nothing, in ${kindCount(looked)}`] : []),
    ...describeUnseen(unseen).map((line) => `  ${line}`),
  ];
  const commands = removals(inventory);
  if (commands.length > 0)
    lines.push(
      "",
      "What `npm run down` doesn't take away goes by hand, in this order:",
      ...commands.map((line) => `  ${line}`),
    );
  return `${lines.join("\n")}\n`;
}

export const kindCount = (looked: readonly string[]) =>
  looked.length === 1 ? `1 kind (${looked.join()})` : `${looked.length} kinds`;

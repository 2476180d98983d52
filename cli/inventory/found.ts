/** What a cloud holds of a stack, told so that it can be removed by hand. */

/** One thing that is there. */
export interface Found {
  /** In the cloud's own words: "forwarding rule". */
  readonly kind: string;
  readonly name: string;
  /** By which its API knows it. Default: the name. */
  readonly id?: string;
  /** Region, zone, "global", cluster. */
  readonly place: string;
  /** When it was made, ISO 8601. Default: the cloud doesn't tell. */
  readonly since?: string;
  /** Why it is still there, as far as the cloud says. Default: it says nothing. */
  readonly detail?: string;
  /** The command that removes it, to be pasted into a shell; asks nothing. */
  readonly remove: string;
}

/** What could not be looked at, and so counts neither as there nor as gone. */
export interface Unseen {
  /** In the plural: "firewall rules". */
  readonly kinds: string;
  readonly why: string;
}

export interface Inventory {
  /** Where was looked: "Google Cloud, project my-project". */
  readonly where: string;
  /** What a state calls that place too: a project's ID on Google Cloud, the context of a cluster that stays. */
  readonly scope?: string;
  /** The command that the others need before them. Default: none. */
  readonly first?: string;
  /** In an order in which the commands work: what uses something goes before it. */
  readonly found: readonly Found[];
  /** Kinds that were looked at, in the plural. */
  readonly looked: readonly string[];
  readonly unseen: readonly Unseen[];
}

/** A question for the things of one kind. */
export interface Look {
  /** In the plural, for people. */
  readonly kinds: string;
  /** Those that are the stack's, and why of others that can't be told. @throws Error when it can be told of none */
  readonly find: () => Promise<readonly (Found | Unseen)[]>;
}

/** Asks all at once. @param looks in the order of removal */
export async function lookAt(where: string, looks: readonly Look[]): Promise<Inventory> {
  const answers = await Promise.allSettled(looks.map(({ find }) => find()));
  const found: Found[] = [];
  const looked: string[] = [];
  const unseen: Unseen[] = [];
  for (const [i, { kinds }] of looks.entries()) {
    const answer = answers[i];
    if (answer?.status === "fulfilled") {
      const doubts = answer.value.filter(isDoubt);
      if (doubts.length === 0) looked.push(kinds);
      unseen.push(...doubts);
      found.push(...answer.value.filter(isFound));
    } else {
      const reason: unknown = answer?.reason;
      unseen.push({ kinds, why: reason instanceof Error ? reason.message : String(reason) });
    }
  }
  return { where, found, looked, unseen };
}

const isDoubt = (thing: Found | Unseen): thing is Unseen => "why" in thing;
const isFound = (thing: Found | Unseen): thing is Found => !isDoubt(thing);

/** Asks once, when first wanted; the answer is shared. */
export function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= ask());
}

/**
 * What OpenShift writes on a namespace when it is made: its own block of users, and its own SELinux categories.
 * https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/authentication_and_authorization/managing-pod-security-policies#security-context-constraints-pre-allocated-values_configuring-internal-oauth
 */
const UID_RANGE = "openshift.io/sa.scc.uid-range";
const GROUPS = "openshift.io/sa.scc.supplemental-groups";
const MCS = "openshift.io/sa.scc.mcs";

const FIRST_UID = 1_000_000_000;
const BLOCK = 10_000;
/** The blocks before it are the platform's own namespaces'. */
const FIRST_BLOCK = 66;

export interface Range {
  readonly first: number;
  readonly last: number;
}

export interface NamespaceRanges {
  readonly users: Range;
  readonly groups: Range;
  readonly level: string;
}

type Annotations = Readonly<Record<string, string>>;

/** @param taken annotations of all namespaces @param last block that was given away in this process */
export function nextBlock(taken: readonly Annotations[], last = FIRST_BLOCK - 1): number {
  const blocks = taken
    .map((annotations) => Number.parseInt(annotations[UID_RANGE] ?? "", 10))
    .filter((first) => !Number.isNaN(first))
    .map((first) => Math.floor((first - FIRST_UID) / BLOCK));
  return Math.max(last, ...blocks) + 1;
}

export function annotationsOf(block: number): Annotations {
  const range = `${FIRST_UID + block * BLOCK}/${BLOCK}`;
  // Pairs of categories, the larger first, in the order in which pairs can be counted.
  const larger = Math.floor((1 + Math.sqrt(1 + 8 * block)) / 2);
  const smaller = block - (larger * (larger - 1)) / 2;
  return { [UID_RANGE]: range, [GROUPS]: range, [MCS]: `s0:c${larger},c${smaller}` };
}

export const isAnnotated = (annotations: Annotations = {}): boolean =>
  [UID_RANGE, GROUPS, MCS].every((name) => name in annotations);

/** @throws Error as the API server words it, where a namespace was not annotated (yet) */
export function rangesOf(annotations: Annotations = {}): NamespaceRanges {
  const of = (name: string): string => {
    const value = annotations[name];
    if (value === undefined) throw new Error(`unable to find annotation ${name}`);
    return value;
  };
  return { users: range(of(UID_RANGE)), groups: range(of(GROUPS)), level: of(MCS) };
}

/** `first/size` or `first-last`. */
function range(text: string): Range {
  const [first = 0, second = 0] = text.split(/[/-]/).map(Number);
  return { first, last: text.includes("/") ? first + second - 1 : second };
}

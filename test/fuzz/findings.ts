/** What a campaign found out, by kind of case. */
export interface Finding {
  /** Names the case for `--case`; undefined for what is nobody's in particular. */
  readonly id: string | undefined;
  readonly kind: string;
  readonly problem: string;
  /** The beginning of what was sent. */
  readonly sent?: string;
  /** The beginning of what came back. */
  readonly got?: string;
}

export interface Tally {
  cases: number;
  violations: number;
  /** By status, or by how a connection ended. */
  readonly outcomes: Map<string, number>;
}

/** Enough to tell what is wrong; one fault often makes thousands. */
const KEPT_PER_PROBLEM = 3;

export class Findings {
  readonly tallies = new Map<string, Tally>();
  readonly kept: Finding[] = [];
  violations = 0;
  /** Golden requests answered right in between. */
  golden = 0;
  private readonly seen = new Map<string, number>();

  /** @param report called for each finding that is kept, as soon as it is there */
  constructor(private readonly report: (finding: Finding) => void = () => undefined) {}

  count(kind: string, outcome: string): void {
    const tally = this.tally(kind);
    tally.cases++;
    tally.outcomes.set(outcome, (tally.outcomes.get(outcome) ?? 0) + 1);
  }

  add(finding: Finding): void {
    this.violations++;
    if (finding.id !== undefined) this.tally(finding.kind).violations++;
    const problem = `${finding.kind} ${finding.problem.replace(/[\d.]+|"[^"]*"/g, "…").slice(0, 80)}`;
    const times = (this.seen.get(problem) ?? 0) + 1;
    this.seen.set(problem, times);
    if (times > KEPT_PER_PROBLEM) return;
    this.kept.push(finding);
    this.report(finding);
  }

  get cases(): number {
    let cases = 0;
    for (const tally of this.tallies.values()) cases += tally.cases;
    return cases;
  }

  private tally(kind: string): Tally {
    let tally = this.tallies.get(kind);
    if (tally === undefined) {
      tally = { cases: 0, violations: 0, outcomes: new Map() };
      this.tallies.set(kind, tally);
    }
    return tally;
  }
}

/** The beginning of a message, readable: bytes that aren't text as \xNN. */
export function excerpt(bytes: Uint8Array, most = 600): string {
  const text = Buffer.from(bytes.subarray(0, most))
    .toString("latin1")
    .replace(/[^\t\n\r\x20-\x7e]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
  return bytes.length > most ? `${text}… (${bytes.length} bytes)` : text;
}

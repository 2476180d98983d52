/** Resident memory over a campaign. */
export interface MemoryReport {
  /** After the warm-up, the median of the samples in MiB; then at the end. */
  readonly warm: number;
  readonly end: number;
  readonly peak: number;
  /** MiB at equal steps from the first to the last case. */
  readonly course: readonly number[];
  /** Of a straight line through the samples after the warm-up, in KiB per 1,000 cases. */
  readonly slope: number;
}

interface Sample {
  readonly cases: number;
  readonly mebibytes: number;
}

/** The share of a campaign in which caches fill and code is compiled. */
const WARM_UP = 0.3;
const EDGE = 0.15;
/** Enough to see whether a curve flattens. */
const COURSE_STEPS = 20;

export class Memory {
  private readonly samples: Sample[] = [];

  /** @param cases done so far */
  add(cases: number, mebibytes: number | undefined): void {
    if (mebibytes !== undefined) this.samples.push({ cases, mebibytes });
  }

  private course(total: number): number[] {
    return Array.from({ length: COURSE_STEPS }, (_, step) => {
      const until = (total * (step + 1)) / COURSE_STEPS;
      return this.samples.findLast(({ cases }) => cases <= until)?.mebibytes ?? NaN;
    });
  }

  report(): MemoryReport {
    const total = this.samples.at(-1)?.cases ?? 0;
    const after = this.samples.filter(({ cases }) => cases >= total * WARM_UP);
    const warm = after.filter(({ cases }) => cases <= total * (WARM_UP + EDGE));
    const end = after.filter(({ cases }) => cases >= total * (1 - EDGE));
    return {
      warm: median(warm),
      end: median(end),
      peak: Math.max(...this.samples.map(({ mebibytes }) => mebibytes)),
      course: this.course(total),
      slope: slopeOf(after) * 1024 * 1000,
    };
  }
}

function median(samples: readonly Sample[]): number {
  const sorted = samples.map(({ mebibytes }) => mebibytes).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

/** MiB per case, by least squares. */
function slopeOf(samples: readonly Sample[]): number {
  const n = samples.length;
  let [x, y, xx, xy] = [0, 0, 0, 0];
  for (const { cases, mebibytes } of samples) {
    x += cases;
    y += mebibytes;
    xx += cases * cases;
    xy += cases * mebibytes;
  }
  const spread = n * xx - x * x;
  return spread === 0 ? 0 : (n * xy - x * y) / spread;
}

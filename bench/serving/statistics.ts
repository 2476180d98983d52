/** Figures of repeated measurements: medians and what they vary between, because machines are never quite quiet. */

/** Median, least and largest of the rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** @throws RangeError when there is no value, or one is not a finite number */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((one, other) => one - other);
  const first = sorted[0];
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) throw new RangeError("no values to summarise");
  if (!sorted.every(Number.isFinite))
    throw new RangeError(`not all numbers are finite: ${values.join(", ")}`);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? first;
  const median = sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
  return { median, min: first, max: last };
}

export function median(values: readonly number[]): number {
  return spread(values).median;
}

/**
 * Ratios of two series round by round: what disturbs a round disturbs both, so this varies less than either.
 * @throws RangeError when their lengths differ
 */
export function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  if (ours.length !== theirs.length)
    throw new RangeError(`${ours.length} rounds can't be compared with ${theirs.length}`);
  return ours.map((value, i) => value / (theirs[i] ?? NaN));
}

/** A straight line y = intercept + slope · x by least squares. */
export interface Line {
  readonly slope: number;
  readonly intercept: number;
  /** The share of y's variance that the line explains; 1 when y doesn't vary. */
  readonly r2: number;
}

/** @throws RangeError with fewer than two different x */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line {
  const mean = (pick: 0 | 1): number =>
    points.reduce((sum, point) => sum + point[pick], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  let xx = 0;
  let xy = 0;
  let yy = 0;
  for (const [x, y] of points) {
    xx += (x - meanX) ** 2;
    xy += (x - meanX) * (y - meanY);
    yy += (y - meanY) ** 2;
  }
  if (!(xx > 0)) throw new RangeError("a line needs two points with different x");
  const slope = xy / xx;
  return { slope, intercept: meanY - slope * meanX, r2: yy === 0 ? 1 : (xy * xy) / (xx * yy) };
}

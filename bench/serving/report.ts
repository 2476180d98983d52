/** The figures of all rounds as one object: what docs/bench.json holds and --json prints. */
import type { ImageSize } from "./image-size";
import type { ManyModels } from "./many-models";
import type { ProtocolFigures } from "./protocols";
import type { Measured } from "./rounds";
import { ratios, spread, type Spread } from "./statistics";
import type { Trial } from "./trial";

export interface Report {
  /** Ours : theirs in requests a second, iris; the median over the rounds. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly ratioSpread: Readonly<Record<string, Spread>>;
  /** The same for the spam model. */
  readonly spamRatios: Readonly<Record<string, number>>;
  readonly spamRatioSpread: Readonly<Record<string, Spread>>;
  /** Our p99 : the constant answer's, same rounds. */
  readonly p99Ratio?: Spread;
  /** Milliseconds that our median over one connection is above the constant answer's. */
  readonly singleConnectionAbove?: Spread;
  readonly machine: string;
  /** ISO 8601. */
  readonly finished: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  /** Our server and the constant one had their core to themselves; else figures are low, and ratios less sure. */
  readonly quiet: boolean;
  /** What the load generator reaches against a server that costs nothing. */
  readonly generatorRequestsPerSecond: number;
  readonly contenders: readonly ContenderFigures[];
  readonly protocols?: readonly ProtocolFigures[];
  readonly manyModels?: ManyModels;
  readonly image?: ImageSize;
  readonly targets: readonly Target[];
}

export interface ContenderFigures {
  readonly name: string;
  readonly title: string;
  readonly model: string;
  /** How it was set up, and what the other documented ways gave. */
  readonly variant: string;
  readonly variants: Readonly<Record<string, number>>;
  readonly requestsPerSecond: Spread;
  readonly p50Milliseconds: Spread;
  readonly p99Milliseconds: Spread;
  readonly residentMegabytes: Spread;
  /** Pages shared by its processes counted once. */
  readonly proportionalMegabytes: Spread;
  readonly startSeconds: Spread;
  /** Of its core: 1 when nothing else ran there and the load was enough. */
  readonly coreShare: Spread;
  /** Requests a second of processor time: what a busy machine disturbs least. */
  readonly requestsPerCoreSecond: Spread;
  readonly singleConnectionP50Milliseconds?: Spread;
  readonly errors: number;
  readonly firstError?: string;
}

/** A figure that was promised. */
export interface Target {
  readonly what: string;
  readonly target: string;
  readonly got: number;
  readonly met: boolean;
}

/** What a run measured besides the rounds. */
export interface Extras {
  readonly protocols?: readonly ProtocolFigures[];
  readonly manyModels?: ManyModels;
  readonly image?: ImageSize;
}

export interface Conditions {
  readonly machine: string;
  readonly finished: Date;
  readonly rounds: number;
  readonly seconds: number;
  readonly connections: number;
  readonly generatorRequestsPerSecond: number;
}

const OURS = "modelport";
/** Of its core that a server under full load gets when nothing else runs; the rest is the system's. */
const QUIET_SHARE = 0.9;

/** @param variants requests a second of each contender's ways to be set up, by name */
export function makeReport(
  measured: readonly Measured[],
  variants: ReadonlyMap<string, Readonly<Record<string, number>>>,
  conditions: Conditions,
  extras: Extras,
): Report {
  const iris = compare(measured, "iris", requestRate);
  const spam = compare(measured, "spam", requestRate);
  const ours = find(measured, OURS, "iris");
  const constant = find(measured, "constant", "iris");
  const both = ours === undefined || constant === undefined ? undefined : { ours, constant };
  const contenders = measured.map((one) => figures(one, variants));
  const report = {
    ratios: medians(iris),
    ratioSpread: iris,
    spamRatios: medians(spam),
    spamRatioSpread: spam,
    ...(both === undefined
      ? {}
      : {
          p99Ratio: spread(ratios(both.ours.map(p99), both.constant.map(p99))),
          singleConnectionAbove: spread(
            both.ours.map((trial, i) => singleP50(trial) - singleP50(both.constant[i])),
          ),
        }),
    ...conditions,
    finished: conditions.finished.toISOString(),
    quiet: contenders.every(
      ({ name, coreShare }) =>
        (name !== OURS && name !== "constant") || coreShare.median >= QUIET_SHARE,
    ),
    contenders,
    ...extras,
  };
  return { ...report, targets: targets(report) };
}

const requestRate = ({ load }: Trial): number => load.requestsPerSecond;
const p99 = ({ load }: Trial): number => load.latency.p99;
const singleP50 = (trial: Trial | undefined): number => (trial?.single?.latency.p50 ?? 0) / 1000;

function find(
  measured: readonly Measured[],
  contender: string,
  model: string,
): readonly Trial[] | undefined {
  return measured.find(
    ({ entry }) => entry.contender.name === contender && entry.model.name === model,
  )?.trials;
}

function compare(
  measured: readonly Measured[],
  model: string,
  figure: (trial: Trial) => number,
): Record<string, Spread> {
  const ours = find(measured, OURS, model);
  if (ours === undefined) return {};
  return Object.fromEntries(
    measured
      .filter(({ entry }) => entry.model.name === model && entry.contender.name !== OURS)
      .map(({ entry, trials }) => [
        entry.contender.name,
        spread(ratios(ours.map(figure), trials.map(figure))),
      ]),
  );
}

const medians = (spreads: Readonly<Record<string, Spread>>): Record<string, number> =>
  Object.fromEntries(Object.entries(spreads).map(([name, { median }]) => [name, median]));

function figures(
  { entry, trials }: Measured,
  variants: ReadonlyMap<string, Readonly<Record<string, number>>>,
): ContenderFigures {
  const over = (figure: (trial: Trial) => number): Spread => spread(trials.map(figure));
  const { name, title } = entry.contender;
  const firstError = trials.find(({ load }) => load.firstError !== undefined)?.load.firstError;
  return {
    name,
    title,
    model: entry.model.name,
    variant: entry.variant.name,
    variants: variants.get(`${name} ${entry.model.name}`) ?? {},
    requestsPerSecond: over(requestRate),
    p50Milliseconds: over(({ load }) => load.latency.p50 / 1000),
    p99Milliseconds: over(({ load }) => load.latency.p99 / 1000),
    residentMegabytes: over(({ usage }) => usage.residentMegabytes),
    proportionalMegabytes: over(({ usage }) => usage.proportionalMegabytes),
    startSeconds: over(({ startSeconds }) => startSeconds),
    coreShare: over(({ coreShare }) => coreShare),
    requestsPerCoreSecond: over(({ load, coreShare }) => load.requestsPerSecond / coreShare),
    ...(trials.every(({ single }) => single !== undefined)
      ? { singleConnectionP50Milliseconds: over(singleP50) }
      : {}),
    errors: trials.reduce(
      (sum, { load, single }) => sum + load.errors + (single === undefined ? 0 : single.errors),
      0,
    ),
    ...(firstError === undefined ? {} : { firstError }),
  };
}

/** The promises that this run has figures for. */
function targets(report: Omit<Report, "targets">): Target[] {
  const ours = report.contenders.find(({ name, model }) => name === OURS && model === "iris");
  const least = (what: string, target: number, got: number | undefined, unit = ""): Target[] =>
    got === undefined ? [] : [{ what, target: `≥ ${target}${unit}`, got, met: got >= target }];
  const most = (what: string, target: number, got: number | undefined, unit = ""): Target[] =>
    got === undefined ? [] : [{ what, target: `≤ ${target}${unit}`, got, met: got <= target }];
  const { ratios: iris, spamRatios: spam } = report;
  return [
    ...least("iris, requests/s", 40_000, ours?.requestsPerSecond.median),
    ...least("iris : MLServer", 25, iris["mlserver"], " ×"),
    ...least("iris : Flask + gunicorn", 20, iris["flask-gunicorn"], " ×"),
    ...least("iris : a constant answer", 0.75, iris["constant"], " ×"),
    ...most("p99 : a constant answer's", 3, report.p99Ratio?.median, " ×"),
    ...least("spam : Flask + gunicorn", 10, spam["flask-gunicorn"], " ×"),
    ...most(
      "one connection, p50 above a constant's",
      0.1,
      report.singleConnectionAbove?.median,
      " ms",
    ),
    ...most("resident after load", 130, ours?.residentMegabytes.median, " MB"),
    ...most("start → ready", 0.5, ours?.startSeconds.median, " s"),
    ...most("image, compressed", 65, report.image?.totalMegabytes, " MB"),
  ];
}

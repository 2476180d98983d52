/** Figures for people: Markdown tables, so that they can be pasted. */
import type { SelfTime } from "./profile";
import type { ContenderFigures, Report } from "./report";
import type { Soak, Window } from "./soak";
import { median, type Spread } from "./statistics";

/** Three significant digits, but whole numbers from 100 on; thousands apart. */
export function figure(value: number): string {
  const digits =
    Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

const between = ({ median, min, max }: Spread): string =>
  `${figure(median)} (${figure(min)}–${figure(max)})`;

export function markdown(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

export function reportTables(report: Report): string {
  const models = [...new Set(report.contenders.map(({ model }) => model))];
  const { rounds, seconds, connections, generatorRequestsPerSecond } = report;
  return [
    `${report.machine}; server on one core, load on another; ${rounds} interleaved rounds of ${seconds} s over ${connections} connections; median (least–most).`,
    `The load generator reaches ${figure(generatorRequestsPerSecond)} requests/s against a server that costs nothing.`,
    ...(report.quiet
      ? []
      : ["Other work ran on the server's core meanwhile: figures are low, ratios less sure."]),
    ...models.map((model) => contenderTable(report, model)),
    ...protocolTable(report),
    ...manyModelsTable(report),
    ...imageTable(report),
    ...targetTable(report),
  ].join("\n\n");
}

function contenderTable(report: Report, model: string): string {
  const all = model === "iris" ? report.ratioSpread : report.spamRatioSpread;
  const row = (one: ContenderFigures): string[] => {
    const ratio = all[one.name];
    return [
      one.variant === "default" ? one.title : `${one.title}, ${one.variant}`,
      between(one.requestsPerSecond),
      ratio === undefined ? "" : `${between(ratio)} ×`,
      figure(one.p50Milliseconds.median),
      figure(one.p99Milliseconds.median),
      figure(one.residentMegabytes.median),
      between(one.startSeconds),
      figure(one.coreShare.median),
      figure(one.requestsPerCoreSecond.median),
      String(one.errors),
    ];
  };
  const head = [
    "requests/s",
    "modelport is",
    "p50 ms",
    "p99 ms",
    "RSS MB",
    "start s",
    "of core",
    "per core second",
    "errors",
  ];
  const rows = report.contenders.filter((one) => one.model === model).map(row);
  return markdown([[model, ...head], ...rows]);
}

function protocolTable({ protocols }: Report): string[] {
  if (protocols === undefined) return [];
  const rows = protocols.map(
    ({ name, requestsPerSecond, p50Milliseconds, p99Milliseconds, errors }) => [
      name,
      between(requestsPerSecond),
      figure(p50Milliseconds.median),
      figure(p99Milliseconds.median),
      String(errors),
    ],
  );
  return [
    markdown([["protocol of modelport", "requests/s", "p50 ms", "p99 ms", "errors"], ...rows]),
  ];
}

function manyModelsTable({ manyModels }: Report): string[] {
  if (manyModels === undefined) return [];
  const { counts, residentMegabytes: memory, p50Milliseconds: latency } = manyModels;
  const rows = counts.map((one) => [
    String(one.models),
    figure(one.startSeconds),
    figure(one.idleMegabytes),
    figure(one.residentMegabytes),
    figure(one.requestsPerSecond),
    figure(one.p50Milliseconds),
    figure(one.p99Milliseconds),
    String(one.errors),
  ]);
  const head = [
    "models",
    "start s",
    "idle MB",
    "RSS MB",
    "requests/s",
    "1 conn. p50 ms",
    "p99 ms",
    "errors",
  ];
  return [
    markdown([head, ...rows]),
    `A model more costs ${figure(memory.slope)} MB (r² ${figure(memory.r2)}) and ${figure(latency.slope * 1000)} µs of latency (r² ${figure(latency.r2)}).`,
  ];
}

function imageTable({ image }: Report): string[] {
  if (image === undefined) return [];
  const rows = Object.entries(image.layerMegabytes).map(([layer, size]) => [layer, figure(size)]);
  return [
    markdown([
      ["image, compressed", "MB"],
      ["base", figure(image.baseMegabytes)],
      ...rows,
      ["total", figure(image.totalMegabytes)],
    ]),
    `Of ${image.of}.`,
  ];
}

function targetTable({ targets }: Report): string[] {
  if (targets.length === 0) return [];
  const rows = targets.map(({ what, target, got, met }) => [
    what,
    target,
    figure(got),
    met ? "yes" : "NO",
  ]);
  return [markdown([["promised", "target", "measured", "met"], ...rows])];
}

export function soakTable(soak: Soak): string {
  const { memory, growth } = soak;
  const [first, last] = [memory[0], memory.at(-1)];
  return markdown([
    [`${soak.minutes} min at ${figure(soak.rate)}/s, open loop`, ""],
    ["measured peak", `${figure(soak.peakRequestsPerSecond)}/s`],
    ["due", figure(soak.sent)],
    [
      "errors, lost",
      `${soak.errors}, ${soak.lost}${soak.firstError === undefined ? "" : `: ${soak.firstError}`}`,
    ],
    ["p50, p99 ms", `${figure(soak.p50Milliseconds)}, ${figure(soak.p99Milliseconds)}`],
    [
      "p99 of a constant at this rate, as long",
      `${figure(soak.constantP99Milliseconds)} (ours: ${figure(soak.p99Ratio)} ×)`,
    ],
    [
      "p99 of ten seconds, the median: ours, a constant's",
      `${figure(soak.windowP99Milliseconds)}, ${figure(soak.constantWindowP99Milliseconds)} (${figure(soak.windowP99Ratio)} ×)`,
    ],
    ...worstWindows("ours", soak.windows),
    ...worstWindows("constant", soak.constantWindows),
    [
      "RSS MB, first and last",
      `${figure(first?.residentMegabytes ?? 0)}, ${figure(last?.residentMegabytes ?? 0)}`,
    ],
    ["growth in the second half", `${figure(growth.slope)} MB/min (r² ${figure(growth.r2)})`],
  ]);
}

/** Whose fault they were: the server's, when its work takes as long as ever; else the machine's. */
function worstWindows(name: string, windows: readonly Window[]): string[][] {
  const usual = median(windows.map((window) => window.cpuMicrosecondsPerRequest));
  return [...windows]
    .sort((one, other) => other.p99Milliseconds - one.p99Milliseconds)
    .slice(0, 3)
    .map(({ second, p99Milliseconds, cpuMicrosecondsPerRequest: cpu, stolenSeconds }) => [
      `${name}, ten seconds from ${figure(second)}`,
      `p99 ${figure(p99Milliseconds)} ms, ${figure(cpu)} µs of processor a request (median ${figure(usual)}), ${figure(stolenSeconds)} s stolen`,
    ]);
}

/** The functions that take most of the time. */
export function profileTable(functions: readonly SelfTime[], most = 30): string {
  const rows = functions
    .slice(0, most)
    .map(({ name, share }) => [`${figure(share * 100)} %`, name]);
  return markdown([["own time", "function"], ...rows]);
}

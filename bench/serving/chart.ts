/** docs/bench.svg: bars of requests a second with their spread, readable on light and on dark pages. */
import type { ContenderFigures, Report } from "./report";
import { figure } from "./table";
import type { Spread } from "./statistics";

const WIDTH = 860;
const LABELS = 270;
const BARS = 380;
const ROW = 34;
const BAR = 18;
const HEAD = 46;

const STYLE = `
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .note { font-size: 11.5px; fill: #59636e; }
  .bar { fill: #8c959f; } .own { fill: #0969da; } .ceiling { fill: #afb8c1; }
  .spread { stroke: #1f2328; stroke-width: 1.25; fill: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .note { fill: #9198a1; }
    .bar { fill: #656c76; } .own { fill: #4493f8; } .ceiling { fill: #3d444d; }
    .spread { stroke: #e6edf3; }
  }`;

/** One panel a model; every panel has its own scale from zero. */
export function chart(report: Report): string {
  const models = [...new Set(report.contenders.map(({ model }) => model))];
  let top = 14;
  const panels = models.map((model) => {
    const rows = report.contenders
      .filter((one) => one.model === model)
      .sort((one, other) => other.requestsPerSecond.median - one.requestsPerSecond.median);
    const ratios = model === "iris" ? report.ratioSpread : report.spamRatioSpread;
    const panel = panelOf(model, rows, ratios, top);
    top += HEAD + rows.length * ROW + 14;
    return panel;
  });
  const note = `${report.rounds} interleaved rounds of ${report.seconds} s, ${report.connections} connections, one core for the server; bars: median, lines: least to most`;
  const height = top + 22;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Requests per second on one core">
<style>${STYLE}
</style>
${panels.join("\n")}
<text class="note" x="14" y="${top + 8}">${escaped(note)}</text>
</svg>
`;
}

function panelOf(
  model: string,
  rows: readonly ContenderFigures[],
  ratios: Readonly<Record<string, Spread>>,
  top: number,
): string {
  const most = Math.max(...rows.map(({ requestsPerSecond }) => requestsPerSecond.max));
  const x = (value: number): string => (LABELS + (value / most) * BARS).toFixed(1);
  const lines = rows.map((one, i) => {
    const y = top + HEAD + i * ROW;
    const middle = y + BAR / 2;
    const { median, min, max } = one.requestsPerSecond;
    const kind = one.name === "modelport" ? "own" : one.name === "constant" ? "ceiling" : "bar";
    const ratio = ratios[one.name];
    const beside = `${figure(median)}/s${ratio === undefined ? "" : ` · ${figure(ratio.median)} ×`}`;
    return [
      `<text x="${LABELS - 10}" y="${middle + 4.5}" text-anchor="end">${escaped(one.title)}</text>`,
      `<rect class="${kind}" x="${LABELS}" y="${y}" width="${Math.max(1, (median / most) * BARS).toFixed(1)}" height="${BAR}" rx="2"/>`,
      `<path class="spread" d="M${x(min)} ${middle}H${x(max)}M${x(min)} ${middle - 4}v8M${x(max)} ${middle - 4}v8"/>`,
      `<text x="${(Number(x(max)) + 9).toFixed(1)}" y="${middle + 4.5}">${escaped(beside)}</text>`,
    ].join("\n");
  });
  const title = `<text class="title" x="14" y="${top + 16}">${escaped(model)}: requests per second · how many times as many modelport answers</text>`;
  return [title, ...lines].join("\n");
}

export function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

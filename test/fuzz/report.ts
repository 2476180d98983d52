import type { CampaignReport } from "./campaign";
import type { Finding } from "./findings";

/** The campaign as a table: a line a kind. */
export function renderReport(report: CampaignReport, seed: number): string {
  const { findings, memory, passes, seconds } = report;
  const kinds = [...findings.tallies].sort(([a], [b]) => a.localeCompare(b));
  const lines = kinds.map(([kind, { cases, violations, outcomes }]) => {
    const histogram = [...outcomes].sort(([a], [b]) => a.localeCompare(b));
    const statuses = histogram.map(([outcome, count]) => `${outcome}: ${count}`).join("  ");
    return `${kind.padEnd(32)}${String(cases).padStart(9)}${String(violations).padStart(12)}  ${statuses}`;
  });
  const { warm, end, peak, slope, course } = memory;
  return [
    `${"kind".padEnd(32)}${"cases".padStart(9)}${"violations".padStart(12)}  answers`,
    ...lines,
    "",
    `${findings.cases} cases${passes === 1 ? "" : `, the same ones ${passes} times`}, seed ${seed}, in ${seconds.toFixed(0)} s (${(findings.cases / seconds).toFixed(0)} a second)`,
    `${findings.golden} right requests in between answered right`,
    `resident memory: ${warm.toFixed(1)} MiB after the warm-up, ${end.toFixed(1)} at the end, ${peak.toFixed(1)} at most, ` +
      `${slope.toFixed(2)} KiB per 1,000 cases`,
    `  its course: ${course.map((mebibytes) => mebibytes.toFixed(0)).join(" ")}`,
    `${findings.violations} violations`,
  ].join("\n");
}

export function renderFinding({ id, kind, problem, sent, got }: Finding): string {
  return [
    `✗ ${kind}: ${problem}`,
    ...(id === undefined ? [] : [`  again: npm run fuzz -- --case ${id}`]),
    ...(sent === undefined ? [] : [`  sent:\n${indent(sent)}`]),
    ...(got === undefined ? [] : [`  got:\n${indent(got)}`]),
  ].join("\n");
}

/** For programs: the same numbers. */
export function jsonReport(report: CampaignReport, seed: number): unknown {
  const { findings, memory, passes, seconds } = report;
  return {
    seed,
    cases: findings.cases,
    passes,
    seconds,
    golden: findings.golden,
    violations: findings.violations,
    memory,
    kinds: Object.fromEntries(
      [...findings.tallies].map(([kind, { cases, violations, outcomes }]) => [
        kind,
        { cases, violations, answers: Object.fromEntries(outcomes) },
      ]),
    ),
    findings: findings.kept,
  };
}

function indent(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => `    ${line}`)
    .join("\n");
}

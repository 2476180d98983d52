/** `npm run fuzz`: malformed requests by the million against the server as it is deployed. */
import { formatError } from "../../local/errors";
import { runCampaign } from "./campaign";
import { type Options, readOptions, USAGE } from "./options";
import { replay } from "./replay";
import { jsonReport, renderFinding, renderReport } from "./report";

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
    return 2;
  }
  return options.case === undefined ? campaign(options) : replay(options.case);
}

async function campaign({ count, seed, protocols, json }: Options): Promise<number> {
  const tty = process.stderr.isTTY;
  process.stderr.write(`fuzzing with ${count} cases, seed ${seed}\n`);
  const report = await runCampaign({
    count,
    seed,
    ...(protocols === undefined ? {} : { protocols }),
    report: (finding) => process.stderr.write(`${renderFinding(finding)}\n`),
    ...(tty ? { progress: (cases) => process.stderr.write(`\r… ${cases} of ${count}`) } : {}),
  });
  if (tty) process.stderr.write("\r\x1b[2K");
  process.stdout.write(
    json
      ? `${JSON.stringify(jsonReport(report, seed), undefined, 2)}\n`
      : `${renderReport(report, seed)}\n`,
  );
  return report.findings.violations === 0 ? 0 : 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${formatError(error)}\n`);
    process.exitCode = 1;
  },
);

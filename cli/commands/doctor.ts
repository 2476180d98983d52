import type { Command } from "commander";
import { ExitCode } from "../../local/errors";
import { examine } from "../doctor";
import type { Finding } from "../doctor/finding";
import { openStack } from "../session";

export function registerDoctor(program: Command): void {
  program
    .command("doctor")
    .summary("check what a stack needs on this machine")
    .description(
      "Checks what a stack needs on this machine (tools, config; for one in a cloud: credentials, plugins, known quotas, the price), changes nothing, spends nothing, and says what to do about what is missing.\nExit code 3 if something needed is missing.",
    )
    .option("--stack <name>", "which stack. Default: as for up")
    .option("--json", "print the findings as JSON")
    .action(doctor);
}

async function doctor(options: { stack?: string; json?: true }): Promise<void> {
  const context = await openStack(options.stack);
  const findings = await examine(context);
  const healthy = findings.every(({ state }) => state !== "missing");
  if (!healthy) process.exitCode = ExitCode.environment;
  if (options.json === true) {
    const document = { stack: context.stack, target: context.settings.target, healthy, findings };
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    return;
  }
  const lines = [
    `stack ${context.stack}, target ${context.settings.target}`,
    ...findings.flatMap(describe),
    healthy ? "everything needed is there" : "what is marked ✗ is needed",
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** Of a finding's name. */
const WIDTH = 22;

const MARKS: Record<Finding["state"], string> = {
  good: "✓",
  missing: "✗",
  optional: "-",
  note: "!",
};

function describe({ name, state, detail, fix }: Finding): string[] {
  const line = `  ${MARKS[state]} ${name.padEnd(WIDTH)} ${detail}`;
  return fix === undefined || state === "good"
    ? [line]
    : [line, `    ${" ".repeat(WIDTH)} → ${fix}`];
}

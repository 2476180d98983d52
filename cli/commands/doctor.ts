import type { Command } from "commander";
import { ExitCode } from "../../local/errors";
import { type Finding, examine } from "../doctor";
import { openStack } from "../session";

export function registerDoctor(program: Command): void {
  program
    .command("doctor")
    .summary("check what a stack needs on this machine")
    .description(
      "Checks what a stack needs on this machine, changes nothing, and says what to do about what is missing.\nExit code 3 if something needed is missing.",
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

const MARKS: Record<Finding["state"], string> = { good: "✓", missing: "✗", optional: "-" };

function describe({ name, state, detail, fix }: Finding): string[] {
  const line = `  ${MARKS[state]} ${name.padEnd(16)} ${detail}`;
  return fix === undefined || state === "good" ? [line] : [line, `    ${" ".repeat(16)} → ${fix}`];
}

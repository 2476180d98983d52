import type { Command } from "commander";
import { ExitCode, UserError } from "../../local/errors";
import { isRented, requireCloud } from "../doctor/cloud";
import { ownsCluster } from "../embedded";
import { renderOffline } from "../offline";
import { checkConfig } from "../precheck";
import { openSession, openStack, stackExists } from "../session";
import { readClusterInfo } from "../../local/cluster/index";

export function registerPreview(program: Command): void {
  program
    .command("preview")
    .summary("show what up would change")
    .description(
      "Shows what `up` would change, as `pulumi preview` does. With --offline it needs neither credentials nor a cluster.",
    )
    .option("--stack <name>", "which stack. Default: as for up")
    .option("--json", "print Pulumi's preview digest")
    .option("--diff", "show every property that changes")
    .option("--offline", "with mocked providers, from an empty state")
    .action(preview);
}

interface PreviewOptions {
  stack?: string;
  json?: true;
  diff?: true;
  offline?: true;
}

async function preview(options: PreviewOptions): Promise<void> {
  const context = await openStack(options.stack);
  if (options.offline === true) {
    process.stdout.write(await renderOffline(context, options.json === true ? "json" : "graph"));
    return;
  }
  await checkConfig(context);
  if (isRented(context.settings.target)) await requireCloud(context);
  if (ownsCluster(context.settings.target)) requireCluster(context.stack);
  const session = await openSession(context);
  if (!(await stackExists(session))) await session.engine.init();
  const flags = [
    ...(options.json === true ? ["--json"] : []),
    ...(options.diff === true ? ["--diff"] : []),
  ];
  if ((await session.engine.preview(flags)) !== 0) process.exitCode = ExitCode.failed;
}

function requireCluster(stack: string): void {
  if (readClusterInfo() !== undefined) return;
  throw new UserError("the embedded cluster doesn't run", {
    why: `stack ${stack} is compared with what is in it`,
    fix: "npm run cli -- cluster start, or npm run preview -- --offline",
  });
}

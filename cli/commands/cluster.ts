import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { ExitCode, UserError } from "../../local/errors";
import { terminalProgress } from "../../local/progress";
import { checkEmbedded } from "../embedded";
import {
  clusterLogs,
  clusterStatus,
  readClusterInfo,
  startCluster,
  stopCluster,
} from "../../local/cluster/index";

export function registerCluster(program: Command): void {
  const cluster = program
    .command("cluster")
    .summary("start, stop and look at the embedded Kubernetes")
    .description("The embedded Kubernetes of target `embedded`; `up` starts it by itself.");
  cluster
    .command("start")
    .summary("start it, or find it running")
    .description("Starts it, or finds it running, and prints where its kubeconfig is.")
    .option("--json", "print its facts as JSON")
    .action(start);
  cluster
    .command("stop")
    .summary("stop it; its data stay")
    .description("Stops it. Its data stay, unless --remove is given.")
    .option("--remove", "remove its data too: everything in it is lost")
    .action(stop);
  cluster
    .command("status")
    .summary("how its components are")
    .description("Shows how its components are. Exit code 1 if it doesn't run.")
    .option("--json", "print the status as JSON")
    .action(status);
  cluster
    .command("logs")
    .summary("what its components said")
    .description("Prints the logs of its components.")
    .argument("[component]", "e.g. kubelet. Default: all")
    .option("-n, --lines <count>", "the last lines of each", "100")
    .option("-f, --follow", "go on printing what comes")
    .action(logs);
}

async function start(options: { json?: true }): Promise<void> {
  await checkEmbedded();
  const info = await startCluster({ progress: terminalProgress() });
  process.stdout.write(
    options.json === true
      ? `${JSON.stringify(info, undefined, 2)}\n`
      : `export KUBECONFIG=${info.kubeconfig}\n`,
  );
}

async function stop(options: { remove?: true }): Promise<void> {
  await stopCluster({ progress: terminalProgress(), remove: options.remove === true });
}

async function status(options: { json?: true }): Promise<void> {
  const [found, info] = [await clusterStatus(), readClusterInfo()];
  if (info === undefined) process.exitCode = ExitCode.failed;
  if (options.json === true) {
    const document = { running: info !== undefined, ...found, info };
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    return;
  }
  const lines =
    found === undefined
      ? ["the embedded cluster doesn't run; npm run cli -- cluster start"]
      : [
          ...found.components.map(({ name, state }) => `${name.padEnd(24)} ${state}`),
          ...(info === undefined ? [] : [`kubeconfig               ${info.kubeconfig}`]),
        ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

async function logs(
  component: string | undefined,
  options: { lines: string; follow?: true },
): Promise<void> {
  const folder = clusterLogs();
  const files = fs.existsSync(folder)
    ? fs.readdirSync(folder).filter((file) => file.endsWith(".log"))
    : [];
  const chosen =
    component === undefined ? files : files.filter((file) => file === `${component}.log`);
  if (chosen.length === 0)
    throw new UserError(
      component === undefined ? "there are no logs" : `there is no log of ${component}`,
      {
        why:
          files.length === 0
            ? "the embedded cluster was never started"
            : `its components: ${files.map((file) => path.parse(file).name).join(", ")}`,
        fix: "npm run cli -- cluster start",
        exitCode: ExitCode.usage,
      },
    );
  const lines = ["-n", options.lines, ...(options.follow === true ? ["-F"] : [])];
  const tail = spawn("tail", [...lines, ...chosen], { cwd: folder, stdio: "inherit" });
  process.exitCode = await new Promise<number>((resolve, reject) => {
    tail.once("error", reject);
    tail.once("exit", (code) => resolve(code ?? ExitCode.interrupted));
  });
}

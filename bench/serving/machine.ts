import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import { ExitCode, UserError } from "../../local/errors";

/** Where the measuring happens: one core for the server under test, another for all else. */
export interface Machine {
  readonly serverCore: number;
  readonly loadCore: number;
  /** For the report. */
  readonly description: string;
}

/** Moves this process to the load's core. @throws UserError where there are no two cores, or no taskset (Linux) */
export function takeCores(): Machine {
  const status = fs.existsSync("/proc/self/status")
    ? fs.readFileSync("/proc/self/status", "utf8")
    : "";
  const [serverCore, loadCore] = parseCores(
    /^Cpus_allowed_list:\s+(\S+)$/m.exec(status)?.[1] ?? "",
  );
  if (serverCore === undefined || loadCore === undefined)
    throw new UserError("the serving benchmark needs Linux and two processor cores", {
      why: "the server has one for itself, the load comes from the other",
      fix: "run it on another machine",
      exitCode: ExitCode.environment,
    });
  try {
    execFileSync("taskset", ["-a", "-c", "-p", String(loadCore), String(process.pid)]);
  } catch (error) {
    throw new UserError("this process can't be bound to a core", {
      why: (error as Error).message,
      fix: "install util-linux, which has taskset",
      exitCode: ExitCode.environment,
    });
  }
  const model = os.cpus()[0]?.model.trim() ?? "unknown processor";
  const description = `${os.cpus().length} cores of ${model}, Linux ${/^[\d.]*\d/.exec(os.release())?.[0] ?? os.release()}`;
  return { serverCore, loadCore, description };
}

/** `0-2,5` is 0, 1, 2 and 5. */
export function parseCores(list: string): number[] {
  return list.split(",").flatMap((part) => {
    const [from = NaN, to = from] = part === "" ? [] : part.split("-").map(Number);
    return Number.isInteger(from) && Number.isInteger(to)
      ? Array.from({ length: to - from + 1 }, (_, i) => from + i)
      : [];
  });
}

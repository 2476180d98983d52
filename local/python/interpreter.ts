import { ExitCode, UserError } from "../errors";
import { run } from "../toolchain/run";
import { compareVersions } from "../toolchain/sources/path";

/** Versions of Python: `from` ≤ v < `below`, as "3.11". */
export interface PythonRange {
  from: string;
  below: string;
}

export interface Interpreter {
  /** Absolute path, behind links and shims. */
  executable: string;
  /** As "3.11.7". */
  version: string;
}

const SELF = "import sys; print('%d.%d.%d' % sys.version_info[:3]); print(sys.executable)";

/**
 * A Python of that range: `$MODELPORT_PYTHON` when it is set, else the first that fits of `python3`, `python3.13` and older
 * on PATH.
 * @throws UserError with exit code 3 when there is none; it says what was found instead.
 */
export async function findInterpreter(range: PythonRange): Promise<Interpreter> {
  const own = process.env["MODELPORT_PYTHON"];
  const found: string[] = [];
  for (const name of own === undefined || own === "" ? namesOnPath(range) : [own]) {
    const interpreter = await ask(name);
    if (interpreter === undefined) continue;
    if (fits(interpreter.version, range)) return interpreter;
    found.push(`${name} is ${interpreter.version}`);
  }
  const wanted = `Python ${range.from} or newer, below ${range.below}`;
  throw new UserError(`${wanted}, is needed and not on this machine`, {
    why: found.length > 0 ? found.join(", ") : `${own ?? "python3"} is not there or doesn't run`,
    fix: `install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: MODELPORT_PYTHON=/path/to/python3`,
    exitCode: ExitCode.environment,
  });
}

function namesOnPath({ from, below }: PythonRange): string[] {
  const minor = (version: string) => Number(version.split(".")[1]);
  const names = ["python3"];
  for (let i = minor(below) - 1; i >= minor(from); i--) names.push(`python3.${i}`);
  return names;
}

async function ask(name: string): Promise<Interpreter | undefined> {
  const { code, stdout } = await run(name, ["-c", SELF], { timeoutSeconds: 20 });
  const [version, executable] = stdout.split("\n");
  if (code !== 0 || version === undefined || executable === undefined) return undefined;
  return { executable, version };
}

function fits(version: string, { from, below }: PythonRange): boolean {
  return compareVersions(version, from) >= 0 && compareVersions(version, below) < 0;
}

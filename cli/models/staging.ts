import * as fs from "node:fs";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ExitCode, UserError } from "../../local/errors";
import { modelsDir } from "./folders";

type Metadata = Record<string, unknown> & { versions: Record<string, unknown> };

/** What clients of a model rely on. */
const INTERFACE = ["inputs", "outputs", "labels", "vectorizer"] as const;

/**
 * A place beside the models where a new one is made, so that nobody sees it before it is complete. Servers leave folders alone
 * whose name starts with a dot.
 */
export class Staging {
  readonly folder = fs.mkdtempSync(path.join(modelsDir(), ".new-"));
  readonly model: string;
  private readonly target: string;
  private readonly before: Metadata | undefined;
  private readonly removeAtExit = () => this.remove();
  private readonly exit = () => process.exit(ExitCode.interrupted);

  /** An existing model of that name is copied: what is made then is its next version. */
  constructor(readonly name: string) {
    process.once("exit", this.removeAtExit);
    // Ctrl-C exits already; these would end the process without a word to anybody.
    for (const signal of ["SIGTERM", "SIGHUP"] as const) process.once(signal, this.exit);
    this.model = path.join(this.folder, name);
    this.target = path.join(modelsDir(), name);
    this.before = readMetadata(this.target);
    if (this.before !== undefined) fs.cpSync(this.target, this.model, { recursive: true });
  }

  /**
   * The version that was made.
   * @throws UserError when the model of that name takes or answers something else
   */
  check(): string {
    const { before } = this;
    const after = readMetadata(this.model);
    if (after === undefined) throw new Error(`${this.model} has no model.json`);
    const changed = INTERFACE.filter((field) => !isDeepStrictEqual(before?.[field], after[field]));
    if (before !== undefined && changed.length > 0)
      throw new UserError(`app/models/${this.name} is there and is another model`, {
        why: `its ${changed.join(" and ")} differ${changed.length > 1 ? "" : "s"}: clients of version after version would break`,
        fix: "choose another name, or remove that folder first",
        exitCode: ExitCode.usage,
      });
    return newest(after);
  }

  /** Puts the version in its place; model.json first, since an entry without a folder disturbs nobody. */
  publish(version: string): void {
    if (this.before === undefined) {
      fs.renameSync(this.model, this.target);
      return;
    }
    fs.renameSync(path.join(this.model, "model.json"), path.join(this.target, "model.json"));
    fs.renameSync(path.join(this.model, version), path.join(this.target, version));
  }

  remove(): void {
    process.removeListener("exit", this.removeAtExit);
    for (const signal of ["SIGTERM", "SIGHUP"] as const) process.removeListener(signal, this.exit);
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

function readMetadata(folder: string): Metadata | undefined {
  const file = path.join(folder, "model.json");
  if (!fs.existsSync(file)) return undefined;
  return JSON.parse(fs.readFileSync(file, "utf8")) as Metadata;
}

function newest({ versions }: Metadata): string {
  return String(Math.max(...Object.keys(versions).map(Number)));
}

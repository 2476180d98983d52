import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { ExitCode, UserError } from "../../local/errors";
import { repositoryRoot } from "../../local/paths";
import { terminalProgress } from "../../local/progress";
import { ensurePython, runPython } from "../../local/python";
import { withLock } from "../../local/toolchain";
import { build } from "../build";
import { callersFolder, checkModelName, modelsDir, requirementsFor } from "../models/folders";
import { checkServed } from "../models/served";
import { kindOf, type SourceKind } from "../models/source";
import { Staging } from "../models/staging";

interface Options {
  from: string;
  vectorizer?: string;
  labels?: string;
  examples?: string;
  title?: string;
  description?: string;
  requirements?: string;
  trust?: true;
}

export function registerNewModel(program: Command): void {
  program
    .command("new-model")
    .summary("turn a model file of yours into a model that is served")
    .description(
      "Converts a scikit-learn model (joblib, pickle), a TensorFlow or Keras SavedModel or an ONNX file, and writes app/models/<name>:\nmodel.json, 1/model.onnx, 1/golden.json with the original's own answers and, for text, 1/vectorizer.json. The server is then\nstarted on it and must answer as the original does. A name that is there gets its next version.\n\n  npm run new-model -- churn --from churn.joblib --trust\n  npm run new-model -- digits --from exported/ --labels zero,one,two,three,four,five,six,seven,eight,nine",
    )
    .argument("<name>", "of the model: lower-case letters, digits and dashes")
    .requiredOption("--from <file>", ".joblib or .pkl, a SavedModel folder, or .onnx")
    .option("--vectorizer <file>", "a text vectorizer that was pickled apart from the model")
    .option("--labels <names>", "of the classes, in their order, separated by commas")
    .option("--examples <file>", "JSON list of rows to compare by. Default: made up")
    .option("--title <text>", "for the page. Default: the name")
    .option("--description <text>", "for the page")
    .option("--requirements <file>", "the Python packages to load it with. Default: this project's")
    .option("--trust", "load a pickle or joblib file without asking")
    .action(newModel);
}

async function newModel(name: string, options: Options): Promise<void> {
  checkModelName(name);
  if (fs.existsSync(path.join(modelsDir(), name, "train.py")))
    throw new UserError(`app/models/${name} has a train.py`, {
      why: "its versions come from there",
      fix: `npm run train -- ${name}, or choose another name`,
      exitCode: ExitCode.usage,
    });
  const source = path.resolve(callersFolder(), options.from);
  const kind = kindOf(source);
  if (kind !== "pickle" && options.vectorizer !== undefined)
    throw new UserError("--vectorizer goes with a pickle or joblib file", {
      why: `${options.from} is none`,
      fix: "leave it out",
      exitCode: ExitCode.usage,
    });
  if (kind === "pickle") await askTrust(options);
  const progress = terminalProgress();
  const { python } = await ensurePython(requirementsOf(kind, options), { progress });
  build(["server"]);
  await withLock(`model-${name}`, progress, () => make(name, source, python, options));
}

async function make(name: string, source: string, python: string, options: Options): Promise<void> {
  const staging = new Staging(name);
  try {
    const { code } = await runPython(python, argumentsFor(name, source, staging, options), {
      cwd: callersFolder(),
      env: { PYTHONPATH: path.join(repositoryRoot(), "app") },
      capture: true,
    });
    if (code !== 0) {
      // It has said why.
      process.exitCode = ExitCode.failed;
      return;
    }
    const version = staging.check();
    const rows = await checkServed(staging.folder, name, version);
    staging.publish(version);
    process.stdout.write(
      `app/models/${name}/${version}: the server gives the original's answers to ${rows} rows\n`,
    );
  } finally {
    staging.remove();
  }
}

function requirementsOf(kind: SourceKind, { requirements }: Options): string {
  if (requirements !== undefined) return path.resolve(callersFolder(), requirements);
  return requirementsFor(kind === "saved-model" ? "keras" : "scikit-learn");
}

function argumentsFor(
  name: string,
  source: string,
  { model }: Staging,
  options: Options,
): string[] {
  const words = ["-m", "training.new_model", name, "--from", source, "--out", model];
  for (const option of ["vectorizer", "labels", "examples", "title", "description"] as const) {
    const value = options[option];
    if (value !== undefined) words.push(`--${option}=${value}`);
  }
  return words;
}

/** @throws UserError unless the user says that the file may run code here */
async function askTrust({ from, trust }: Options): Promise<void> {
  const meaning = `A pickle or joblib file is a program: loading ${from} runs whatever it says, with your rights, in a process of its own.`;
  if (trust === true) return;
  if (process.stdin.isTTY && process.stderr.isTTY) {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    const answer = await terminal.question(`${meaning}\nDo you trust whoever made it? [y/N] `);
    terminal.close();
    if (/^y(es)?$/i.test(answer.trim())) return;
  }
  throw new UserError(`${from} was not loaded`, {
    why: meaning,
    fix: "add --trust if you know who made it; else ask for an .onnx file, which is data",
    exitCode: ExitCode.usage,
  });
}

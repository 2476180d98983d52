import * as fs from "node:fs";
import * as path from "node:path";
import { ExitCode, UserError } from "../../local/errors";
import { repositoryRoot } from "../../local/paths";

/** Where the models are. */
export function modelsDir(): string {
  return path.join(repositoryRoot(), "app", "models");
}

/** The requirements file of Keras and TensorFlow; scikit-learn's is beside the models. */
export function requirementsFor(library: "scikit-learn" | "keras"): string {
  const folder = library === "keras" ? path.join(modelsDir(), "and-gate") : modelsDir();
  return path.join(folder, "requirements.txt");
}

/** The folder a user's relative paths start from: npm runs scripts in the repository's root. */
export function callersFolder(): string {
  return process.env["INIT_CWD"] ?? process.cwd();
}

/** @throws UserError when a model can't bear that name */
export function checkModelName(name: string): void {
  if (/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) return;
  throw new UserError(`"${name}" can't be the name of a model`, {
    why: "it becomes a folder and a part of URLs: lower-case letters, digits and dashes, 40 at most",
    fix: `choose another, as "${suggestion(name)}"`,
    exitCode: ExitCode.usage,
  });
}

function suggestion(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return plain.slice(0, 40).replace(/^-+|-+$/g, "") || "my-model";
}

/** Models with a train.py, sorted. */
export function trainableModels(): string[] {
  const names = fs.readdirSync(modelsDir());
  return names.filter((name) => fs.existsSync(path.join(modelsDir(), name, "train.py"))).sort();
}

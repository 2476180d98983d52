import * as fs from "node:fs";
import * as path from "node:path";
import { ExitCode, UserError } from "../../local/errors";
import { repositoryRoot } from "../../local/paths";
import type { Progress } from "../../local/progress";
import { ensurePython } from "../../local/python";
import { run, tail } from "../../local/toolchain/run";
import type { Contender, Golden, PreparedModel } from "./contenders";

const models = path.join(repositoryRoot(), "app/models");

/** A text message has no more; the golden requests of a model also hold texts made to break it. */
const LONGEST_TEXT = 500;

/** MLServer 1.7.1 doesn't run on Python 3.13. */
const PYTHON = { from: "3.11", below: "3.13" } as const;

interface Metadata {
  readonly labels: readonly string[];
  readonly versions: Readonly<Record<string, unknown>>;
}

interface GoldenFile {
  readonly tolerance: number;
  readonly requests: readonly Golden[];
}

/** The environments of contenders, by name; "" where one needs none. Made once, then cached. */
export async function prepareEnvironments(
  contenders: readonly Contender[],
  progress: Progress,
): Promise<ReadonlyMap<string, string>> {
  const environments = new Map<string, string>();
  for (const { name, requirements } of contenders) {
    if (requirements === undefined) environments.set(name, "");
    else {
      const file = path.join(repositoryRoot(), "bench", requirements);
      environments.set(name, (await ensurePython(file, { progress, ...PYTHON })).dir);
    }
  }
  return environments;
}

/**
 * A shipped model in every form: the folder our server gets, and the scikit-learn model fitted anew by the model's own
 * train.py, when `withPickle`.
 */
export async function prepareModel(
  name: string,
  work: string,
  withPickle: boolean,
  progress: Progress,
): Promise<PreparedModel> {
  const modelsDir = path.join(work, "models", name);
  copyModel(name, path.join(modelsDir, name));
  const metadata = readJson(path.join(models, name, "model.json")) as Metadata;
  const version = String(Math.max(...Object.keys(metadata.versions).map(Number)));
  const folder = path.join(models, name, version);
  const golden = readJson(path.join(folder, "golden.json")) as GoldenFile;
  const pickle = path.join(work, `${name}.joblib`);
  if (withPickle) await train(name, version, work, pickle, progress);
  return {
    name,
    version,
    labels: metadata.labels,
    modelsDir,
    pickle,
    onnx: path.join(folder, "model.onnx"),
    tolerance: golden.tolerance,
    golden: golden.requests.filter(
      ({ instance }) => typeof instance !== "string" || instance.length <= LONGEST_TEXT,
    ),
  };
}

/** What the image holds of a model, under another name if one is given. */
export function copyModel(name: string, target: string): void {
  fs.cpSync(path.join(models, name), target, {
    recursive: true,
    filter: (source) =>
      fs.statSync(source).isDirectory()
        ? !source.endsWith("__pycache__")
        : /\/(?:model\.onnx|model\.json|vectorizer\.json)$/.test(source),
  });
  const file = path.join(target, "model.json");
  const metadata = readJson(file) as object;
  fs.writeFileSync(file, JSON.stringify({ ...metadata, name: path.basename(target) }));
}

async function train(
  name: string,
  version: string,
  work: string,
  pickle: string,
  progress: Progress,
): Promise<void> {
  const requirements = path.join(models, "requirements.txt");
  const { python } = await ensurePython(requirements, { progress, ...PYTHON });
  const script = path.join(models, name, "train.py");
  const out = path.join(work, "trained", name);
  fs.mkdirSync(out, { recursive: true });
  const options = ["--out", out, "--version", version, "--pickle", pickle];
  const step = progress.step(`fitting ${name} for the peers`);
  const result = await run(python, [script, ...options], { timeoutSeconds: 300 });
  if (result.code === 0) {
    step.done();
    return;
  }
  step.fail();
  throw new UserError(`app/models/${name}/train.py failed`, {
    why: tail(result.output),
    fix: `python3 app/models/${name}/train.py`,
    exitCode: ExitCode.failed,
  });
}

function readJson(file: string): unknown {
  return JSON.parse(fs.readFileSync(file, "utf8"));
}

import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { ExitCode, UserError } from "../../local/errors";
import { terminalProgress } from "../../local/progress";
import { ensurePython, runPython } from "../../local/python";
import { callersFolder, modelsDir, requirementsFor, trainableModels } from "../models/folders";

export function registerTrain(program: Command): void {
  program
    .command("train")
    .summary("train a model: a new version of it, ready to be served")
    .description(
      "Runs a model's train.py with the Python packages it was written for, which are installed apart from yours on first use.\nMakes the next version; the same data and options make the same bytes.\n\n  npm run train -- iris\n  npm run train -- spam --data SMSSpamCollection\n  npm run train -- iris --help      # the options of its train.py",
    )
    .argument("<model>", "a folder of app/models with a train.py")
    .argument("[options...]", "for its train.py")
    .allowUnknownOption()
    .passThroughOptions()
    .action(train);
}

async function train(model: string, options: string[]): Promise<void> {
  const folder = path.join(modelsDir(), model);
  const script = path.join(folder, "train.py");
  const names = trainableModels();
  if (!names.includes(model))
    throw new UserError(`model "${model}" can't be trained`, {
      why: fs.existsSync(path.join(folder, "model.json"))
        ? `app/models/${model} was made from a file, it has no train.py`
        : `app/models has no folder of that name with a train.py; it has ${names.join(", ")}`,
      fix: `npm run train -- ${names[0] ?? "iris"}, or npm run new-model -- ${model} --from FILE`,
      exitCode: ExitCode.usage,
    });
  const own = path.join(folder, "requirements.txt");
  const requirements = fs.existsSync(own) ? own : requirementsFor("scikit-learn");
  const { python } = await ensurePython(requirements, { progress: terminalProgress() });
  const { code } = await runPython(python, [script, ...options], { cwd: callersFolder() });
  process.exitCode = code;
}

import * as fs from "node:fs";
import * as path from "node:path";
import { ExitCode, UserError } from "../../local/errors";

/** What `new-model --from` names. */
export type SourceKind = "saved-model" | "onnx" | "pickle";

/** Files of other makes, and what makes one of ours out of them. */
const OTHERS: Readonly<Record<string, string>> = {
  ".keras": "keras.models.load_model(file).export(folder), then --from folder",
  ".h5": "keras.models.load_model(file).export(folder), then --from folder",
  ".hdf5": "keras.models.load_model(file).export(folder), then --from folder",
  ".pt": "torch.onnx.export(model, rows, 'model.onnx', dynamic_axes=…), then --from model.onnx",
  ".pth": "torch.onnx.export(model, rows, 'model.onnx', dynamic_axes=…), then --from model.onnx",
  ".safetensors":
    "torch.onnx.export(model, rows, 'model.onnx', dynamic_axes=…), then --from model.onnx",
  ".tflite": "python -m tf2onnx.convert --tflite file --output model.onnx, then --from model.onnx",
  ".pb": "name the folder that holds saved_model.pb and variables/",
  ".pmml": "train the model again in scikit-learn, or convert it to ONNX",
  ".ubj": "onnxmltools.convert_xgboost(model), then --from model.onnx",
  ".r": "convert it to ONNX",
  ".rds": "train the model again in scikit-learn, or convert it to ONNX",
};

/** @throws UserError when it isn't there or of a make that can't be converted; says what to do then */
export function kindOf(source: string): SourceKind {
  if (!fs.existsSync(source))
    throw new UserError(`--from ${source}: no such file`, {
      why: "a .joblib or .pkl file, a SavedModel folder or an .onnx file is needed",
      fix: "check the path; relative ones start from the folder the command is called in",
      exitCode: ExitCode.usage,
    });
  if (fs.statSync(source).isDirectory()) {
    if (fs.existsSync(path.join(source, "saved_model.pb"))) return "saved-model";
    throw notConvertible(source, `it is a folder without saved_model.pb`, inside(source));
  }
  const suffix = path.extname(source).toLowerCase();
  if (suffix === ".onnx") return "onnx";
  const other = OTHERS[suffix];
  if (other !== undefined)
    throw notConvertible(source, `${suffix} files are of another make`, other);
  return "pickle";
}

function inside(folder: string): string {
  const versions = fs
    .readdirSync(folder)
    .filter((name) => fs.existsSync(path.join(folder, name, "saved_model.pb")))
    .sort((a, b) => Number(b) - Number(a));
  return versions[0] === undefined
    ? "name the folder that holds saved_model.pb and variables/"
    : `name one version: --from ${path.join(folder, versions[0])}`;
}

function notConvertible(source: string, why: string, fix: string): UserError {
  return new UserError(`${source} can't be converted`, { why, fix, exitCode: ExitCode.usage });
}

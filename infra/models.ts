import * as fs from "node:fs";
import * as path from "node:path";
import { createHash } from "node:crypto";
import { parseModelMetadata } from "../app/server/model-metadata";
import { messageOf, ProgramError } from "./errors";

/** Folder of the models, below the repository's root. */
export const MODELS_FOLDER = path.join("app", "models");

export interface Model {
  readonly name: string;
  readonly versions: readonly string[];
  readonly golden: Golden;
}

/** golden.json: requests with the answers of the framework that trained the model. */
export interface Golden {
  readonly model: string;
  readonly version: string;
  /** Largest difference of a probability. */
  readonly tolerance: number;
  readonly requests: readonly GoldenRequest[];
}

export interface GoldenRequest {
  readonly instance: unknown;
  readonly prediction: { readonly label: string; readonly probabilities: readonly number[] };
}

/** Names of the models there are, sorted. */
export function modelNames(root: string): string[] {
  const folder = path.join(root, MODELS_FOLDER);
  if (!fs.existsSync(folder)) return [];
  return fs
    .readdirSync(folder)
    .filter((name) => fs.existsSync(path.join(folder, name, "model.json")))
    .sort();
}

/** A model that can be served. @throws ProgramError on wrong metadata, a missing file or a checksum that differs */
export function readModel(root: string, name: string): Model {
  const folder = path.join(root, MODELS_FOLDER, name);
  const metadata = orExplain(`${MODELS_FOLDER}/${name}/model.json can't be used`, name, () =>
    parseModelMetadata(fs.readFileSync(path.join(folder, "model.json"), "utf8")),
  );
  if (metadata.name !== name)
    throw new ProgramError(
      `${MODELS_FOLDER}/${name}/model.json names the model "${metadata.name}"`,
      {
        why: "a model's folder bears its name",
        fix: `set "name": "${name}" there, or rename the folder`,
      },
    );
  // The newest is last; it answers when a request names none.
  const versions = Object.keys(metadata.versions).sort((a, b) => Number(a) - Number(b));
  for (const version of versions)
    checkChecksum(folder, name, version, metadata.versions[version]?.sha256 ?? "");
  return { name, versions, golden: readGolden(folder, name, versions.at(-1) ?? "") };
}

function checkChecksum(folder: string, name: string, version: string, wanted: string): void {
  const file = `${MODELS_FOLDER}/${name}/${version}/model.onnx`;
  const content = orExplain(`${file} can't be read`, name, () =>
    fs.readFileSync(path.join(folder, version, "model.onnx")),
  );
  const got = createHash("sha256").update(content).digest("hex");
  if (got !== wanted)
    throw new ProgramError(`${file} is not the file that model.json describes`, {
      why: `its SHA-256 is ${got}, model.json says ${wanted}`,
      fix: retrain(name),
    });
}

function readGolden(folder: string, name: string, version: string): Golden {
  const file = `${MODELS_FOLDER}/${name}/golden.json`;
  const golden = orExplain(
    `${file} can't be used`,
    name,
    () => JSON.parse(fs.readFileSync(path.join(folder, "golden.json"), "utf8")) as Golden,
  );
  if (golden.version !== version || golden.requests.length === 0)
    throw new ProgramError(`${file} doesn't prove version ${version}`, {
      why: `it holds ${golden.requests.length} answers of version ${golden.version}`,
      fix: retrain(name),
    });
  return golden;
}

const retrain = (name: string) =>
  `npm run train -- ${name}, or git checkout ${MODELS_FOLDER}/${name}`;

function orExplain<T>(what: string, name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ProgramError(what, { why: messageOf(error), fix: retrain(name) });
  }
}

import * as fs from "node:fs";
import * as path from "node:path";
import { createHash } from "node:crypto";
import { parseModelMetadata } from "../app/server/model-metadata";
import { messageOf, ProgramError } from "./errors";

/** Folder of the models, below the repository's root. */
export const MODELS_FOLDER = path.join("app", "models");

export interface Model {
  readonly name: string;
  /** Whose package it was trained with, e.g. "scikit-learn 1.8.0". */
  readonly framework: string;
  /** By number, the newest last: it answers when a request names none. */
  readonly versions: readonly ModelVersion[];
}

export interface ModelVersion {
  readonly version: string;
  /** SHA-256 of what the server loads, by path below the version's folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly golden: Golden;
}

/** golden.json: requests with the answers of the framework that trained the model. */
export interface Golden {
  readonly model: string;
  readonly version: string;
  /** Largest difference of a number. */
  readonly tolerance: number;
  readonly requests: readonly GoldenRequest[];
}

export interface GoldenRequest {
  readonly instance: unknown;
  /** A classifier's `{label, probabilities}`, or another model's outputs by name. */
  readonly prediction: Readonly<Record<string, unknown>>;
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
  const numbers = Object.keys(metadata.versions).sort((a, b) => Number(a) - Number(b));
  const versions = numbers.map((version) => {
    const files = metadata.versions[version]?.files ?? {};
    for (const [file, wanted] of Object.entries(files))
      checkChecksum(folder, name, `${version}/${file}`, wanted);
    return { version, files, golden: readGolden(folder, name, version) };
  });
  return { name, framework: `${metadata.framework.name} ${metadata.framework.version}`, versions };
}

/**
 * The versions that are served: the pinned ones, else all.
 * @throws ProgramError when a pinned one isn't there
 */
export function servedVersions(
  model: Model,
  pins: readonly string[] | undefined,
  key: string,
): readonly ModelVersion[] {
  const missing = pins?.find((pin) => !model.versions.some(({ version }) => version === pin));
  const there = model.versions.map(({ version }) => version).join(", ");
  if (missing !== undefined)
    throw new ProgramError(`${key}: model ${model.name} has no version ${missing}`, {
      why: `${MODELS_FOLDER}/${model.name}/model.json has: ${there}`,
      fix: `set ${key} to one of them, or take the pin away`,
    });
  return model.versions.filter(({ version }) => pins?.includes(version) ?? true);
}

function checkChecksum(folder: string, name: string, below: string, wanted: string): void {
  const file = `${MODELS_FOLDER}/${name}/${below}`;
  const content = orExplain(`${file} can't be read`, name, () =>
    fs.readFileSync(path.join(folder, below)),
  );
  const got = createHash("sha256").update(content).digest("hex");
  if (got !== wanted)
    throw new ProgramError(`${file} is not the file that model.json describes`, {
      why: `its SHA-256 is ${got}, model.json says ${wanted}`,
      fix: retrain(name),
    });
}

function readGolden(folder: string, name: string, version: string): Golden {
  const file = `${MODELS_FOLDER}/${name}/${version}/golden.json`;
  const golden = orExplain(
    `${file} can't be used`,
    name,
    () => JSON.parse(fs.readFileSync(path.join(folder, version, "golden.json"), "utf8")) as Golden,
  );
  if (golden.model !== name || golden.version !== version || golden.requests.length === 0)
    throw new ProgramError(`${file} doesn't prove version ${version}`, {
      why: `it holds ${golden.requests.length} answers of ${golden.model} version ${golden.version}`,
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

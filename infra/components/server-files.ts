import * as fs from "node:fs";
import * as path from "node:path";
import { ProgramError } from "../errors";
import type { Platform } from "../units";
import type { ContextFile } from "./build-context";

/** Where a context holds what becomes the image's /app, a folder per layer. */
export const IMAGE_FOLDER = "image/";

/** The bill of materials in a context: in the models' layer, since it lists them. */
export const BILL_TARGET = `${IMAGE_FOLDER}models/sbom.cdx.json`;

/** app/context.json. */
interface ContextRules {
  files: Rule[];
  perArch: Partial<Record<Platform, Rule[]>>;
  perModel: Rule[];
}

interface Rule {
  from: string;
  to: string;
}

/** What goes into an image of a model. */
export interface ImageModel {
  readonly name: string;
  readonly versions: readonly {
    readonly version: string;
    /** Checksums by path below the version's folder; only the paths matter here. */
    readonly files: Readonly<Record<string, string>>;
  }[];
}

/** Files of the built-in server with these models. @throws ProgramError naming what is missing */
export function serverFiles(
  root: string,
  platform: Platform,
  models: readonly ImageModel[],
): ContextFile[] {
  const rules = JSON.parse(
    fs.readFileSync(path.join(root, "app", "context.json"), "utf8"),
  ) as ContextRules;
  const perModel = rules.perModel.flatMap((rule) => models.flatMap((model) => fill(rule, model)));
  const perArch = rules.perArch[platform];
  if (perArch === undefined) throw new ProgramError(`app/context.json knows no ${platform}`);
  return [...rules.files, ...perArch, ...perModel].flatMap((rule) => expand(root, rule));
}

/** The rule for a model, for each of its versions, or for each file of each version. */
function fill({ from, to }: Rule, { name, versions }: ImageModel): Rule[] {
  const put = (version = "", file = "") => {
    const inPattern = (pattern: string) =>
      pattern
        .replaceAll("{model}", name)
        .replaceAll("{version}", version)
        .replaceAll("{file}", file);
    return { from: inPattern(from), to: inPattern(to) };
  };
  if (from.includes("{file}"))
    return versions.flatMap(({ version, files }) =>
      Object.keys(files).map((file) => put(version, file)),
    );
  return from.includes("{version}") ? versions.map(({ version }) => put(version)) : [put()];
}

/** `from` is a file, or one folder's files by a name with one `*`; a `to` that ends in / is a folder. */
function expand(root: string, { from, to }: Rule): ContextFile[] {
  const folder = path.posix.dirname(from);
  const [start = "", end] = path.posix.basename(from).split("*");
  const names =
    end === undefined
      ? [start]
      : list(path.join(root, folder)).filter(
          (name) => name.startsWith(start) && name.endsWith(end),
        );
  const sources = names.map((name) => path.join(root, folder, name));
  if (sources.length === 0 || !sources.every((source) => fs.existsSync(source)))
    throw new ProgramError(`the image needs ${from}, which is missing`, {
      why: "app/context.json lists it",
      fix: from.startsWith("node_modules/") ? "npm ci" : `git checkout ${from}`,
    });
  return sources.map((source) => ({
    source,
    target: to.endsWith("/") ? to + path.basename(source) : to,
  }));
}

const list = (folder: string) => (fs.existsSync(folder) ? fs.readdirSync(folder).sort() : []);

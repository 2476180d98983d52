import * as fs from "node:fs";
import * as path from "node:path";
import { billFile } from "./components/bill-file";
import { defaultBaseImage } from "./components/bill-of-materials";
import { stageContext, type ContextFile, type StagedContext } from "./components/build-context";
import { ownFiles } from "./components/own-files";
import { BILL_TARGET, serverFiles } from "./components/server-files";
import type { ServiceConfig } from "./config/service";
import type { GitBuildConfig } from "./config/service-build";
import { mirrorDockerfile } from "./dockerfile";
import { resolveGitSource, type GitSource } from "./git-source";
import { mirrored, type Mirrors } from "./mirrors";
import type { Model } from "./models";
import type { Target } from "./targets/target";

/** A ready image, or what one is built from: here, or in the cluster. */
export type ImageSource =
  | { readonly image: string }
  | {
      readonly context: StagedContext;
      /** Of the built-in server, where it isn't what app/Dockerfile says. */
      readonly baseImage?: string;
    }
  | { readonly git: GitSource };

export interface SourceArgs {
  readonly name: string;
  readonly config: ServiceConfig;
  readonly models: readonly Model[];
  readonly target: Target;
  readonly mirrors: Mirrors;
  readonly root: string;
  readonly stack: string;
}

/** All versions of a model are in its context: a pin is changed without a build. */
export async function sourceOf(args: SourceArgs): Promise<ImageSource> {
  const { name, config, models, target, mirrors, root, stack } = args;
  if (config.image !== undefined) return { image: mirrored(config.image, mirrors) };
  if (config.build?.git !== undefined)
    return { git: await gitSourceOf(args, config.build.git, config.build.dockerfile) };
  if (config.build !== undefined) {
    const folder = path.resolve(root, config.build.context ?? ".");
    const { dockerfile } = config.build;
    const files = mirroredFiles(ownFiles(folder, dockerfile).files, dockerfile, args);
    return { context: stageContext(root, stack, name, files) };
  }
  const baseImage = baseImageOf(target, mirrors, root);
  const bill = await billFile(root, stack, name, {
    models,
    ...(baseImage === undefined ? {} : { baseImage }),
  });
  const files = serverFiles(root, target.platform, models);
  return {
    context: stageContext(root, stack, name, [...files, { source: bill, target: BILL_TARGET }]),
    ...(baseImage === undefined ? {} : { baseImage }),
  };
}

/** What the built-in server's image is built on, where it isn't what app/Dockerfile says. */
function baseImageOf(target: Target, mirrors: Mirrors, root: string): string | undefined {
  const given = target.build.baseImage;
  if (Object.keys(mirrors).length === 0) return given;
  return mirrored(given ?? defaultBaseImage(root), mirrors);
}

/** A folder's files, with the Dockerfile's images taken from mirrors. */
function mirroredFiles(
  files: readonly ContextFile[],
  dockerfile: string,
  { mirrors, root, stack, name }: SourceArgs,
): readonly ContextFile[] {
  if (Object.keys(mirrors).length === 0) return files;
  return files.map(({ source, target }) => {
    if (target !== path.posix.normalize(dockerfile)) return { source, target };
    const copy = path.join(root, ".modelport", "contexts", stack, `${name}.Dockerfile`);
    fs.mkdirSync(path.dirname(copy), { recursive: true });
    fs.writeFileSync(copy, mirrorDockerfile(fs.readFileSync(source, "utf8"), mirrors));
    return { source: copy, target };
  });
}

/** Its Dockerfile, where it has one, is the cluster's to read: base images in it stay as they are. @throws ProgramError where git can't read the repository */
async function gitSourceOf(
  { name, mirrors }: SourceArgs,
  git: GitBuildConfig,
  dockerfile: string,
): Promise<GitSource> {
  const source = await resolveGitSource(`modelport:services.${name}.build`, git, dockerfile);
  const { strategy } = source;
  if (strategy.kind === "docker") return source;
  const builderImage = mirrored(strategy.builderImage, mirrors);
  return { ...source, strategy: { ...strategy, builderImage } };
}

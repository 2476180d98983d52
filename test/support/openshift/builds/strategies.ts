import * as fs from "node:fs";
import * as path from "node:path";
import type { BuildSpec } from "../kinds";
import type { Docker } from "./docker";
import { BuildFailure } from "./outcome";
import { program, type StepContext } from "./run";
import type { Source } from "./source";

export interface StrategyContext extends StepContext {
  readonly docker: Docker;
  /** Path of source-to-image's program. */
  readonly s2i: string;
}

/** Builds the image and tags it. @throws BuildFailure */
export async function buildImage(
  { strategy, source: { git } }: BuildSpec,
  source: Source,
  tag: string,
  context: StrategyContext,
): Promise<void> {
  if (strategy.sourceStrategy !== undefined)
    await fromSource(strategy.sourceStrategy.from.name, source, tag, context);
  else await fromDockerfile(strategy.dockerStrategy?.dockerfilePath, source, tag, context);
  context.log(`Successfully built ${git.uri} at ${source.commit}\n`);
}

/** openshift/builder, pkg/build/builder/docker.go: base images are pulled first. */
async function fromDockerfile(
  dockerfile = "Dockerfile",
  { directory }: Source,
  tag: string,
  { docker }: StrategyContext,
): Promise<void> {
  const file = path.join(directory, dockerfile);
  if (!fs.existsSync(file))
    throw new BuildFailure(
      "DockerBuildFailed",
      `error: build error: open ${dockerfile}: no such file or directory`,
    );
  for (const image of baseImages(fs.readFileSync(file, "utf8"))) await docker.pull(image);
  await docker.build("DockerBuildFailed", { directory, dockerfile, tag });
}

/** Images that a Dockerfile's stages start from; those that an argument names are left to the build. */
export function baseImages(dockerfile: string): string[] {
  const stages = new Set(["scratch"]);
  const images = new Set<string>();
  for (const [, image = "", name] of dockerfile.matchAll(
    /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/gim,
  )) {
    if (!stages.has(image.toLowerCase()) && !image.includes("$")) images.add(image);
    if (name !== undefined) stages.add(name.toLowerCase());
  }
  return [...images];
}

/**
 * openshift/builder, pkg/build/builder/sti.go: source-to-image writes a Dockerfile around the builder image's scripts, which is built like
 * any other; a script that fails is a GenericBuildFailed.
 */
async function fromSource(
  builder: string,
  { directory }: Source,
  tag: string,
  context: StrategyContext,
): Promise<void> {
  const { docker, s2i, scratch, log } = context;
  await docker.pull(builder);
  const { User = "", Labels } = await docker.configOf(builder);
  const scripts = Labels?.["io.openshift.s2i.scripts-url"];
  const user = Labels?.["io.openshift.s2i.assemble-user"] ?? User;
  const folder = path.join(scratch, "s2i");
  log(`Generating dockerfile with builder image ${builder}\n`);
  const args = [
    ...["build", directory, builder, "--copy", "--as-dockerfile", path.join(folder, "Dockerfile")],
    ...(scripts === undefined ? [] : ["--image-scripts-url", scripts]),
    ...(user === "" ? [] : ["--assemble-user", user]),
  ];
  const { code, output } = await program([s2i, ...args], context, { quiet: true });
  if (code !== 0) throw new BuildFailure("GenericBuildFailed", `error: ${output.trim()}`);
  await docker.build("GenericBuildFailed", { directory: folder, dockerfile: "Dockerfile", tag });
}

/** Builds and pushes an image (provider/image.go, dockerBuild). */
import type { EngineLog } from "../rpc/engine";
import type { PlainObject } from "../rpc/properties";
import type { DockerCli } from "./cli";
import { withLogin, type Login } from "./credentials";
import { serverOf, type Build, type Image } from "./inputs";

export interface BuildContext {
  cli: DockerCli;
  engine: EngineLog;
  urn: string;
  signal: AbortSignal;
}

/** @returns the Image's outputs */
export async function buildImage(
  { cli, engine, urn, signal }: BuildContext,
  image: Image,
  push: boolean,
): Promise<PlainObject> {
  const daemonVersion = await cli.requireDaemon();
  const isBuildKit = await useBuildKit(cli, image.build, daemonVersion);
  const onLine = (line: string) => engine.status(line, urn);
  const secret = image.registry.password;
  const login = chooseLogin(image, engine, urn);
  return withLogin(login, async (env) => {
    engine.status("Building the image", urn);
    const { args, buildArgs } = buildCommand(image);
    await cli
      .run(args, {
        env: { ...env, ...buildArgs, DOCKER_BUILDKIT: isBuildKit ? "1" : "0" },
        onLine,
        secret,
        signal,
      })
      .catch(because(`building ${image.name} failed`));
    if (push) {
      engine.status("Pushing the image to the registry", urn);
      await cli
        .run(["push", image.name], { env, onLine, secret, signal })
        .catch(because(`pushing ${image.name} failed`));
    }
    engine.status("", urn);
    return {
      dockerfile: image.build.dockerfile,
      context: image.build.context,
      baseImageName: image.name,
      registryServer: image.registry.server,
      imageName: image.name,
      repoDigest: await readDigest(cli, image.name, push),
      ...(image.build.platform !== undefined && { platform: image.build.platform }),
    };
  });
}

/** The values of build arguments go through the environment: a command line is there for all to read. */
export function buildCommand(image: Image): {
  args: string[];
  buildArgs: Record<string, string>;
} {
  const { build } = image;
  const buildArgs: Record<string, string> = {};
  const args = ["build", "--file", build.dockerfile, "--tag", image.name];
  for (const [key, value] of Object.entries(build.args)) {
    // A variable that means something to the CLI itself must not be set for it.
    const isTaken = /^(DOCKER_|BUILDKIT_|BUILDX_)/.test(key) || process.env[key] !== undefined;
    if (!isTaken) buildArgs[key] = value;
    args.push("--build-arg", isTaken ? `${key}=${value}` : key);
  }
  const option = (name: string, value: string | undefined): void => {
    if (value !== undefined) args.push(name, value);
  };
  option("--platform", build.platform);
  option("--target", build.target);
  option("--network", build.network);
  for (const host of build.addHosts) option("--add-host", host);
  for (const cached of build.cacheFrom) option("--cache-from", cached);
  return { args: [...args, build.context], buildArgs };
}

/** Daemons before 23 have BuildKit as an option only, and newer CLIs reach it through buildx. */
async function useBuildKit(cli: DockerCli, build: Build, daemonVersion: string): Promise<boolean> {
  if (build.builder === "classic") return false;
  const isPossible = Number.parseInt(daemonVersion) >= 23 && (await cli.hasBuildx());
  if (build.builder === "buildkit" && !isPossible)
    throw new Error(
      `build.builderVersion is BuilderBuildKit, which needs Docker 23 with buildx; the daemon is ${daemonVersion}. Leave builderVersion out, or set BuilderV1`,
    );
  return isPossible;
}

function chooseLogin(image: Image, engine: EngineLog, urn: string): Login | undefined {
  const { username, password, server } = image.registry;
  if (username !== "" && password !== "")
    return { server: server === "" ? (serverOf(image.name) ?? "") : server, username, password };
  if (username !== "" || password !== "")
    engine.log(
      "warning",
      `registry.${username === "" ? "username" : "password"} is not set, so the credentials of this machine are used`,
      urn,
    );
  return undefined;
}

/** `repository@sha256:…` of a pushed image, the image's id of a local one. */
async function readDigest(cli: DockerCli, name: string, isPushed: boolean): Promise<string> {
  const [found] = JSON.parse(await cli.run(["image", "inspect", name])) as {
    Id: string;
    RepoDigests?: string[];
  }[];
  if (!isPushed) return found?.Id ?? "";
  const repository = name.replace(/@.*$/, "").replace(/:[^:/]+$/, "");
  const digests = found?.RepoDigests ?? [];
  const digest = digests.find((each) => each.startsWith(`${repository}@`)) ?? digests[0];
  if (digest === undefined) throw new Error(`the registry gave no digest for ${name}`);
  return digest;
}

function because(what: string) {
  return (error: unknown): never => {
    throw new Error(`${what}:\n${(error as Error).message}`, { cause: error });
  };
}

/** The inputs of an Image, with the defaults the official provider sets (image.go, image_marshal.go). */
import * as fs from "node:fs";
import * as path from "node:path";
import { hasUnknown, isMap, type Plain, type PlainObject } from "../rpc/properties";
import { hashContext } from "./hash";

export interface Build {
  context: string;
  dockerfile: string;
  args: Record<string, string>;
  target: string | undefined;
  platform: string | undefined;
  /** undefined: BuildKit where the daemon has it. */
  builder: "classic" | "buildkit" | undefined;
  cacheFrom: string[];
  network: string | undefined;
  addHosts: string[];
}

export interface Image {
  name: string;
  skipPush: boolean;
  registry: { server: string; username: string; password: string };
  build: Build;
}

export interface CheckedInputs {
  inputs: PlainObject;
  /** For the user, in the diagnostics. */
  notes: string[];
}

/** Sets defaults and the context's digest. @throws Error when the Dockerfile is not where it should be */
export async function checkInputs(news: PlainObject): Promise<CheckedInputs> {
  const inputs: PlainObject = { ...news };
  const notes: string[] = [];
  inputs["buildOnPreview"] = news["buildOnPreview"] === true;
  const given = news["build"];
  if (given !== undefined && !isMap(given)) return { inputs, notes };
  const build: PlainObject = { ...given };
  inputs["build"] = build;
  const parsed = parseBuild(build);
  if (!hasUnknown(build["context"])) build["context"] = parsed.context;
  if (!hasUnknown(build["dockerfile"]) && !hasUnknown(build["context"])) {
    build["dockerfile"] = parsed.dockerfile;
    requireDockerfile(parsed);
    build["contextDigest"] = await hashContext(parsed.context, parsed.dockerfile);
  }
  if (build["platform"] === undefined) {
    build["platform"] = hostPlatform();
    notes.push(
      `the image is built for ${hostPlatform()}; set build.platform where it is to run on another`,
    );
  }
  const name = news["imageName"];
  const needsServer = parsed.cacheFrom.length > 0 || news["skipPush"] !== true;
  if (needsServer && typeof name === "string")
    for (const image of [name, ...parsed.cacheFrom]) requireServer(image);
  return { inputs, notes };
}

export function parseImage(inputs: PlainObject): Image {
  const registry = inputs["registry"];
  const field = (key: string) => text(isMap(registry) ? registry[key] : undefined) ?? "";
  return {
    name: text(inputs["imageName"]) ?? "",
    skipPush: inputs["skipPush"] === true,
    registry: { server: field("server"), username: field("username"), password: field("password") },
    build: parseBuild(isMap(inputs["build"]) ? inputs["build"] : {}),
  };
}

/** The domain of an image's name; Docker Hub's own when it has none. */
export function serverOf(image: string): string | undefined {
  const [first = "", ...rest] = image.split("/");
  const isDomain = /[.:]/.test(first) || first === "localhost" || first !== first.toLowerCase();
  return rest.length > 0 && isDomain ? first : undefined;
}

function parseBuild(build: PlainObject): Build {
  const context = text(build["context"]) ?? ".";
  const args = build["args"];
  return {
    context,
    dockerfile: text(build["dockerfile"]) ?? path.join(context, "Dockerfile"),
    args: isMap(args)
      ? Object.fromEntries(Object.entries(args).map(([key, value]) => [key, text(value) ?? ""]))
      : {},
    target: text(build["target"]),
    platform: text(build["platform"]),
    builder: parseBuilder(build["builderVersion"]),
    cacheFrom: parseCache(build["cacheFrom"]),
    network: text(build["network"]),
    addHosts: list(build["addHosts"]),
  };
}

function parseBuilder(value: Plain | undefined): Build["builder"] {
  if (value === undefined || hasUnknown(value)) return undefined;
  if (value === "BuilderV1") return "classic";
  if (value === "BuilderBuildKit") return "buildkit";
  throw new Error(
    `build.builderVersion is ${JSON.stringify(value)}; it may be BuilderV1 or BuilderBuildKit`,
  );
}

function parseCache(value: Plain | undefined): string[] {
  if (!isMap(value)) return [];
  if (!("images" in value)) throw new Error("build.cacheFrom needs images");
  return list(value["images"]);
}

function requireDockerfile({ context, dockerfile }: Build): void {
  if (fs.existsSync(dockerfile)) return;
  const inContext = path.join(context, dockerfile);
  const isThere = !path.isAbsolute(dockerfile) && fs.existsSync(inContext);
  throw new Error(
    `there is no Dockerfile at "${dockerfile}" (seen from ${process.cwd()})` +
      (isThere ? `; try "${inContext}": the path does not start at the context` : ""),
  );
}

function requireServer(image: string): void {
  if (serverOf(image) !== undefined) return;
  throw new Error(
    `"${image}" names no registry, which an image to be pushed must: docker.io/${image.includes("/") ? "" : "<user>/"}${image} for Docker Hub`,
  );
}

function hostPlatform(): string {
  const architectures: Partial<Record<NodeJS.Architecture, string>> = { x64: "amd64", ia32: "386" };
  return `linux/${architectures[process.arch] ?? process.arch}`;
}

function text(value: Plain | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function list(value: Plain | undefined): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

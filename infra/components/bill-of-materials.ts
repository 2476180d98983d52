import * as fs from "node:fs";
import * as path from "node:path";
import type { Models } from "@cyclonedx/cyclonedx-library";

export interface BillOfMaterialsArgs {
  /** The checkout. Its server bundle is made. */
  readonly root: string;
  /** What the image is built on. Default: the Dockerfile's. */
  readonly baseImage?: string;
  /** What is in the image. */
  readonly models: readonly BilledModel[];
}

export interface BilledModel {
  readonly name: string;
  readonly framework: string;
  readonly versions: readonly {
    readonly version: string;
    /** SHA-256 by path below the version's folder. */
    readonly files: Readonly<Record<string, string>>;
  }[];
}

type Library = typeof import("@cyclonedx/cyclonedx-library");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: unknown;
  readonly description?: string;
}

/**
 * The image's bill of materials as CycloneDX JSON, from what is really in it: the packages that the server's bundle holds code of, those
 * that are copied beside it, Node, the base image, and each model's files. The same materials make the same text: no serial
 * number, and a time only where SOURCE_DATE_EPOCH gives one.
 */
export async function billOfMaterials(args: BillOfMaterialsArgs): Promise<string> {
  const library = await import("@cyclonedx/cyclonedx-library");
  const { Enums, Models, Serialize, Spec } = library;
  const { root, models } = args;
  const baseImage = args.baseImage ?? defaultBaseImage(root);
  const lock = readJson(path.join(root, "package-lock.json")) as Lock;
  const packages = serverPackages(root).map((folder) => npmPackage(library, root, folder, lock));
  // The same version may be installed in several folders.
  const different = new Map(packages.map((component) => [component.purl, component]));
  const components = [
    ...different.values(),
    ...runtime(library, baseImage),
    ...models.flatMap((model) => modelVersions(library, model)),
  ];
  const own = readJson(path.join(root, "package.json")) as Manifest;
  const image = new Models.Component(Enums.ComponentType.Application, own.name, {
    bomRef: own.name,
    version: own.version,
    licenses: licences(library, own),
    dependencies: new Models.BomRefRepository(components.map(({ bomRef }) => bomRef)),
  });
  const epoch = process.env["SOURCE_DATE_EPOCH"];
  const bom = new Models.Bom({
    components: new Models.ComponentRepository(components),
    metadata: new Models.Metadata({
      component: image,
      ...(epoch === undefined ? {} : { timestamp: new Date(Number(epoch) * 1000) }),
    }),
  });
  const normalise = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  const text = new Serialize.JsonSerializer(normalise).serialize(bom, {
    sortLists: true,
    space: 2,
  });
  return `${text}\n`;
}

/** Folders, from the checkout's root, of the npm packages in the image: bundled into the server's files, or copied. */
export function serverPackages(root: string): string[] {
  const stamps = fs
    .readdirSync(path.join(root, "dist"))
    .filter((file) => /^server.*\.inputs\.json$/.test(file));
  const bundled = stamps.flatMap(
    (file) => (readJson(path.join(root, "dist", file)) as { packages: string[] }).packages,
  );
  const rules = readJson(path.join(root, "app", "context.json")) as { files: { from: string }[] };
  const copied = rules.files.flatMap(
    ({ from }) => /^(node_modules\/.+)\/package\.json$/.exec(from)?.[1] ?? [],
  );
  const packages = copied.filter((folder) => !folder.includes("/dist/"));
  return [...new Set([...bundled, ...packages])].sort();
}

/** BASE_IMAGE of app/Dockerfile. */
export function defaultBaseImage(root: string): string {
  const dockerfile = fs.readFileSync(path.join(root, "app", "Dockerfile"), "utf8");
  const [, image] = /^ARG BASE_IMAGE=(\S+)$/m.exec(dockerfile) ?? [];
  if (image === undefined) throw new Error("app/Dockerfile has no default for BASE_IMAGE");
  return image;
}

interface Lock {
  readonly packages: Readonly<Record<string, { integrity?: string }>>;
}

function npmPackage(library: Library, root: string, folder: string, lock: Lock): Models.Component {
  const { Enums, Models } = library;
  const manifest = readJson(path.join(root, folder, "package.json")) as Manifest;
  const { name, version } = manifest;
  const [, group, short] = /^(?:(@[^/]+)\/)?(.+)$/.exec(name) ?? [];
  const component = new Models.Component(Enums.ComponentType.Library, short ?? name, {
    bomRef: `${name}@${version}`,
    version,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    licenses: licences(library, manifest),
    ...(group === undefined ? {} : { group }),
  });
  const integrity = lock.packages[folder]?.integrity ?? "";
  if (integrity.startsWith("sha512-")) {
    const hex = Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex");
    const archive = `https://registry.npmjs.org/${name}/-/${short ?? name}-${version}.tgz`;
    component.externalReferences.add(
      new Models.ExternalReference(archive, Enums.ExternalReferenceType.Distribution, {
        hashes: new Models.HashDictionary([[Enums.HashAlgorithm["SHA-512"], hex]]),
      }),
    );
  }
  return component;
}

/** An SPDX identifier or expression, or whatever words the package has for it. */
function licences({ Models, SPDX }: Library, { license }: Manifest): Models.LicenseRepository {
  const found = new Models.LicenseRepository();
  if (typeof license !== "string" || license === "") return found;
  const words = license.split(/\s+(?:AND|OR|WITH)\s+|[()]/).filter((word) => word !== "");
  if (SPDX.isSupportedSpdxId(license)) found.add(new Models.SpdxLicense(license));
  else if (words.length > 1) found.add(new Models.LicenseExpression(license));
  else found.add(new Models.NamedLicense(license));
  return found;
}

/** Node and the image it comes in; a base image's name tells its Node, if only the major version. */
function runtime({ Enums, Models }: Library, baseImage: string): Models.Component[] {
  const [reference = "", digest = ""] = baseImage.split("@sha256:");
  const [, image = reference, tag] = /^(.*?)(?::([^:/]+))?$/.exec(reference) ?? [];
  const node = /node(?:js)?:?(\d+(?:\.\d+\.\d+)?)/.exec(reference)?.[1];
  const base = new Models.Component(Enums.ComponentType.Container, image, {
    bomRef: "base-image",
    ...(tag === undefined ? {} : { version: tag }),
    ...(digest === ""
      ? {}
      : { hashes: new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], digest]]) }),
  });
  const platform = new Models.Component(Enums.ComponentType.Platform, "node", {
    bomRef: "node",
    licenses: new Models.LicenseRepository([new Models.SpdxLicense("MIT")]),
    ...(node === undefined ? {} : { version: node, purl: `pkg:generic/node@${node}` }),
  });
  return [base, platform];
}

/** A component a version, with its files inside. */
function modelVersions({ Enums, Models }: Library, model: BilledModel): Models.Component[] {
  const { name, framework, versions } = model;
  return versions.map(({ version, files }) => {
    const component = new Models.Component(Enums.ComponentType.MachineLearningModel, name, {
      bomRef: `model:${name}@${version}`,
      version,
      properties: new Models.PropertyRepository([
        new Models.Property("modelport:framework", framework),
      ]),
    });
    for (const [file, sha256] of Object.entries(files))
      component.components.add(
        new Models.Component(Enums.ComponentType.File, `models/${name}/${version}/${file}`, {
          bomRef: `file:${name}/${version}/${file}`,
          hashes: new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], sha256]]),
        }),
      );
    return component;
  });
}

const readJson = (file: string): unknown => JSON.parse(fs.readFileSync(file, "utf8"));

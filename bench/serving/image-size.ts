import * as fs from "node:fs";
import * as path from "node:path";
import { pipeline } from "node:stream/promises";
import { spawn } from "node:child_process";
import { createGzip } from "node:zlib";
import { IMAGE_FOLDER, serverFiles } from "../../infra/components/server-files";
import { readModel } from "../../infra/models";
import { repositoryRoot } from "../../local/paths";
import { nodeImageContext } from "../../local/image/node-image";
import type { Progress } from "../../local/progress";
import { ensureTools } from "../../local/toolchain";

/** Compressed as a registry stores layers (tar, gzip), MB of 10^6 bytes. */
export interface ImageSize {
  /** What was added up. */
  readonly of: string;
  readonly baseMegabytes: number;
  readonly layerMegabytes: Readonly<Record<string, number>>;
  readonly totalMegabytes: number;
}

/** The embedded cluster's base image and what app/context.json puts on it, for one model. @throws Error when tar fails */
export async function measureImage(
  model: string,
  work: string,
  progress: Progress,
): Promise<ImageSize> {
  const tools = await ensureTools(["image-node", "image-libraries"], { progress });
  const { directory } = nodeImageContext(tools["image-node"], tools["image-libraries"]);
  const base = await compressedBytes(path.join(directory, "root"));
  const platform = process.arch === "arm64" ? "linux/arm64" : "linux/amd64";
  const files = serverFiles(repositoryRoot(), platform, [readModel(repositoryRoot(), model)]);
  // A folder below IMAGE_FOLDER is a layer.
  const staged = path.join(work, "image");
  for (const { source, target } of files) {
    const copy = path.join(staged, target);
    fs.mkdirSync(path.dirname(copy), { recursive: true });
    fs.copyFileSync(source, copy);
  }
  const layers: Record<string, number> = {};
  for (const layer of fs.readdirSync(path.join(staged, IMAGE_FOLDER)))
    layers[layer] = (await compressedBytes(path.join(staged, IMAGE_FOLDER, layer))) / 1e6;
  const total = Object.values(layers).reduce((sum, size) => sum + size, base / 1e6);
  return {
    of: `${platform}: the embedded cluster's base image (Node ${tools["image-node"].version}, C and C++ libraries) and the staged context with ${model}`,
    baseMegabytes: base / 1e6,
    layerMegabytes: layers,
    totalMegabytes: total,
  };
}

/** gzip's default level, which is also what Docker uses. */
async function compressedBytes(folder: string): Promise<number> {
  const tar = spawn(
    "tar",
    ["--sort=name", "--owner=0", "--group=0", "-C", folder, "-cf", "-", "."],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const ended = new Promise<number | null>((resolve, reject) => {
    tar.once("error", reject);
    tar.once("close", resolve);
  });
  let bytes = 0;
  await pipeline(tar.stdout, createGzip(), async (compressed: AsyncIterable<Buffer>) => {
    for await (const chunk of compressed) bytes += chunk.length;
  });
  const code = await ended;
  if (code !== 0) throw new Error(`tar ended with ${code}`);
  return bytes;
}

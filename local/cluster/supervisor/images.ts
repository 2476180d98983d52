import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pauseImage } from "../../image/names";
import type { Context } from "../components";
import { dockerSocket } from "../components/dockerd";

/** An image to be in the registry: its reference and the directory it is built from. */
export interface ProvidedImage {
  reference: string;
  context: string;
}

/** Builds and pushes what the registry doesn't hold yet. */
export async function provideImage(context: Context, image: ProvidedImage): Promise<void> {
  if (await isInRegistry(context, image.reference)) return;
  await docker(context, ["build", "--quiet", `--tag=${image.reference}`, image.context]);
  await docker(context, ["push", "--quiet", image.reference]);
}

/** The pause container: one static program in an empty image. */
export async function providePauseImage(context: Context): Promise<void> {
  const directory = path.join(context.settings.directory, "pause-image");
  fs.mkdirSync(directory, { recursive: true });
  fs.copyFileSync(context.tools.pause, path.join(directory, "pause"));
  fs.chmodSync(path.join(directory, "pause"), 0o755);
  fs.writeFileSync(
    path.join(directory, "Dockerfile"),
    'FROM scratch\nCOPY pause /pause\nUSER 65535:65535\nENTRYPOINT ["/pause"]\n',
  );
  await provideImage(context, { reference: pauseImage(context.settings), context: directory });
}

async function isInRegistry({ settings, get }: Context, reference: string): Promise<boolean> {
  const match = /^[^/]+\/(.+):([^:]+)$/.exec(reference);
  if (match === null) throw new Error(`not an image reference with a tag: ${reference}`);
  const registry = `http://${settings.link.nodeAddress}:${settings.ports.registry}`;
  return (await get(`${registry}/v2/${match[1]}/manifests/${match[2]}`)).status === 200;
}

/** The CLI's configuration is an empty directory: the user's own, with its credentials, is neither read nor written. */
function docker({ settings, tools }: Context, args: string[]): Promise<void> {
  const configuration = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-docker-"));
  return new Promise<void>((resolve, reject) => {
    const child = spawn(tools.docker, args, {
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        ...process.env,
        DOCKER_HOST: `unix://${dockerSocket(settings.runDirectory)}`,
        DOCKER_CONFIG: configuration,
        DOCKER_BUILDKIT: "0",
      },
    });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`docker ${args.join(" ")}: ${errors.trim().slice(-1000)}`));
    });
  }).finally(() => fs.rmSync(configuration, { recursive: true, force: true }));
}

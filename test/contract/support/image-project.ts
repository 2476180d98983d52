/** A folder with a Dockerfile, a docker plugin that runs in it, and the daemon to look at. */
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import type { PropertyMap } from "../../../local/providers/rpc/properties";
import { testDocker, type TestDocker } from "./docker";
import { Plugin, urn } from "./plugin";

export const imageUrn = urn("docker:index/image:Image", "app");

const run = promisify(execFile);

export class ImageProject {
  private constructor(
    readonly docker: TestDocker,
    readonly folder: string,
    readonly plugin: Plugin,
  ) {}

  static async open(): Promise<ImageProject> {
    const docker = testDocker();
    const folder = await fs.promises.mkdtemp(path.join(os.tmpdir(), "modelport-contract-"));
    const plugin = await startDockerPlugin(folder, docker.host, docker.cli);
    return new ImageProject(docker, folder, plugin);
  }

  /** `app/` with a Dockerfile that copies one file. */
  async reset(): Promise<void> {
    await fs.promises.rm(path.join(this.folder, "app"), { recursive: true, force: true });
    this.write("app/Dockerfile", "ARG BASE\nFROM ${BASE}\nCOPY hello.txt /hello.txt\n");
    this.write("app/hello.txt", "hello\n");
  }

  write(file: string, text: string, mode = 0o644): void {
    const target = path.join(this.folder, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
    fs.chmodSync(target, mode);
  }

  image(build: PropertyMap = {}, more: PropertyMap = {}): PropertyMap {
    const args = { BASE: this.docker.baseImage };
    return {
      imageName: `${this.docker.registry}/contract/app:v1`,
      build: { context: "app", platform: "linux/amd64", args, ...build },
      ...more,
    };
  }

  async digest(build: PropertyMap = {}): Promise<unknown> {
    const inputs = await this.plugin.check(imageUrn, this.image(build));
    return (inputs["build"] as PropertyMap)["contextDigest"];
  }

  async cli(...args: string[]): Promise<string> {
    const { stdout } = await run(this.docker.cli ?? "docker", ["-H", this.docker.host, ...args], {
      encoding: "utf8",
    });
    return stdout.trim();
  }

  async close(): Promise<void> {
    await this.plugin.stop();
    await fs.promises.rm(this.folder, { recursive: true, force: true });
  }
}

/** @param cli undefined: the one on PATH */
export async function startDockerPlugin(
  cwd: string,
  host: string,
  cli: string | undefined,
): Promise<Plugin> {
  const env: Record<string, string> = cli === undefined ? {} : { MODELPORT_DOCKER: cli };
  const plugin = await Plugin.start("docker", { cwd, env });
  await plugin.configure({ "docker:config:host": host });
  return plugin;
}

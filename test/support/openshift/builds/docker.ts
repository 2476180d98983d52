import * as fs from "node:fs";
import * as path from "node:path";
import { BuildFailure, type MESSAGES } from "./outcome";
import { program, type StepContext } from "./run";

export interface DockerPlace {
  /** The daemon that builds. */
  readonly host: string;
  /** Path of the client. */
  readonly program: string;
}

/** By registry, as in `auths` of Docker's config.json. */
export type Logins = Readonly<Record<string, object>>;

interface ImageConfig {
  readonly User?: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
}

/** The Docker client of one build: what it does is in the build's log. */
export class Docker {
  private readonly env: Record<string, string>;

  constructor(
    private readonly place: DockerPlace,
    logins: Logins,
    private readonly context: StepContext,
  ) {
    const configuration = path.join(context.scratch, "docker");
    fs.mkdirSync(configuration, { mode: 0o700 });
    fs.writeFileSync(path.join(configuration, "config.json"), JSON.stringify({ auths: logins }), {
      mode: 0o600,
    });
    this.env = {
      DOCKER_HOST: place.host,
      DOCKER_CONFIG: configuration,
      DOCKER_BUILDKIT: "0",
    };
  }

  /** What is there already isn't pulled. @throws BuildFailure PullBuilderImageFailed */
  async pull(image: string): Promise<void> {
    const inspected = await this.quietly("image", "inspect", image);
    if (inspected.code === 0) return;
    this.context.log(`\nPulling image ${image} ...\n`);
    await this.step("PullBuilderImageFailed", "error: failed to pull image", "pull", image);
  }

  async configOf(image: string): Promise<ImageConfig> {
    const { output } = await this.quietly(
      "image",
      "inspect",
      "--format",
      "{{json .Config}}",
      image,
    );
    return JSON.parse(output) as ImageConfig;
  }

  async build(
    failure: keyof typeof MESSAGES,
    { directory, dockerfile, tag }: { directory: string; dockerfile: string; tag: string },
  ): Promise<void> {
    const file = path.join(directory, dockerfile);
    const args = ["--force-rm", "--file", file, "--tag", tag, directory];
    await this.step(failure, "error: build error", "build", ...args);
  }

  /** @returns the digest that the registry knows it by @throws BuildFailure PushImageToRegistryFailed */
  async push(image: string): Promise<string> {
    this.context.log(`\nPushing image ${image} ...\n`);
    const output = await this.step(
      "PushImageToRegistryFailed",
      "error: build error: Failed to push image",
      "push",
      image,
    );
    const digest = /digest: (sha256:[0-9a-f]{64})/.exec(output)?.[1];
    if (digest === undefined) throw new Error(`docker push told no digest of ${image}`);
    this.context.log("Push successful\n");
    return digest;
  }

  private async step(
    reason: keyof typeof MESSAGES,
    what: string,
    ...args: string[]
  ): Promise<string> {
    const { code, output } = await program([this.place.program, ...args], this.context, {
      env: this.env,
    });
    if (code === 0) return output;
    throw new BuildFailure(reason, `${what}: ${output.trim().split("\n").at(-1) ?? ""}`);
  }

  private quietly(...args: string[]) {
    const options = { env: this.env, quiet: true };
    return program([this.place.program, ...args], this.context, options);
  }
}

/** The docker command line: the one program that knows every way to a daemon. */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { runningClusters } from "../../cluster/info";

export interface DaemonSettings {
  host: string | undefined;
  context: string | undefined;
  certPath: string | undefined;
  /** PEM texts, all three or none. */
  caMaterial: string | undefined;
  certMaterial: string | undefined;
  keyMaterial: string | undefined;
}

export interface Run {
  env?: Record<string, string>;
  /** Each line of output, as it comes. */
  onLine?: (line: string) => void;
  signal?: AbortSignal;
  /** Replaced by *** wherever it shows up. */
  secret?: string;
}

const shownLines = 20;
const daemonTimeoutMs = 15_000;

export class DockerCli {
  readonly #program: string;

  constructor(private readonly settings: DaemonSettings) {
    this.#program = process.env["MODELPORT_DOCKER"] ?? clientOfCluster(settings.host) ?? "docker";
  }

  /** The daemon's version. @throws Error when there is no docker CLI, or no daemon answers it */
  async requireDaemon(): Promise<string> {
    const signal = AbortSignal.timeout(daemonTimeoutMs);
    try {
      const output = await this.run(["version", "--format", "{{.Server.Version}}"], { signal });
      return output.trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT")
        throw new Error(
          `images are built with the docker CLI, and "${this.#program}" is not installed. Install Docker, or set MODELPORT_DOCKER to its path`,
          { cause: error },
        );
      const where = this.settings.host ?? process.env["DOCKER_HOST"] ?? "the default address";
      const why = signal.aborted
        ? `no answer within ${String(daemonTimeoutMs / 1000)} s`
        : (error as Error).message;
      throw new Error(
        `no Docker daemon answers at ${where}: ${why}. Start it, or set docker:host (DOCKER_HOST) to one that runs`,
        { cause: error },
      );
    }
  }

  async hasBuildx(): Promise<boolean> {
    return this.run(["buildx", "version"]).then(
      () => true,
      () => false,
    );
  }

  /** Standard output. @throws Error with the last lines of output when the command fails */
  async run(args: string[], options: Run = {}): Promise<string> {
    return this.#withCertificates(
      (daemonArgs) =>
        new Promise((resolve, reject) => {
          const child = spawn(this.#program, [...daemonArgs, ...args], {
            stdio: ["ignore", "pipe", "pipe"],
            env: { ...process.env, ...options.env },
            ...(options.signal !== undefined && { signal: options.signal }),
          });
          const output: string[] = [];
          const tail: string[] = [];
          const collect = (stream: NodeJS.ReadableStream, isOutput: boolean): void => {
            createInterface(stream).on("line", (raw) => {
              const line = hide(raw, options.secret);
              if (isOutput) output.push(line);
              if (line.trim() === "") return;
              tail.push(line);
              if (tail.length > shownLines) tail.shift();
              options.onLine?.(line);
            });
          };
          collect(child.stdout, true);
          collect(child.stderr, false);
          child.on("error", reject);
          child.on("close", (code) => {
            if (code === 0) resolve(output.join("\n"));
            else reject(new Error(tail.join("\n") || `docker ended with code ${String(code)}`));
          });
        }),
    );
  }

  async #withCertificates<T>(work: (args: string[]) => Promise<T>): Promise<T> {
    const { host, context, certPath, caMaterial, certMaterial, keyMaterial } = this.settings;
    const address =
      context !== undefined ? ["--context", context] : host !== undefined ? ["-H", host] : [];
    const materials = { "ca.pem": caMaterial, "cert.pem": certMaterial, "key.pem": keyMaterial };
    const given = Object.values(materials).filter((text) => text !== undefined);
    if (given.length === 0)
      return work([...address, ...(certPath === undefined ? [] : tlsArgs(certPath))]);
    if (given.length < 3)
      throw new Error("caMaterial, certMaterial and keyMaterial must be set together");
    const folder = await fs.promises.mkdtemp(path.join(os.tmpdir(), "modelport-docker-tls-"));
    try {
      for (const [name, text] of Object.entries(materials))
        await fs.promises.writeFile(path.join(folder, name), text ?? "", { mode: 0o600 });
      return await work([...address, ...tlsArgs(folder)]);
    } finally {
      await fs.promises.rm(folder, { recursive: true, force: true });
    }
  }
}

function tlsArgs(folder: string): string[] {
  const file = (name: string) => path.join(folder, name);
  return [
    "--tlsverify",
    ...["--tlscacert", file("ca.pem"), "--tlscert", file("cert.pem"), "--tlskey", file("key.pem")],
  ];
}

function hide(line: string, secret: string | undefined): string {
  return secret === undefined || secret === "" ? line : line.replaceAll(secret, "***");
}

/** An embedded cluster's daemon has a client that fits it; another one may be too new to speak with it. */
function clientOfCluster(host: string | undefined): string | undefined {
  const cluster = runningClusters().find(({ dockerHost }) => dockerHost === host);
  return cluster === undefined ? undefined : path.join(cluster.dockerCli, "docker");
}

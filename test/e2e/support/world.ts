import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { ClusterInfo } from "../../../local/cluster";
import { copyCheckout } from "../../support/checkout";
import { type CommandOptions, type Result, command } from "../../support/command";
import { isolatedEnvironment } from "../../support/environment";
import { machineTraces } from "../../support/traces";
import type { Text } from "./canaries";

/**
 * Where a target's stack lives in a test: a copy of the checkout, a state directory, ports, a network and a folder for temporary files
 * of its own. Keeps all that its commands print, and takes everything away in the end.
 */
export class World {
  readonly checkout = copyCheckout();
  /** What a test makes: programs on PATH in `bin`, temporary files of the commands in `tmp`. */
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-world-"));
  readonly printed: Text[] = [];
  private readonly undo: (() => unknown)[] = [];
  private hosts: string | undefined;

  static async make(): Promise<World> {
    return new World(await isolatedEnvironment());
  }

  private constructor(readonly env: Record<string, string>) {
    for (const folder of ["bin", "tmp"]) fs.mkdirSync(path.join(this.folder, folder));
    env["PATH"] = process.env["PATH"] ?? "";
    this.addToPath(path.join(this.folder, "bin"));
    env["TMPDIR"] = path.join(this.folder, "tmp");
  }

  get state(): string {
    return path.join(this.env["XDG_STATE_HOME"] ?? "", "modelport");
  }

  /** @param undo runs when the world ends, the last one first */
  defer(undo: () => unknown): void {
    this.undo.push(undo);
  }

  /** An executable on the commands' PATH. @returns takes it away */
  link(name: string, file: string): () => void {
    const link = path.join(this.folder, "bin", name);
    fs.symlinkSync(file, link);
    return () => fs.rmSync(link);
  }

  addToPath(folder: string): void {
    this.env["PATH"] = `${folder}${path.delimiter}${this.env["PATH"] ?? ""}`;
  }

  /** From now on commands find the names of this file, beside the machine's own: what others call /etc/hosts. */
  useHosts(file: string): void {
    this.hosts = file;
  }

  /** @returns how the command ended; never throws for an exit code */
  async run(argv: readonly string[], options: Partial<CommandOptions> = {}): Promise<Result> {
    const result = await command(this.withHosts(argv), {
      cwd: this.checkout,
      env: this.env,
      ...options,
    });
    const where = argv.slice(1).join(" ").slice(0, 120);
    this.printed.push(
      { where: `${where} (stdout)`, text: result.stdout },
      { where: `${where} (stderr)`, text: result.stderr },
    );
    return result;
  }

  /** The embedded cluster, as somebody's who has one; started once. @param variables for its components */
  async startCluster(variables: Record<string, string> = {}): Promise<ClusterInfo> {
    Object.assign(this.env, variables);
    this.defer(() =>
      this.run([process.execPath, "cli/modelport.js", "cluster", "stop", "--remove"]),
    );
    const { code, stdout, stderr } = await this.run(
      [process.execPath, "cli/modelport.js", "cluster", "start", "--json"],
      { timeoutSeconds: 3600 },
    );
    if (code !== 0) throw new Error(`the cluster does not start:\n${stderr}`);
    return JSON.parse(stdout) as ClusterInfo;
  }

  /**
   * Devices, mounts, control groups, processes, state and temporary files. The passphrase stays, since the stack's file may have secrets
   * that it opens.
   */
  traces(): string[] {
    return [
      ...machineTraces(this.env["XDG_STATE_HOME"] ?? ""),
      ...[path.join(this.folder, "tmp"), this.state].flatMap(filesIn),
    ];
  }

  /** Takes everything away, even where something of it fails. @throws the first failure */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const undo of this.undo.splice(0).reverse())
      try {
        await undo();
      } catch (error) {
        failures.push(error);
      }
    for (const folder of [this.checkout, this.folder, this.env["XDG_STATE_HOME"] ?? ""])
      // What a test killed may still be ending.
      fs.rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
    if (failures.length > 0) throw failures[0];
  }

  private withHosts(argv: readonly string[]): string[] {
    if (this.hosts === undefined) return [...argv];
    const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
    return ["unshare", "--mount", "sh", "-c", script, this.hosts, ...argv];
  }
}

function filesIn(folder: string): string[] {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : [];
  return names.filter((name) => name !== "passphrase").map((name) => path.join(folder, name));
}

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import type { ClusterSettings } from "../settings";

/** The cluster's directory as every process in the sandbox sees it: short, and the same everywhere. */
export const INSIDE = "/run/cluster";

/**
 * The cluster's own network, mount and process namespaces. Everything runs in them, so that the end of
 * their first process ends every other, and with the last one go its mounts, devices, addresses and rules.
 * The first process dies with the supervisor (its parent-death signal), even when that is killed.
 */
export class Sandbox {
  private constructor(
    private readonly settings: ClusterSettings,
    private readonly unshare: ChildProcess,
    private readonly initPid: number,
  ) {}

  /** @throws Error with the failed command's own words */
  static async create(settings: ClusterSettings, tini: string): Promise<Sandbox> {
    const unshare = spawn(
      "setpriv",
      [
        ...["--pdeathsig", "KILL", "--", "unshare", "--net", "--mount", "--pid", "--ipc"],
        ...["--kill-child=KILL", "--mount-proc", "--propagation", "private", "--"],
        ...[tini, "--", "sh", "-euc", mountScript(settings)],
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    await ready(unshare);
    const [initPid] = childrenOf(unshare.pid ?? -1);
    if (initPid === undefined) throw new Error("the cluster's first process ended at once");
    const sandbox = new Sandbox(settings, unshare, initPid);
    sandbox.connect();
    return sandbox;
  }

  /** Called when the sandbox is gone, with everything in it. */
  onEnd(listener: () => void): void {
    this.unshare.once("exit", listener);
  }

  /** A command that runs inside. nsenter stays outside as its parent; see {@link signalInside}. */
  command(argv: readonly string[]): string[] {
    return [
      "nsenter",
      `--target=${this.initPid}`,
      "--net",
      "--mount",
      "--pid",
      "--ipc",
      "--",
      ...argv,
    ];
  }

  /** Ends everything inside at once, and waits until it is gone. */
  async destroy(): Promise<void> {
    if (this.unshare.exitCode !== null || this.unshare.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.unshare.once("exit", () => resolve()));
    process.kill(this.initPid, "SIGKILL");
    await gone;
  }

  /** A veth pair: one end here, the other, `eth0`, inside. */
  private connect(): void {
    const { device, hostAddress, nodeAddress } = this.settings.link;
    run([
      "ip",
      "link",
      "add",
      device,
      "type",
      "veth",
      "peer",
      "name",
      "eth0",
      "netns",
      `${this.initPid}`,
    ]);
    run(["ip", "addr", "add", `${hostAddress}/30`, "dev", device]);
    run(["ip", "link", "set", device, "up"]);
    const inside = (argv: string[]): void => run(this.command(argv));
    inside(["ip", "link", "set", "lo", "up"]);
    inside(["ip", "addr", "add", `${nodeAddress}/30`, "dev", "eth0"]);
    inside(["ip", "link", "set", "eth0", "up"]);
    inside(["ip", "route", "add", "default", "via", hostAddress]);
    inside(["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
  }
}

/** Sends a signal to the process that nsenter started inside (nsenter forwards none). */
export function signalInside(nsenterPid: number, signal: NodeJS.Signals): void {
  for (const pid of childrenOf(nsenterPid)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended meanwhile.
    }
  }
}

/**
 * /run and /var/log of the machine are hidden behind empty ones: nothing of it can be used or changed. Its name servers can't be
 * reached from inside, where each question would wait half a minute: with an empty file CoreDNS is asked, on 127.0.0.1.
 */
function mountScript(settings: ClusterSettings): string {
  const { directory, runDirectory } = settings;
  return [
    `mkdir -p ${quote(`${directory}/run`)}`,
    `mount --bind ${quote(runDirectory)} ${quote(`${directory}/run`)}`,
    `mount --rbind ${quote(directory)} /mnt`,
    "mount -t tmpfs -o mode=0755 tmpfs /run",
    `mkdir ${INSIDE}`,
    `mount --rbind /mnt ${INSIDE}`,
    "umount -l /mnt",
    "mount -t tmpfs -o mode=0755 tmpfs /var/log",
    `if [ -e /etc/resolv.conf ]; then mount --bind ${INSIDE}/resolv.conf /etc/resolv.conf; fi`,
    "mount --make-rshared /",
    "echo ready",
    "exec sleep infinity",
  ].join("\n");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let errors = "";
    child.stderr?.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.stdout?.once("data", () => resolve());
    child.once("error", reject);
    child.once("exit", () =>
      reject(new Error(`the cluster's namespaces could not be made: ${errors.trim()}`)),
    );
  });
}

function run([command = "", ...args]: string[]): void {
  const result = spawnSync(command, args, { encoding: "utf8" });
  if (result.status !== 0) {
    throw new Error(
      `${command} ${args.join(" ")}: ${result.stderr.trim() || result.error?.message}`,
    );
  }
}

/** From /proc, since not every kernel lists a process's children. */
export function childrenOf(parent: number): number[] {
  return fs
    .readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}

import * as fs from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { Authority } from "./certificates";
import type { Balancers } from "./balancers";
import { Faults } from "./faults";
import type { RegistryHost } from "./gateway/gateway";
import type { RestAnswer, RestRequest } from "./http";
import type { CloudFunction, Kind, Stored } from "./kind";
import type { Kubernetes } from "./kubernetes";
import type { Settings } from "./settings";
import type { Store } from "./store";
import { text, type Values } from "./values";

export interface CloudParts {
  /** Where everything is kept. */
  readonly folder: string;
  readonly settings: Settings;
  readonly store: Store;
  readonly kubernetes: Kubernetes;
  readonly balancers: Balancers;
  readonly authority: Authority;
  readonly log: (line: string) => void;
  /** Default: nobody, for what a cloud does by itself. */
  readonly caller?: Credentials;
}

/** What all kinds of resources are made with. */
export class Cloud {
  readonly folder: string;
  readonly settings: Settings;
  readonly store: Store;
  readonly faults: Faults;
  /** The embedded cluster. */
  readonly kubernetes: Kubernetes;
  readonly balancers: Balancers;
  /** Signs for all hosts. */
  readonly authority: Authority;
  readonly log: (line: string) => void;
  /** Who makes this call: the plugin's environment and the provider's configuration. */
  readonly caller: Credentials;

  constructor(private readonly parts: CloudParts) {
    this.folder = parts.folder;
    this.settings = parts.settings;
    this.store = parts.store;
    this.faults = new Faults(parts.store);
    this.kubernetes = parts.kubernetes;
    this.balancers = parts.balancers;
    this.authority = parts.authority;
    this.log = parts.log;
    this.caller = parts.caller ?? { environment: {}, config: {} };
  }

  /** The same cloud, as a caller has it. */
  as(caller: Credentials): Cloud {
    return new Cloud({ ...this.parts, caller });
  }

  /** URL of this process. */
  get url(): string {
    return `http://127.0.0.1:${this.settings.port}`;
  }

  /** Milliseconds since 1970; tests can put it forward, for what expires. */
  now(): number {
    const ahead = this.store.get("ahead");
    return Date.now() + (typeof ahead === "number" ? ahead : 0);
  }

  /** @param seconds at latency 1 */
  async sleep(seconds: number): Promise<void> {
    await delay(seconds * this.settings.latency * 1000);
  }

  /** Does what a cloud does in its own time. @param seconds at latency 1 */
  later(seconds: number, work: () => Promise<void> | void): void {
    // It keeps no process alive by itself.
    void delay(seconds * this.settings.latency * 1000, undefined, { ref: false })
      .then(work)
      .catch((error: unknown) => this.log(`later: ${String(error)}`));
  }

  /** Makes a resource of the cloud's own, that no plugin asked for. */
  record(kind: string, id: string, outputs: Values): Stored {
    return this.store.put({
      kind,
      id,
      inputs: {},
      outputs,
      state: "ready",
      createdAt: this.now(),
    });
  }

  /** A loopback address for a balancer, which nobody has, not even from before this process. */
  address(): string {
    const taken = new Set(
      this.store
        .list()
        .flatMap(({ outputs }) => [text(outputs, "address"), text(outputs, "IPAddress")]),
    );
    for (;;) {
      const address = this.balancers.allocate();
      if (!taken.has(address)) return address;
    }
  }

  /** Makes a name lead to an address, for whoever reads the hosts file. */
  host(name: string, address: string): void {
    const lines = this.hosts();
    const line = `${address} ${name}`;
    if (lines.includes(line)) return;
    this.writeHosts([...lines.filter((one) => one.split(/\s+/)[1] !== name), line]);
  }

  forgetHost(name: string): void {
    this.writeHosts(this.hosts().filter((line) => line.split(/\s+/)[1] !== name));
  }

  private hosts(): string[] {
    const { hosts } = this.settings;
    const content = fs.existsSync(hosts) ? fs.readFileSync(hosts, "utf8") : "";
    return content.split("\n").filter((line) => line !== "");
  }

  /** In place: the file may be mounted over another. Never empty meanwhile: others look names up at any time. */
  private writeHosts(lines: readonly string[]): void {
    const content = Buffer.from(lines.map((line) => `${line}\n`).join(""));
    const file = fs.openSync(this.settings.hosts, fs.constants.O_WRONLY | fs.constants.O_CREAT);
    try {
      fs.writeSync(file, content, 0, content.length, 0);
      fs.ftruncateSync(file, content.length);
    } finally {
      fs.closeSync(file);
    }
  }
}

/** What a plugin found in its environment and in the provider's configuration. */
export interface Credentials {
  readonly environment: Readonly<Record<string, string>>;
  readonly config: Values;
}

/** One of the clouds. */
export interface SimulatedCloud {
  readonly name: "google" | "ibm";
  readonly kinds: readonly Kind[];
  /** By token. */
  readonly functions: Readonly<Record<string, CloudFunction>>;
  /** Before every call of its plugin. @throws CloudError for credentials that are missing, wrong, revoked or expired */
  login(credentials: Credentials, cloud: Cloud): void;
  /** Its own API, as far as the inventory and logins ask it. @param request with the path after `/<name>` */
  rest(request: RestRequest, cloud: Cloud): Promise<RestAnswer> | RestAnswer;
  registries(cloud: Cloud): readonly RegistryHost[];
  /** Programs that belong on PATH: their TypeScript in the repository, by name. */
  readonly programs: Readonly<Record<string, string>>;
  /** Once: makes credentials, and takes up what the clusters in the store need. @returns the CLI's variables */
  start(cloud: Cloud): Promise<Readonly<Record<string, string>>>;
  /** After a test told the clouds something: a condition, another time. */
  controlled?(cloud: Cloud): Promise<void>;
  stop(cloud: Cloud): Promise<void>;
}

import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import type { CommandOptions, Result } from "../../support/command";
import { quote } from "../../../cli/shell";
import type { World } from "./world";

const TIMEOUT_SECONDS = 1800;

export type Values = Record<string, unknown>;

/** A service as `up --json` and the stack's outputs tell it. */
export interface ServedAt {
  readonly url: string;
  readonly reachableFrom: string;
  readonly image: string;
  readonly namespace: string;
}

/** One stack of a world, worked on by the commands that a user has. */
export class StackUnderTest {
  constructor(
    private readonly world: World,
    readonly name: string,
  ) {}

  /** What of the stack's file there is, is replaced; its secrets' salt stays. */
  write(config: Values): void {
    this.edit((before) => {
      for (const key of Object.keys(before)) Reflect.deleteProperty(before, key);
      for (const [key, value] of Object.entries(config)) before[`modelport:${key}`] = value;
    });
  }

  /** @param change of the section `services`, by their names */
  editServices(change: (services: Record<string, Values>) => void): void {
    this.edit((config) => change(config["modelport:services"] as Record<string, Values>));
  }

  modelport(args: readonly string[], options?: Partial<CommandOptions>): Promise<Result> {
    const argv = [process.execPath, "cli/modelport.js", ...args, "--stack", this.name];
    return this.world.run(argv, { timeoutSeconds: TIMEOUT_SECONDS, ...options });
  }

  /** @throws with all that the command printed */
  async succeed(args: readonly string[], options?: Partial<CommandOptions>): Promise<Result> {
    const result = await this.modelport(args, options);
    assert.equal(result.code, 0, transcript(`modelport ${args.join(" ")}`, result));
    return result;
  }

  async up(): Promise<Record<string, ServedAt>> {
    const { stdout } = await this.succeed(["up", "--json"]);
    return (JSON.parse(stdout) as { services: Record<string, ServedAt> }).services;
  }

  /** Plain pulumi, as `eval "$(npm run --silent env)"` sets it up. @throws with all that it printed */
  async pulumi(...args: readonly string[]): Promise<Result> {
    const words = ["pulumi", ...args, "--stack", this.name].map(quote).join(" ");
    const environment = `"$(${quote(process.execPath)} cli/modelport.js env --stack ${this.name})"`;
    const result = await this.world.run(["sh", "-euc", `eval ${environment}; ${words}`], {
      timeoutSeconds: TIMEOUT_SECONDS,
    });
    assert.equal(result.code, 0, transcript(words, result));
    return result;
  }

  /** As `pulumi config set --secret --path`, all at once. @param secrets by path below `modelport:` */
  async setSecrets(secrets: Readonly<Record<string, string>>): Promise<void> {
    const pairs = Object.entries(secrets).flatMap(([key, value]) => [
      "--secret",
      `modelport:${key}=${value}`,
    ]);
    if (pairs.length > 0) await this.pulumi("config", "set-all", "--path", ...pairs);
  }

  private edit(change: (config: Values) => void): void {
    const file = path.join(this.world.checkout, `Pulumi.${this.name}.yaml`);
    const document = (fs.existsSync(file) ? parse(fs.readFileSync(file, "utf8")) : {}) as Values;
    const config = (document["config"] ?? {}) as Values;
    change(config);
    fs.writeFileSync(file, stringify({ ...document, config }));
  }
}

export const transcript = (command: string, { code, stdout, stderr }: Result) =>
  `${command} ended with ${String(code)}:\n${stderr}\n${stdout}`;

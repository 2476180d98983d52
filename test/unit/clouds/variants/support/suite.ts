import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { TestStack, type Changes, type Config, type World } from "./stack";

/** How a stack differs from one that the cloud accepts. */
export interface Variant<Rule extends string> {
  /** What refuses it. */
  readonly rule: Rule;
  readonly title: string;
  /** What the refusal says, among other things. */
  readonly says: string;
  /** Default: the suite's. */
  readonly config?: Config;
  readonly changes?: Changes;
  /** Brings the cloud into a state. */
  readonly prepare?: (world: World) => Promise<void> | void;
  /** What then fails. An update and a deletion come after a stack that was accepted. Default: up */
  readonly during?: "up" | "update" | "down";
}

export interface Suite<Rule extends string> {
  /** Folder of the cloud. */
  readonly cloud: "google" | "ibm";
  /** All there are, with what documents each. */
  readonly rules: Readonly<Record<Rule, string>>;
  /** Those that no program of a stack can meet, and why. */
  readonly unreached: Readonly<Partial<Record<Rule, string>>>;
  readonly ruleOf: (error: Error) => Rule | undefined;
  readonly start: () => Promise<World>;
  readonly config: Config;
  /** Stacks that the cloud must accept, beside that one. */
  readonly accepted: readonly Pick<Variant<Rule>, "config" | "changes" | "prepare">[];
  readonly variants: readonly Variant<Rule>[];
}

const ROOT = path.join(__dirname, "..", "..", "..", "..", "..");

/** Every rule of a simulated cloud, met by a stack that differs in one thing from one that is accepted. */
export function refusals<Rule extends string>(suite: Suite<Rule>): void {
  const seen = new Set<Rule>();
  let world: World;
  before(() => {
    // Staging copies the server's bundle.
    execFileSync(process.execPath, [path.join(ROOT, "local", "build.js"), "server"]);
  });
  beforeEach(async () => {
    world = await suite.start();
  });
  afterEach(() => world.close());

  for (const { config = suite.config, changes, prepare } of [{}, ...suite.accepted])
    it(`accepts ${config.name}, up, unchanged and down`, async () => {
      await prepare?.(world);
      const before = world.cloud.store.list();
      const stack = new TestStack(world);
      await stack.up(config, changes);
      const made = world.cloud.store.list();
      await stack.up(config, changes);
      assert.deepEqual(world.cloud.store.list(), made);
      await stack.down();
      assert.deepEqual(stack.refusals, []);
      assert.deepEqual(world.cloud.store.list(), before);
    });

  for (const variant of suite.variants)
    it(`${variant.rule}: ${variant.title}`, async () => {
      const { rule, says, config = suite.config, changes, prepare, during = "up" } = variant;
      const stack = new TestStack(world);
      if (during === "update") await stack.up(suite.config);
      if (during === "down") await stack.up(config, changes);
      await prepare?.(world);
      await assert.rejects(during === "down" ? stack.down() : stack.up(config, changes));
      assert.ok(stack.refusals.length > 0, "something else failed");
      for (const refusal of stack.refusals) {
        assert.equal(suite.ruleOf(refusal), rule, refusal.stack);
        assert.ok(refusal.message.includes(says), refusal.message);
      }
      seen.add(rule);
    });

  it("has no rule that no stack has met, but those that none can meet", () => {
    assert.deepEqual(
      [...seen, ...Object.keys(suite.unreached)].sort(),
      Object.keys(suite.rules).sort(),
    );
  });

  it("cites what documents each rule", () => {
    for (const [rule, source] of Object.entries<string>(suite.rules))
      assert.match(source, /^(?:https:\/\/|of the simulation: |inferred: )/, rule);
  });

  it("refuses nothing without a rule", () => {
    const folder = path.join(ROOT, "test", "support", "clouds", suite.cloud);
    const nameless = fs
      .readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .filter((file) => /new CloudError\(/.test(fs.readFileSync(path.join(folder, file), "utf8")));
    assert.deepEqual(nameless, []);
  });
}

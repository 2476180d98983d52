import * as assert from "node:assert/strict";
import { type Deployment, readState, type StateResource } from "../../../cli/state";
import { Random } from "../../fuzz/random";
import type { Result } from "../../support/command";
import { Canaries } from "../support/canaries";
import { StackUnderTest, type Values } from "../support/stack";
import { added, eventually } from "../support/eventually";
import type { Worlds } from "../support/worlds";
import type { Surroundings, Target } from "../targets/target";
import { assertAtRest, lasting } from "./checks";
import { choosePoint, type Course, type Kind, type Moment } from "./points";
import { Trap } from "./trap";
import { kill, type Victim } from "./victims";

/** Two configs of the same stack: from one to the other resources are made, changed, replaced and removed. */
const VARIANTS: readonly Record<string, Values>[] = [
  { iris: { models: ["iris"] } },
  {
    iris: { models: ["iris", "and-gate"], replicas: 2, env: { GREETING: "hello" } },
    gate: { models: ["and-gate"] },
  },
];

/** What a killed command had done. */
interface Cut {
  readonly killed: boolean;
  readonly seconds: number;
  /** The last line that it printed. */
  readonly last: string;
  readonly pending: Deployment["pending"];
}

/** A stack that is interrupted again and again, at points that a seed decides, and must come to rest each time. */
export class Campaign {
  private readonly random: Random;
  private place: Surroundings | undefined;
  private before: string[] = [];
  /** What is there after an undisturbed `up`, by variant. */
  private readonly references: string[][] = [];
  private courses: Record<Kind, Course> | undefined;
  private variant = 0;
  private isUp = false;

  constructor(
    private readonly target: Target,
    private readonly worlds: Worlds,
    seed: number,
    private readonly print: (line: string) => void,
  ) {
    this.random = new Random(seed);
  }

  /** How the commands go undisturbed: how long, and to which end. */
  async prepare(): Promise<void> {
    this.place = await this.target.prepare(this.worlds, new Canaries());
    this.before = await this.inventory();
    this.stack.write({ ...this.place.config, services: this.services });
    await this.stack.pulumi("stack", "select", "--create");
    await this.stack.setSecrets(this.place.secrets ?? {});
    await this.place.beforeUp?.();
    // The first one builds what every other finds.
    await this.settle("up");
    await this.settle("down");
    const creation = courseOf(await this.settle("up"));
    this.references[0] = await this.inventory();
    this.toggle();
    const change = courseOf(await this.settle("up"));
    this.references[1] = await this.inventory();
    const removal = courseOf(await this.settle("down"));
    this.toggle();
    this.courses = { creation, change, removal };
    for (const [kind, { milliseconds, lines }] of Object.entries(this.courses))
      this.print(`undisturbed ${kind}: ${seconds(milliseconds)}, ${lines} lines`);
  }

  /** One point: up to it, over it, and to rest again. @throws where the stack does not come to rest as it should */
  async interrupt(label: string): Promise<void> {
    assert.ok(this.courses !== undefined, "prepare comes first");
    const point = choosePoint(this.random, this.courses, this.isUp);
    if (point.kind === "creation" && this.isUp) await this.settle("down");
    if (point.kind === "change") this.toggle();
    const { kind, victim, moment, next, again } = point;
    const first = await this.cut(kind === "removal" ? "down" : "up", victim, moment);
    this.print(`${label} ${NAMES[kind]}: ${describe(victim, moment, first)}`);
    if (again !== undefined) {
      const second = await this.cut(next, "everything", again);
      this.print(`    ${next} after it: ${describe("everything", again, second)}`);
    }
    const began = Date.now();
    const result = await this.settle(next);
    const repairs = result.stderr.split("\n").filter((line) => REPAIR.test(line));
    for (const line of repairs) this.print(`    ${line.trim()}`);
    if (next === "up") {
      await this.stack.pulumi("preview", "--expect-no-changes");
      assertAtRest((await this.stack.pulumi("stack", "export")).stdout);
      await eventually(async () =>
        assert.deepEqual(await this.inventory(), this.references[this.variant]),
      );
    }
    const end = next === "up" ? "converged" : "nothing left";
    this.print(`    ${end} after ${seconds(Date.now() - began)}`);
  }

  /** The last `down`, and what is left then: nothing. */
  async finish(): Promise<void> {
    if (this.isUp) await this.settle("down");
    await this.close();
  }

  /** Takes away what a point that failed has left. */
  async close(): Promise<void> {
    if (this.place === undefined) return;
    const { place } = this;
    await this.stack.modelport(["down"]);
    this.place = undefined;
    await place.close?.();
  }

  /** Runs a command to its end. @throws unless it succeeds; after `down`, if something is left */
  private async settle(command: "up" | "down"): Promise<Result> {
    const result = await this.stack.succeed([command]);
    this.isUp = command === "up";
    if (command === "down")
      await eventually(async () =>
        assert.deepEqual(added(this.before, await this.inventory()), []),
      );
    return result;
  }

  private async cut(command: "up" | "down", victim: Victim, moment: Moment): Promise<Cut> {
    const trap = new Trap(moment, (root) => kill(victim, root));
    const result = await this.stack.modelport([command], {
      started: ({ pid }) => trap.started(pid),
      onOutput: (stderr) => trap.printed(lineCount(stderr)),
    });
    const killedAt = trap.disarm();
    this.isUp = command === "up" || result.code !== 0;
    return {
      killed: killedAt !== undefined,
      seconds: killedAt ?? result.seconds,
      last: result.stderr.trimEnd().split("\n").at(-1)?.trim() ?? "",
      pending: this.state?.pending ?? [],
    };
  }

  private toggle(): void {
    this.variant = 1 - this.variant;
    this.stack.editServices((services) => {
      for (const name of Object.keys(services)) Reflect.deleteProperty(services, name);
      Object.assign(services, this.services);
    });
  }

  private get services(): Record<string, Values> {
    const { service } = this.surroundings;
    const [exposure = "ClusterIP"] = this.target.exposures;
    const entries = Object.entries(VARIANTS[this.variant] ?? {}).map(([name, values]) => [
      name,
      { exposure, ...service?.(exposure), ...values },
    ]);
    return Object.fromEntries(entries) as Record<string, Values>;
  }

  /** An API server that has just got new kinds refuses to list them for a while. */
  private async inventory(): Promise<string[]> {
    let found: string[] = [];
    await eventually(async () => {
      found = await this.surroundings.inventory();
    });
    return lasting(found);
  }

  private get state(): Deployment | undefined {
    return readState(this.target.stack, {
      PULUMI_BACKEND_URL: `file://${this.surroundings.world.state}/pulumi`,
    });
  }

  private get surroundings(): Surroundings {
    if (this.place === undefined) throw new Error(`${this.target.name} has no world yet`);
    return this.place;
  }

  private get stack(): StackUnderTest {
    return new StackUnderTest(this.surroundings.world, this.target.stack);
  }
}

/** What the next command says of what it mended. */
const REPAIR = /released the lock|ending the update|settling|reading the real state/;

const NAMES: Record<Kind, string> = {
  creation: "up from nothing",
  change: "up to another config",
  removal: "down",
};

function describe(victim: Victim, { lines, milliseconds }: Moment, cut: Cut): string {
  const place = lines === 0 ? "" : `, ${milliseconds} ms after line ${lines}`;
  const what = cut.killed ? `${victim} killed` : "came to its end";
  const pending = cut.pending.map(({ type, resource }) => `${type} ${nameOf(resource)}`);
  const open = pending.length === 0 ? "" : `; pending: ${pending.join(", ")}`;
  return `${what} at ${cut.seconds.toFixed(1)} s${place}; last said: "${cut.last}"${open}`;
}

const nameOf = ({ type, urn }: StateResource) =>
  `${type.split(":").at(-1) ?? ""} ${urn.split("::").at(-1) ?? ""}`;

const courseOf = ({ seconds, stderr }: Result): Course => ({
  milliseconds: Math.round(seconds * 1000),
  lines: lineCount(stderr),
});

const lineCount = (text: string) => text.split("\n").length - 1;

const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;

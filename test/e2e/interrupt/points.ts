import type { Random } from "../../fuzz/random";
import { type Victim, VICTIMS } from "./victims";

/** What is cut off: `up` from nothing, `up` to another config, `down`. */
export type Kind = "creation" | "change" | "removal";

/** How a command that nobody interrupts goes. */
export interface Course {
  readonly milliseconds: number;
  /** That it prints. */
  readonly lines: number;
}

/** When to kill: so long after the command has printed so many lines. */
export interface Moment {
  readonly lines: number;
  readonly milliseconds: number;
}

export interface Point {
  readonly kind: Kind;
  readonly victim: Victim;
  readonly moment: Moment;
  /** Which command comes next. */
  readonly next: "up" | "down";
  /** When that is killed too. Default: it may come to its end. */
  readonly again?: Moment;
}

/** Most of what goes wrong begins with all of it gone. */
const WEIGHTS: Record<Victim, number> = { everything: 8, "the command": 1, "the engine": 1 };
/** How likely it is that what repairs is killed as well. */
const TWICE = 0.2;
/** After a line, in ms: what it announces is under way then. */
const LATEST_AFTER_LINE = 400;

/** @param courses how long the commands take here @param isUp whether the stack is there */
export function choosePoint(
  random: Random,
  courses: Readonly<Record<Kind, Course>>,
  isUp: boolean,
): Point {
  const kind = isUp
    ? random.weighted<Kind>([
        [3, "creation"],
        [4, "change"],
        [3, "removal"],
      ])
    : "creation";
  const victim = random.weighted(VICTIMS.map((one) => [WEIGHTS[one], one] as const));
  const moment = chooseMoment(random, courses[kind]);
  const next = kind === "removal" && random.chance(0.5) ? "down" : "up";
  const again = random.chance(TWICE)
    ? { again: chooseMoment(random, courses[next === "up" ? kind : "removal"]) }
    : {};
  return { kind, victim, moment, next, ...again };
}

function chooseMoment(random: Random, { milliseconds, lines }: Course): Moment {
  return random.chance(0.5)
    ? { lines: 0, milliseconds: random.int(0, milliseconds) }
    : { lines: random.int(1, Math.max(1, lines)), milliseconds: random.int(0, LATEST_AFTER_LINE) };
}

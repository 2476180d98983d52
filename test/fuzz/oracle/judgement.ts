import type { Element } from "./elements";
import type { Signature } from "./signature";

/** MAX_BODY_BYTES and MAX_ROWS, the server's defaults, which the campaigns run with. */
export const MAX_BODY_BYTES = 65_536;
export const MAX_ROWS = 1024;

/** An input as the model gets it. */
export interface InputTensor {
  readonly shape: readonly number[];
  readonly elements: readonly Element[];
}

/** A request the model can answer: what its answer is compared with. */
export interface Expected {
  readonly signature: Signature;
  readonly version: string;
  readonly rows: number;
  /** By the model's input names. */
  readonly inputs: ReadonlyMap<string, InputTensor>;
  /** The outputs asked for, in that order; undefined is all of them. */
  readonly requested?: readonly string[];
  /** Open Inference Protocol: comes back. */
  readonly id?: string;
}

/**
 * What a request must be answered with. `valid`: 200 and the right answer. `invalid`: one of `statuses`. `doubtful`: the
 * protocol leaves it open, or it is a matter of taste: either of them, but when it is 200, the answer must be right.
 */
export type Judgement =
  | { readonly verdict: "valid"; readonly expected: Expected }
  | {
      readonly verdict: "doubtful";
      readonly expected: Expected | undefined;
      readonly statuses: readonly number[];
    }
  | { readonly verdict: "invalid"; readonly statuses: readonly number[] };

/** Ends a reading: the request is wrong, and must be refused with one of `statuses`. */
export class Refusal extends Error {
  constructor(readonly statuses: readonly number[]) {
    super(`to be refused with ${statuses.join(" or ")}`);
  }
}

/** Ends a reading: nobody can tell what is right. */
export class Unclear extends Error {}

export const BAD_REQUEST = new Refusal([400]);
export const UNCLEAR = new Unclear("either is right");

/** What a doubtful request may be refused with: which fault is found first is the server's business. */
export const ANY_REFUSAL: readonly number[] = [400, 404, 413, 415];

/** Reads one request; `doubt` says that a server may refuse from here on, or not. */
export class Reading {
  private doubtful = false;
  private tooMuch = false;

  doubt(): void {
    this.doubtful = true;
  }

  /** More than is allowed, which may be told before or after what else is wrong. */
  excess(): void {
    this.tooMuch = true;
  }

  /** @param read the request as a reference would understand it; throws a Refusal or UNCLEAR */
  judge(read: () => Expected): Judgement {
    try {
      const expected = read();
      if (this.tooMuch)
        return { verdict: "invalid", statuses: this.doubtful ? ANY_REFUSAL : [413] };
      return this.doubtful
        ? { verdict: "doubtful", expected, statuses: ANY_REFUSAL }
        : { verdict: "valid", expected };
    } catch (error) {
      if (error instanceof Refusal)
        return {
          verdict: "invalid",
          statuses: this.doubtful
            ? ANY_REFUSAL
            : this.tooMuch
              ? [...error.statuses, 413]
              : error.statuses,
        };
      if (error instanceof Unclear)
        return { verdict: "doubtful", expected: undefined, statuses: ANY_REFUSAL };
      throw error;
    }
  }
}

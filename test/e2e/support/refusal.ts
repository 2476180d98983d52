import * as assert from "node:assert/strict";
import type { CommandOptions } from "../../support/command";
import { type StackUnderTest, transcript } from "./stack";

/** Runs a command that must fail, and say of it each of these words. @returns what it told on the way, too */
export async function refused(
  stack: StackUnderTest,
  args: readonly string[],
  says: readonly RegExp[],
  options?: Partial<CommandOptions>,
): Promise<string> {
  const result = await stack.modelport(args, options);
  const said = transcript(`modelport ${args.join(" ")}`, result);
  assert.notEqual(result.code, 0, said);
  const error = result.stderr.slice(result.stderr.lastIndexOf("\nerror: ") + 1);
  for (const words of says)
    assert.ok(words.test(error), `it does not say ${words.source}:\n${said}`);
  return result.stderr;
}

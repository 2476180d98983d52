import * as fs from "node:fs";
import * as path from "node:path";
import { repositoryRoot } from "../../local/paths";
import { PROJECT } from "../config/faults";
import { messageOf, ProgramError } from "../errors";
import { withExamples } from "./examples";

export interface StackFile {
  readonly stack: string;
  /** As Pulumi hands them over: full key to text, objects as JSON. */
  readonly values: Readonly<Record<string, string>>;
  /** Full keys whose value is, or holds, a secret. */
  readonly secretKeys: readonly string[];
  /** Config keys whose placeholder was filled in, with what. */
  readonly examples: Readonly<Record<string, unknown>>;
}

/**
 * As the engine does: the stack's file over the defaults of Pulumi.yaml; secrets stay closed. Unlike the engine it puts the
 * schema's examples in place of `<…>`.
 * @param stack a stack's name, or the path of a file Pulumi.<stack>.yaml
 * @throws ProgramError when there is no such file
 */
export async function readStackFile(stack: string): Promise<StackFile> {
  const { parse } = await import("yaml");
  const root = repositoryRoot();
  const isPath = /[/\\]|\.ya?ml$/.test(stack);
  const file = isPath ? path.resolve(root, stack) : path.join(root, `Pulumi.${stack}.yaml`);
  const text = read(file, root);
  const project = parse(fs.readFileSync(path.join(root, "Pulumi.yaml"), "utf8")) as {
    config: Record<string, { default?: unknown }>;
  };
  const given = (parse(text) as { config?: Record<string, unknown> } | null)?.config ?? {};
  const defaults = Object.entries(project.config).flatMap(([key, { default: value }]) =>
    value === undefined ? [] : [[`${PROJECT}:${key}`, value] as const],
  );
  const all: Record<string, unknown> = { ...Object.fromEntries(defaults), ...given };
  return {
    stack: isPath ? path.basename(file).replace(/^Pulumi\.|\.ya?ml$/g, "") : stack,
    ...stackConfig(all),
  };
}

/**
 * Config as a stack's file has it, by full key, as the program reads it.
 * @param placeholders whether examples take their place. Default: true
 */
export function stackConfig(
  given: Readonly<Record<string, unknown>>,
  placeholders = true,
): Omit<StackFile, "stack"> {
  const { config, examples, secretKeys } = withExamples(given, placeholders);
  const values = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return { values: Object.fromEntries(values) as Record<string, string>, secretKeys, examples };
}

function read(file: string, root: string): string {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    const stacks = fs
      .readdirSync(root)
      .flatMap((name) => /^Pulumi\.(.+)\.yaml$/.exec(name)?.[1] ?? []);
    const name = path.basename(file).replace(/^Pulumi\.|\.ya?ml$/g, "");
    throw new ProgramError(`there is no stack ${name}`, {
      why: messageOf(error),
      fix: `one of: ${stacks.join(", ")}`,
    });
  }
}

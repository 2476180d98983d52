import { ExitCode, UserError } from "../local/errors";

/** A service as the stack's outputs tell it. */
export interface ServiceOutput {
  url: string;
  reachableFrom: "internet" | "vpc" | "cluster" | "machine";
  image: string;
  models: string[];
  namespace: string;
}

export interface StackOutputs {
  target: string;
  url: string;
  image: string;
  services: Record<string, ServiceOutput>;
}

/** @throws UserError if the stack was never brought up, or not to its end */
export function toOutputs(stack: string, outputs: Readonly<Record<string, unknown>>): StackOutputs {
  if (typeof outputs["url"] !== "string")
    throw new UserError(`stack ${stack} has no URL yet`, {
      why:
        Object.keys(outputs).length === 0
          ? "it is not up"
          : "its last update did not end with a prediction",
      fix: `npm run up -- --stack ${stack}`,
    });
  return outputs as unknown as StackOutputs;
}

/** @param name default: the first service @throws UserError for a service the stack doesn't have */
export function pickService(outputs: StackOutputs, name?: string): [string, ServiceOutput] {
  const all = Object.entries(outputs.services);
  const found = name === undefined ? all[0] : all.find(([candidate]) => candidate === name);
  if (found !== undefined) return found;
  throw new UserError(`there is no service ${JSON.stringify(name ?? "")}`, {
    why: `the stack's services: ${all.map(([candidate]) => candidate).join(", ") || "none"}`,
    fix: "name one of them, or none for the first",
    exitCode: ExitCode.usage,
  });
}

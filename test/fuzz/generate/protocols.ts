import { Random } from "../random";
import { binaryCase } from "./binary-cases";
import type { HttpCase, World } from "./case";
import { OPEN_INFERENCE, PLAIN, TENSORFLOW } from "./dialects";
import { jsonCase } from "./json-cases";
import { textCase } from "./text-cases";

/** What `--protocol` chooses from, and each one's share of the cases. */
export const SHARES = {
  "http-plain": 0.22,
  tensorflow: 0.22,
  "open-inference": 0.2,
  binary: 0.16,
  framing: 0.08,
  grpc: 0.12,
} as const;

export type Protocol = keyof typeof SHARES;
export const protocols = Object.keys(SHARES) as Protocol[];

/** Those whose cases are whole HTTP requests, which can share a connection. */
export type HttpProtocolName = Exclude<Protocol, "framing" | "grpc">;
export const httpProtocols = protocols.filter(isHttp);

export function isHttp(protocol: Protocol): protocol is HttpProtocolName {
  return protocol !== "framing" && protocol !== "grpc";
}

/** The case that `seed` stands for: the same one each time, as long as the models are the same. */
export function makeHttpCase(protocol: HttpProtocolName, seed: number, world: World): HttpCase {
  const random = new Random(seed);
  switch (protocol) {
    case "http-plain":
      return (
        (random.chance(0.05) ? textCase(world, random) : undefined) ??
        jsonCase(PLAIN, world, random)
      );
    case "tensorflow":
      return jsonCase(TENSORFLOW, world, random);
    case "open-inference":
      return jsonCase(OPEN_INFERENCE, world, random);
    case "binary":
      return binaryCase(world, random);
  }
}

/** How a case is named: `--case` makes it again. */
export function caseId(protocol: Protocol, seed: number): string {
  return `${protocol}:${(seed >>> 0).toString(16).padStart(8, "0")}`;
}

/** @throws Error when `text` isn't such a name */
export function parseCaseId(text: string): { protocol: Protocol; seed: number } {
  const [, name, digits] = /^([a-z0-9-]+):([0-9a-f]{8})$/.exec(text) ?? [];
  const protocol = protocols.find((one) => one === name);
  if (protocol === undefined || digits === undefined)
    throw new Error(
      `--case: got "${text}", <protocol>:<8 hexadecimal digits> is needed, with a protocol of ${protocols.join(", ")}`,
    );
  return { protocol, seed: Number.parseInt(digits, 16) };
}

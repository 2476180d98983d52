/** Names for resources the program left unnamed (provider/pkg/metadata/naming.go). */
import { createHash, randomBytes } from "node:crypto";
import { Unknown, type PlainObject } from "../rpc/properties";
import { annotations, isTrue } from "./annotations";
import { get, nameOf, set } from "./object";

/** What the stack's `pulumi:autonaming` configuration says, worked out by the engine. */
export interface Autonaming {
  proposedName: string;
  /** The configuration forbids generated names. */
  disabled: boolean;
}

export interface NameRequest {
  resourceName: string;
  randomSeed: Uint8Array;
  autonaming: Autonaming | undefined;
}

/** `<resource name>-<8 hex digits>`, the same for the same seed, so that preview and update agree. */
export function assignName(inputs: PlainObject, request: NameRequest): void {
  if (!needsName(inputs)) return;
  if (request.autonaming?.disabled === true)
    throw new Error(`automatic naming is disabled, so ${request.resourceName} needs metadata.name`);
  const seed = request.randomSeed.length > 0 ? request.randomSeed : randomBytes(32);
  const suffix = createHash("sha256").update(seed).digest("hex").slice(0, 8);
  const proposed = request.autonaming?.proposedName ?? "";
  set(inputs, proposed === "" ? `${request.resourceName}-${suffix}` : proposed, "metadata", "name");
  set(inputs, "true", "metadata", "annotations", annotations.autonamed);
}

/** An unnamed resource keeps the name it was once given. */
export function adoptName(inputs: PlainObject, oldInputs: PlainObject): void {
  if (!needsName(inputs) || !isTrue(oldInputs, annotations.autonamed)) return;
  set(inputs, nameOf(oldInputs), "metadata", "name");
  set(inputs, "true", "metadata", "annotations", annotations.autonamed);
}

function needsName(inputs: PlainObject): boolean {
  const isUnknown = (...path: string[]) => get(inputs, ...path) instanceof Unknown;
  return (
    nameOf(inputs) === "" &&
    get(inputs, "metadata", "generateName") === undefined &&
    !isUnknown("metadata") &&
    !isUnknown("metadata", "name")
  );
}

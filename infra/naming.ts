import { createHash } from "node:crypto";

/** Longest name that Kubernetes (RFC 1123 label), GCP and IBM Cloud all accept. */
export const MAX_NAME_LENGTH = 63;

const HASH_LENGTH = 8;

/** What a user may call a service or a model: already a valid name everywhere. */
export const NAME_PATTERN = /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/;

/**
 * A physical name from its parts: lower-case letters, digits and dashes, a letter first, at most `maxLength` long.
 * Parts that had to be altered or shortened leave a hash of the originals at the end, so that different parts never share a name.
 */
export function physicalName(parts: readonly string[], maxLength = MAX_NAME_LENGTH): string {
  const plain = parts.join("-");
  if (plain.length <= maxLength && NAME_PATTERN.test(plain) && !looksHashed(plain)) return plain;
  const readable = plain
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "");
  const hash = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  const kept = readable.slice(0, maxLength - HASH_LENGTH - 1).replace(/-+$/, "");
  return `${kept === "" ? "x" : kept}-${hash.slice(0, HASH_LENGTH)}`;
}

/** Namespace of a stack's services that name none. */
export function stackNamespace(stack: string): string {
  return physicalName(["modelport", stack]);
}

/** A plain name that could be taken for a shortened one is hashed too. */
function looksHashed(name: string): boolean {
  return /-[0-9a-f]{8}$/.test(name);
}

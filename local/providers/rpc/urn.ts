/** `urn:pulumi:<stack>::<project>::<parent types>$<type>::<name>` */
export interface Urn {
  /** The resource's own type, e.g. `kubernetes:apps/v1:Deployment`. */
  type: string;
  name: string;
}

export function parseUrn(urn: string): Urn {
  const parts = urn.split("::");
  const qualifiedType = parts[2];
  if (qualifiedType === undefined || parts.length < 4) throw new Error(`not a URN: ${urn}`);
  // A name may hold `::`; a type may not.
  return {
    type: qualifiedType.slice(qualifiedType.lastIndexOf("$") + 1),
    name: parts.slice(3).join("::"),
  };
}

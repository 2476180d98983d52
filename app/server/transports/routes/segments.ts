/** A path's segments as they were sent: `/v1/models/iris` is `v1`, `models`, `iris`. */
export function segmentsOf(path: string): string[] {
  return path.slice(1).split("/");
}

/** A segment's text; undefined when it is empty or badly encoded. */
export function decode(segment: string): string | undefined {
  if (!segment.includes("%")) return segment === "" ? undefined : segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

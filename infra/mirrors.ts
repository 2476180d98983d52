/** Beginnings of image references, and what stands for each: `images.mirrors` of the config. */
export type Mirrors = Readonly<Record<string, string>>;

/**
 * Where an image is pulled from instead. The longest beginning that is given wins; it ends where a path segment, tag or digest does.
 * @param reference as people write it: `nginx:1` is docker.io/library/nginx:1
 * @returns the reference as it came where no mirror is meant
 */
export function mirrored(reference: string, mirrors: Mirrors): string {
  const full = fullReference(reference);
  const [beginning, mirror] =
    Object.entries(mirrors)
      .filter(([from]) => full === from || /^[/:@]/.test(startsAfter(full, from)))
      .sort(([a], [b]) => b.length - a.length)[0] ?? [];
  return beginning === undefined || mirror === undefined
    ? reference
    : mirror + full.slice(beginning.length);
}

/** What follows a beginning; empty where it is none. */
const startsAfter = (text: string, beginning: string) =>
  text.startsWith(beginning) ? text.slice(beginning.length) : "";

/** With the host, and Docker Hub's folder for images that have none: https://docs.docker.com/reference/cli/docker/image/tag */
function fullReference(reference: string): string {
  const [first = "", ...rest] = reference.split("/");
  if (rest.length === 0) return `docker.io/library/${reference}`;
  const isHost = /[.:]/.test(first) || first === "localhost";
  if (!isHost) return `docker.io/${reference}`;
  return first === "docker.io" && rest.length === 1
    ? `docker.io/library/${rest[0] ?? ""}`
    : reference;
}

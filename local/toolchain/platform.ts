import * as fs from "node:fs";

/** `linux-x64`, `linux-arm64`, `darwin-arm64`: Node's words. */
export function platform(): string {
  return `${process.platform}-${process.arch}`;
}

/** `debian-12`, `ubuntu-24.04`; undefined on systems without Debian's package tools' release file. */
export function debianRelease(osRelease = "/etc/os-release"): string | undefined {
  let text: string;
  try {
    text = fs.readFileSync(osRelease, "utf8");
  } catch {
    return undefined;
  }
  const field = (name: string) => new RegExp(`^${name}="?([^"\\n]*)`, "m").exec(text)?.[1];
  const id = field("ID");
  return id === undefined ? undefined : `${id}-${field("VERSION_ID") ?? "rolling"}`;
}

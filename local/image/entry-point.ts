import * as fs from "node:fs";
import * as path from "node:path";
import { repositoryRoot } from "../paths";

/** Node's flags in the image's entry point: whoever runs the server elsewhere runs it alike. @throws Error when app/Dockerfile has none */
export function entryPointFlags(root = repositoryRoot()): string[] {
  const text = fs.readFileSync(path.join(root, "app", "Dockerfile"), "utf8");
  const line = /^ENTRYPOINT (\[.*\])$/m.exec(text)?.[1];
  if (line === undefined) throw new Error("app/Dockerfile has no ENTRYPOINT");
  return (JSON.parse(line) as string[]).slice(1, -1);
}

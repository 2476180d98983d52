/** `npm run docs`: writes every generated file. `--check`: writes none, and fails where one is not up to date. */
import * as fs from "node:fs";
import * as path from "node:path";
import { repositoryRoot } from "../local/paths";
import { generate } from "./generate";

async function main(check: boolean): Promise<void> {
  const root = repositoryRoot();
  const stale: string[] = [];
  for (const [file, text] of Object.entries(await generate())) {
    const target = path.join(root, file);
    if (fs.existsSync(target) && fs.readFileSync(target, "utf8") === text) continue;
    stale.push(file);
    if (check) continue;
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
  }
  process.stdout.write(
    stale.length === 0
      ? "every generated file is up to date\n"
      : stale.map((file) => `${check ? "out of date" : "wrote"}: ${file}\n`).join(""),
  );
  if (check && stale.length > 0) process.exitCode = 1;
}

void main(process.argv.includes("--check"));

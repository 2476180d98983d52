/** Every generated file of the documentation, by its path in the repository. */
import * as path from "node:path";
import * as prettier from "prettier";
import { TARGET_NAMES } from "../infra/config/schema";
import { repositoryRoot } from "../local/paths";
import { jsonSchema } from "./json-schema";
import { reference } from "./reference";
import { sections } from "./shape";
import { targetPage } from "./targets";

export async function generate(): Promise<Record<string, string>> {
  return { ...(await configFiles()), ...(await targetPages()) };
}

/** One after the other: each takes a process with the whole program. */
export async function targetPages(): Promise<Record<string, string>> {
  const pages: Record<string, string> = {};
  for (const name of TARGET_NAMES) {
    const [file, text] = await formatted(`docs/targets/${name}.md`, await targetPage(name));
    pages[file] = text;
  }
  return pages;
}

/** What is made of the config's schema. */
export async function configFiles(): Promise<Record<string, string>> {
  const all = sections();
  return Object.fromEntries(
    await Promise.all([
      formatted("docs/reference/config.md", reference(all)),
      formatted("schema/modelport.schema.json", JSON.stringify(jsonSchema(all))),
    ]),
  );
}

/** As `npm run lint` wants it. */
async function formatted(file: string, text: string): Promise<[string, string]> {
  const filepath = path.join(repositoryRoot(), file);
  const options = await prettier.resolveConfig(filepath);
  return [file, await prettier.format(text, { ...options, filepath })];
}

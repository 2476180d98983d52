import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { billOfMaterials, type BillOfMaterialsArgs } from "./bill-of-materials";

/**
 * A service's bill of materials as a file beside its staged context. Made anew only when what it is made from changed: CycloneDX's
 * library takes a fifth of a second to load.
 * @returns its path
 */
export async function billFile(
  root: string,
  stack: string,
  service: string,
  args: Omit<BillOfMaterialsArgs, "root">,
): Promise<string> {
  const file = path.join(root, ".modelport", "contexts", stack, `${service}.cdx.json`);
  const made = `${file}.made`;
  const now = fingerprint(root, args);
  if (read(made) === now && fs.existsSync(file)) return file;
  const text = await (bills.get(now) ?? remember(now, billOfMaterials({ root, ...args })));
  fs.mkdirSync(path.dirname(file), { recursive: true });
  replace(file, text);
  replace(made, now);
  return file;
}

/** Services with the same models have the same bill: it is made once a run. */
const bills = new Map<string, Promise<string>>();

function remember(fingerprint: string, bill: Promise<string>): Promise<string> {
  bills.set(fingerprint, bill);
  return bill;
}

/** The bundles' stamps name their sources and the lock file, each with size and time. */
function fingerprint(root: string, args: object): string {
  const dist = path.join(root, "dist");
  const stamps = fs.readdirSync(dist).filter((file) => /^server.*\.inputs\.json$/.test(file));
  const hash = createHash("sha256").update(JSON.stringify(args));
  hash.update(process.env["SOURCE_DATE_EPOCH"] ?? "");
  for (const file of [
    ...stamps.sort().map((stamp) => path.join(dist, stamp)),
    ...["package.json", "app/context.json", "app/Dockerfile"].map((name) => path.join(root, name)),
  ])
    hash.update(fs.readFileSync(file));
  return hash.digest("hex");
}

function read(file: string): string | undefined {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : undefined;
}

/** Two runs at once must not see half a file. */
function replace(file: string, text: string): void {
  const partial = `${file}.${process.pid}`;
  fs.writeFileSync(partial, text);
  fs.renameSync(partial, file);
}

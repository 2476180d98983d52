import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { repositoryRoot } from "../../local/paths";

/**
 * A copy of the working tree without what git ignores, to be changed by a test. Its node_modules is this checkout's.
 * @returns its path
 */
export function copyCheckout(): string {
  const root = repositoryRoot();
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-checkout-"));
  const listed = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  for (const file of listed.split("\0")) {
    if (file === "" || !fs.existsSync(path.join(root, file))) continue;
    fs.mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    fs.copyFileSync(path.join(root, file), path.join(copy, file));
  }
  fs.symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"));
  return copy;
}

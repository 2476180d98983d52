/**
 * npm run lint:manifests: renders every variant and the committed stacks, and puts the manifests before kubeconform, kube-score
 * and checkov. Exit code 1 on any finding, and when a scanner overlooks a manifest that is bad on purpose.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { render } from "../../infra/offline/render";
import { readStackFile } from "../../infra/offline/stack-file";
import { formatError } from "../../local/errors";
import { repositoryRoot } from "../../local/paths";
import { terminalProgress } from "../../local/progress";
import { ensurePython } from "../../local/python";
import { ensureTools } from "../../local/toolchain";
import { BAD_MANIFESTS } from "./bad-manifests";
import { checkov, kubeconform, kubeScore, type Finding, type Scanners } from "./scan";
import { renderVariant, VARIANTS, write } from "./variants";

/** The stacks of the repository, beside the variants. */
const STACKS = ["local", "dev", "prod", "iks", "openshift"];

const SCANS = { kubeconform, "kube-score": kubeScore, checkov } as const;

async function main(): Promise<void> {
  const progress = terminalProgress();
  const tools = await ensureTools(["kubeconform", "kube-score"], { progress });
  const { python } = await ensurePython(path.join(__dirname, "requirements.txt"), { progress });
  const scanners: Scanners = {
    kubeconform: tools.kubeconform.bin["kubeconform"] ?? "",
    kubeScore: tools["kube-score"].bin["kube-score"] ?? "",
    python,
  };
  // Staging copies the server's bundle.
  execFileSync(process.execPath, [path.join(repositoryRoot(), "local", "build.js"), "server"]);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "modelport-manifests-"));
  try {
    for (const variant of VARIANTS)
      write((await renderVariant(variant)).manifests, path.join(folder, "good", variant.name));
    for (const stack of STACKS)
      write((await render(await readStackFile(stack))).manifests, path.join(folder, "good", stack));
    write(BAD_MANIFESTS, path.join(folder, "bad", "bad"));
    await scan(folder, scanners);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

async function scan(folder: string, scanners: Scanners): Promise<void> {
  const findings: Finding[] = [];
  for (const [name, run] of Object.entries(SCANS)) {
    const bad = await run(path.join(folder, "bad"), scanners);
    if (bad.findings.length === 0)
      findings.push({ scanner: name, where: "a bad manifest", what: "was not found to be bad" });
    const good = await run(path.join(folder, "good"), scanners);
    findings.push(...good.findings);
    const unit = name === "kubeconform" ? "objects" : "checks";
    console.log(`${name}: ${good.checked} ${unit}, ${good.findings.length} findings`);
  }
  for (const { scanner, where, what } of findings) console.log(`${scanner}: ${where}: ${what}`);
  if (findings.length > 0) process.exitCode = 1;
}

// Pulumi's stack rejects an output of its own beside the program's promise: the same error twice.
process.on("unhandledRejection", () => undefined);
main().catch((error: unknown) => {
  console.error(formatError(error));
  process.exitCode = 1;
});

import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

/** Something that a scanner doesn't like. */
export interface Finding {
  readonly scanner: string;
  /** The stack's folder and the object. */
  readonly where: string;
  readonly what: string;
}

export interface Scanners {
  readonly kubeconform: string;
  readonly kubeScore: string;
  /** Python with checkov. */
  readonly python: string;
}

const SCHEMAS = path.join(__dirname, "schemas");

/** Minor version whose rules count: the embedded cluster's. */
const KUBERNETES = "v1.34";

/** Below it a check of kube-score has a warning or worse: zegl/kube-score, scorecard/scorecard.go. */
const GOOD_GRADE = 7;

const BIGGEST_OUTPUT = 256 * 1024 * 1024;

/** Stdout, whatever the exit code says: findings are one of its reasons. */
async function output(file: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(file, args, { cwd, maxBuffer: BIGGEST_OUTPUT });
    return stdout;
  } catch (error) {
    const { stdout } = error as { stdout?: string };
    if (stdout === undefined || stdout === "") throw error;
    return stdout;
  }
}

/** Whether each object is what its API says, field by field: a field that the API doesn't know is a fault too. */
export async function kubeconform(folder: string, { kubeconform: tool }: Scanners) {
  const locations = ["kubernetes", "others"].flatMap((name) => [
    "-schema-location",
    path.join(SCHEMAS, name, "{{.ResourceKind}}.json"),
  ]);
  const text = await output(
    tool,
    ["-strict", "-output", "json", "-summary", ...locations, "."],
    folder,
  );
  const { resources, summary } = JSON.parse(text) as {
    resources?: { filename: string; kind: string; name: string; msg: string }[];
    summary: { valid: number };
  };
  return {
    checked: summary.valid,
    findings: (resources ?? []).map(({ filename, kind, name, msg }) => ({
      scanner: "kubeconform",
      where: `${path.dirname(filename)}: ${kind} ${name}`,
      what: msg,
    })),
  };
}

interface Score {
  object_name: string;
  checks: {
    check: { id: string; name: string };
    grade: number;
    skipped: boolean;
    comments: { summary: string; path: string }[] | null;
  }[];
}

/** Whether each stack's objects follow good practice, together. */
export async function kubeScore(folder: string, { kubeScore: tool }: Scanners) {
  const findings: Finding[] = [];
  let checked = 0;
  for (const stack of stacksIn(folder)) {
    const own = path.join(folder, stack);
    const args = ["score", "--kubernetes-version", KUBERNETES, "--output-format", "json"];
    const text = await output(tool, [...args, ...fs.readdirSync(own).sort()], own);
    for (const { object_name: object, checks } of JSON.parse(text) as Score[])
      for (const { check, grade, skipped, comments } of checks) {
        checked += 1;
        if (skipped || grade >= GOOD_GRADE) continue;
        const said = (comments ?? []).map(({ summary }) => summary).join("; ");
        findings.push({
          scanner: "kube-score",
          where: `${stack}: ${object}`,
          what: `${check.id}: ${said}`,
        });
      }
  }
  return { checked, findings };
}

/** Of one framework; a bare summary where nothing failed. */
interface Report {
  results?: {
    failed_checks: { check_id: string; check_name: string; file_path: string; resource: string }[];
  };
  summary?: { passed: number; failed: number };
  passed?: number;
}

/** Whether each object is safe. */
export async function checkov(folder: string, { python }: Scanners) {
  const tool = path.join(path.dirname(python), "checkov");
  const args = ["--directory", folder, "--framework", "kubernetes", "--output", "json"];
  const quiet = ["--quiet", "--compact", "--skip-download"];
  const text = await output(python, [tool, ...args, ...quiet], folder);
  const { results, summary, passed = 0 } = JSON.parse(text) as Report;
  return {
    checked: summary === undefined ? passed : summary.passed + summary.failed,
    findings: (results?.failed_checks ?? []).map(
      ({ check_id: id, check_name: name, file_path: file, resource }) => ({
        scanner: "checkov",
        where: `${path.dirname(file).replace(/^\//, "")}: ${resource}`,
        what: `${id}: ${name}`,
      }),
    ),
  };
}

/** Folders with manifests. */
export function stacksIn(folder: string, below = ""): string[] {
  const entries = fs.readdirSync(path.join(folder, below), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory());
  return folders.length === 0
    ? [below]
    : folders.flatMap(({ name }) => stacksIn(folder, path.join(below, name))).sort();
}

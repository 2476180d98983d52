import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { ensurePython } from "../../local/python";
import { repositoryRoot } from "../../local/paths";
import { terminalProgress } from "../../local/progress";
import { ServerProcess } from "../fuzz/server/process";
import { stageShippedModels } from "../fuzz/server/models";
import { command } from "../support/command";
import { curlModes, runCurl } from "./curl";

/** Clients that other people wrote, unchanged, each in the ways it can ask. */
const SCRIPTS = {
  "triton_http.py": ["default", "binary", "json", "gzip", "deflate", "async", "metadata"],
  "triton_grpc.py": ["default", "outputs", "gzip", "async", "metadata"],
  "kserve_clients.py": ["v1", "v2 JSON", "v2 binary", "grpc"],
  "tensorflow_rest.py": [
    "rows",
    "rows by name",
    "columns",
    "columns by name",
    "version",
    "base64",
    "metadata",
  ],
} as const;

/** One client's answers for one model, all rows of golden.json. */
export interface Comparison {
  readonly client: string;
  readonly version: string;
  readonly mode: string;
  readonly model: string;
  readonly rows: number;
  readonly maxDifference: number;
}

describe("clients of other makers, unchanged", function () {
  this.timeout(600_000);
  const folder = path.join(repositoryRoot(), "test", "clients");
  let server: ServerProcess | undefined;
  let python: string;
  let modelsDir: string;
  let models: string[];
  const versions = new Set<string>();

  before(async function () {
    this.timeout(3_600_000);
    const requirements = path.join(folder, "requirements.txt");
    ({ python } = await ensurePython(requirements, { progress: terminalProgress() }));
    server = await ServerProcess.start((staged) => {
      modelsDir = staged;
      models = stageShippedModels(staged);
    });
  });
  after(async () => {
    await server?.stop();
    for (const version of [...versions].sort()) process.stdout.write(`      ${version}\n`);
  });

  for (const [script, modes] of Object.entries(SCRIPTS))
    for (const mode of modes)
      it(`${script.replace(".py", "")}, ${mode}`, async () => {
        const { code, stdout, stderr } = await command(
          [
            ...[python, path.join(folder, "python", script), "--mode", mode],
            ...["--http", `127.0.0.1:${server!.port}`, "--grpc", `127.0.0.1:${server!.grpcPort}`],
            ...["--models", modelsDir],
          ],
          {
            cwd: folder,
            env: { PYTHONDONTWRITEBYTECODE: "1", PYTHONUTF8: "1", no_proxy: "127.0.0.1" },
          },
        );
        assert.equal(code, 0, stderr.slice(-3000));
        const comparisons = stdout
          .split("\n")
          .filter((line) => line.startsWith("{"))
          .map((line) => JSON.parse(line) as Comparison);
        if (mode !== "metadata") check(comparisons);
      });

  for (const mode of curlModes)
    it(`curl, ${mode}`, async () => {
      check(await runCurl(server!.port, modelsDir, models, mode));
    });

  it("no request was a fault of the server's", () => {
    assert.deepEqual(server!.takeFaults(), []);
    assert.equal(server!.ended, undefined);
  });

  /** Every model was asked, with every row that it has an answer for. */
  function check(comparisons: readonly Comparison[]): void {
    assert.deepEqual(comparisons.map(({ model }) => model).sort(), [...models].sort());
    for (const { client, version, model, rows, maxDifference } of comparisons) {
      const { length } = goldenOf(model).requests;
      assert.equal(rows, length, `${client}: ${model}: ${rows} of ${length} rows`);
      versions.add(`${client} ${version}`);
      process.stdout.write(
        `      ${model}: ${rows} rows, largest difference ${maxDifference.toExponential(1)}\n`,
      );
    }
  }

  function goldenOf(model: string): { requests: unknown[] } {
    const [version = ""] = fs
      .readdirSync(path.join(modelsDir, model))
      .filter((name) => /^[0-9]+$/.test(name))
      .sort((a, b) => Number(b) - Number(a));
    const file = path.join(modelsDir, model, version, "golden.json");
    return JSON.parse(fs.readFileSync(file, "utf8")) as { requests: unknown[] };
  }
});

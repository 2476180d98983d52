import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { gzipSync } from "node:zlib";
import { readSignature, type Signature } from "../fuzz/oracle/signature";
import type { Comparison } from "./clients.test";

export const curlModes = ["/predict", "/predict, bare", "/predict, gzip", "/v1", "/v2"] as const;
export type CurlMode = (typeof curlModes)[number];

const ROWS_PER_REQUEST = 32;
const MAX_CHARACTERS = 20_000;

/** Asks for every golden row of every model as people do in a shell. @throws Error naming model, row, got and wanted */
export async function runCurl(
  port: number,
  modelsDir: string,
  models: readonly string[],
  mode: CurlMode,
): Promise<Comparison[]> {
  const version = (await curl(["--version"])).split(" ")[1] ?? "";
  const comparisons: Comparison[] = [];
  for (const name of models) {
    const signature = readSignature(modelsDir, name);
    const requests = signature.golden?.requests ?? [];
    const instances = requests.map(({ instance }) => instance);
    // A bare instance or text is a request of its own; a model of numbers is asked with its JSON instead of a text.
    const size = mode === "/predict, bare" ? 1 : ROWS_PER_REQUEST;
    const asked = [...batches(instances, size)].map((batch) => write(port, signature, mode, batch));
    const answers = await send(asked);
    const got = answers.flatMap((answer) => read(signature, mode, JSON.parse(answer) as Json));
    const maxDifference = compare(`curl, ${mode}: ${name}`, signature, got);
    comparisons.push({
      client: "curl",
      version,
      mode,
      model: name,
      rows: got.length,
      maxDifference,
    });
  }
  return comparisons;
}

/** @returns the largest difference of a probability */
function compare(what: string, { golden }: Signature, got: readonly Answer[]): number {
  let maxDifference = 0;
  for (const [row, prediction] of got.entries()) {
    const wanted = golden?.requests[row]?.prediction;
    const difference = distance(prediction.probabilities, wanted?.probabilities ?? []);
    if (prediction.label !== wanted?.label || !(difference <= (golden?.tolerance ?? 0)))
      throw new Error(
        `${what} row ${row}: got ${JSON.stringify(prediction)}, wanted ${JSON.stringify(wanted)}`,
      );
    maxDifference = Math.max(maxDifference, difference);
  }
  return maxDifference;
}

type Json = Readonly<Record<string, unknown>>;

interface Asked {
  readonly url: string;
  readonly headers: readonly string[];
  readonly body: string | Buffer;
}

interface Answer {
  readonly label: string | undefined;
  readonly probabilities: readonly number[];
}

function write(
  port: number,
  { name, inputs }: Signature,
  mode: CurlMode,
  instances: readonly unknown[],
): Asked {
  const origin = `http://127.0.0.1:${port}`;
  const json = "Content-Type: application/json";
  const predict = `${origin}/predict?model=${name}`;
  const [input] = inputs;
  switch (mode) {
    case "/predict":
      return { url: predict, headers: [json], body: JSON.stringify({ instances }) };
    case "/predict, gzip": {
      const body = gzipSync(JSON.stringify({ instances }));
      return { url: predict, headers: [json, "Content-Encoding: gzip"], body };
    }
    case "/predict, bare":
      return input?.datatype === "BYTES"
        ? { url: predict, headers: ["Content-Type: text/plain"], body: String(instances[0]) }
        : { url: predict, headers: [json], body: JSON.stringify(instances[0]) };
    case "/v1": {
      // As TensorFlow's guide has it: curl's own content type, which is a form's.
      const body = JSON.stringify({ instances });
      return { url: `${origin}/v1/models/${name}:predict`, headers: [], body };
    }
    case "/v2": {
      const shape = [instances.length, ...(input?.shape.slice(1) ?? [])];
      const data = instances.flat();
      const body = { inputs: [{ name: input?.name, shape, datatype: input?.datatype, data }] };
      const url = `${origin}/v2/models/${name}/infer`;
      return { url, headers: [json], body: JSON.stringify(body) };
    }
  }
}

function read({ labels = [] }: Signature, mode: CurlMode, answer: Json): Answer[] {
  const labelled = (probabilities: readonly number[], label?: number): Answer => ({
    probabilities,
    label: labels[label ?? probabilities.indexOf(Math.max(...probabilities))],
  });
  if (mode === "/v1") {
    const rows = answer["predictions"] as (number[] | { label: number; probabilities: number[] })[];
    return rows.map((row) =>
      Array.isArray(row) ? labelled(row) : labelled(row.probabilities, row.label),
    );
  }
  if (mode !== "/v2") return answer["predictions"] as Answer[];
  const outputs = answer["outputs"] as { name: string; shape: number[]; data: number[] }[];
  const output = (name: string) => outputs.find((one) => one.name === name);
  const [rows = 0, width = 0] = output("probabilities")?.shape ?? [];
  return Array.from({ length: rows }, (_, i) =>
    labelled(
      output("probabilities")?.data.slice(i * width, (i + 1) * width) ?? [],
      output("label")?.data[i],
    ),
  );
}

/** All requests by one curl, on one connection, told by a file of its own format. @returns the answers in order */
async function send(asked: readonly Asked[]): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "modelport-curl-"));
  try {
    const sections = asked.map(({ url, headers, body }, i) => {
      const file = path.join(folder, `${i}`);
      writeFileSync(file, body);
      const lines = [
        `url = "${url}"`,
        ...headers.map((header) => `header = "${header}"`),
        `data-binary = "@${file}"`,
        "silent",
        "show-error",
        "fail-with-body",
        String.raw`write-out = "\n"`,
      ];
      return lines.join("\n");
    });
    const config = path.join(folder, "config");
    writeFileSync(config, sections.join("\nnext\n"));
    return (await curl(["--config", config])).trimEnd().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function curl(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    // Nothing of what this machine's user has set up for other servers.
    const env = { ...process.env, no_proxy: "127.0.0.1" };
    execFile(
      "curl",
      ["--disable", ...args],
      { env, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`curl: ${stderr.trim()} ${stdout.slice(-500)}`, { cause: error }));
      },
    );
  });
}

function* batches(instances: readonly unknown[], most: number): Generator<unknown[]> {
  let batch: unknown[] = [];
  let characters = 0;
  for (const instance of instances) {
    const { length } = JSON.stringify(instance);
    if (batch.length === most || (batch.length > 0 && characters + length > MAX_CHARACTERS)) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(instance);
    characters += length;
  }
  if (batch.length > 0) yield batch;
}

function distance(got: readonly number[], wanted: readonly number[]): number {
  if (got.length !== wanted.length) return Infinity;
  return Math.max(...got.map((value, i) => Math.abs(value - (wanted[i] ?? NaN))));
}

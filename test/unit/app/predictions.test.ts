import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseModelMetadata, type ModelMetadata } from "../../../app/server/model-metadata";
import { retrainedModels, shippedModels } from "./support/models";
import { runServer, type RunningServer } from "./support/server";
import { ask } from "./transports/client";

/** Rows of a request: the server takes 1024 at most. */
const ROWS = 256;

interface Golden {
  readonly model: string;
  readonly version: string;
  readonly tolerance: number;
  readonly requests: readonly { readonly instance: unknown; readonly prediction: Prediction }[];
}

interface Prediction {
  readonly label: string;
  readonly probabilities: readonly number[];
}

interface Version {
  readonly modelsDir: string;
  readonly metadata: ModelMetadata;
  readonly golden: Golden;
}

/** Every version of every model of a folder. */
function versionsOf(modelsDir: string): Version[] {
  return readdirSync(modelsDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^[._]/.test(entry.name))
    .flatMap(({ name }) => {
      const folder = path.join(modelsDir, name);
      const metadata = parseModelMetadata(readFileSync(path.join(folder, "model.json"), "utf8"));
      return Object.keys(metadata.versions).map((version) => ({
        modelsDir,
        metadata,
        golden: JSON.parse(
          readFileSync(path.join(folder, version, "golden.json"), "utf8"),
        ) as Golden,
      }));
    });
}

type Ask = (url: string, version: Version, instances: readonly unknown[]) => Promise<Prediction[]>;

/** A classifier's outputs by name, told as the plain endpoint does. */
function toPredictions(
  { metadata }: Version,
  outputs: { label?: readonly number[]; probabilities: readonly (readonly number[])[] },
): Prediction[] {
  return outputs.probabilities.map((probabilities, i) => {
    const index = outputs.label?.[i] ?? probabilities.indexOf(Math.max(...probabilities));
    return { label: metadata.labels![index]!, probabilities };
  });
}

const rowsOf = (flat: readonly number[], width: number) =>
  Array.from({ length: flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width));

async function answered(url: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await ask(url, { body });
  assert.equal(answer.status, 200, answer.bytes.toString());
  return answer.body;
}

/** The one output is bare. */
function named(outputs: unknown): Parameters<typeof toPredictions>[1] {
  return Array.isArray(outputs) ? { probabilities: outputs as number[][] } : (outputs as never);
}

const protocols: Readonly<Record<string, Ask>> = {
  plain: async (url, { golden: { model, version } }, instances) => {
    const query = `?model=${model}&version=${version}`;
    const body = await answered(`${url}/predict${query}`, { instances });
    assert.equal(body["model"], model);
    assert.equal(body["version"], version);
    return body["predictions"] as Prediction[];
  },
  "TensorFlow Serving, rows": async (url, own, instances) => {
    const { model, version } = own.golden;
    const at = `${url}/v1/models/${model}/versions/${version}:predict`;
    const rows = (await answered(at, { instances }))["predictions"] as unknown[];
    return rows.flatMap((row) => {
      const { label, probabilities } = Array.isArray(row)
        ? { label: undefined, probabilities: row as number[] }
        : (row as { label: number; probabilities: number[] });
      const outputs = { probabilities: [probabilities] };
      return toPredictions(own, label === undefined ? outputs : { ...outputs, label: [label] });
    });
  },
  "TensorFlow Serving, columns": async (url, own, instances) => {
    const { model, version } = own.golden;
    const at = `${url}/v1/models/${model}/versions/${version}:predict`;
    return toPredictions(own, named((await answered(at, { inputs: instances }))["outputs"]));
  },
  "Open Inference Protocol": async (url, own, instances) => {
    const { model, version } = own.golden;
    const [{ name, datatype, shape }] = own.metadata.inputs;
    const input = { name, datatype, shape: [instances.length, ...shape.slice(1)] };
    const body = { inputs: [{ ...input, data: instances.flat() }] };
    const { outputs } = await answered(`${url}/v2/models/${model}/versions/${version}/infer`, body);
    const tensors = outputs as { name: string; shape: number[]; data: number[] }[];
    const of = (wanted: string) => tensors.find((tensor) => tensor.name === wanted);
    const { shape: answeredShape, data } = of("probabilities")!;
    const label = of("label")?.data;
    const probabilities = rowsOf(data, answeredShape[1]!);
    return toPredictions(own, label === undefined ? { probabilities } : { label, probabilities });
  },
  "Open Inference Protocol, binary": async (url, own, instances) => {
    const { model, version } = own.golden;
    const [{ name, datatype, shape }] = own.metadata.inputs;
    const data =
      datatype === "BYTES"
        ? Buffer.concat(
            (instances as string[]).flatMap((text) => [lengthOf(text), Buffer.from(text)]),
          )
        : Buffer.from(Float32Array.from(instances.flat() as number[]).buffer);
    const head = Buffer.from(
      JSON.stringify({
        inputs: [
          {
            name,
            datatype,
            shape: [instances.length, ...shape.slice(1)],
            parameters: { binary_data_size: data.length },
          },
        ],
        parameters: { binary_data_output: true },
      }),
    );
    const answer = await ask(`${url}/v2/models/${model}/versions/${version}/infer`, {
      body: Buffer.concat([head, data]),
      headers: { "inference-header-content-length": String(head.length) },
    });
    assert.equal(answer.status, 200, answer.bytes.toString());
    let at = Number(answer.headers.get("inference-header-content-length"));
    const { outputs } = JSON.parse(answer.bytes.subarray(0, at).toString()) as {
      outputs: { name: string; parameters: { binary_data_size: number } }[];
    };
    const parts = new Map(
      outputs.map(({ name: output, parameters: { binary_data_size: size } }) => [
        output,
        Uint8Array.from(answer.bytes.subarray(at, (at += size))).buffer,
      ]),
    );
    const numbers = Array.from(new Float32Array(parts.get("probabilities")!), Number);
    const probabilities = rowsOf(numbers, own.metadata.labels!.length);
    const label = parts.get("label");
    if (label === undefined) return toPredictions(own, { probabilities });
    return toPredictions(own, {
      label: Array.from(new BigInt64Array(label), Number),
      probabilities,
    });
  },
};

function lengthOf(text: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(Buffer.byteLength(text));
  return length;
}

for (const modelsDir of [shippedModels, retrainedModels])
  describe(`golden answers of the models in ${path.basename(modelsDir)}`, () => {
    const versions = versionsOf(modelsDir);
    let server: RunningServer;
    before(async () => {
      server = await runServer({ MODELS_DIR: modelsDir, MAX_BODY_BYTES: "1000000" });
    });
    after(() => server.close());

    for (const version of versions) {
      const { model, version: number, requests, tolerance } = version.golden;
      it(`${model} ${number}: there are some`, () => assert.ok(requests.length >= 4));
      for (const [protocol, predict] of Object.entries(protocols))
        it(`${model} ${number}: agree over ${protocol}`, async () => {
          for (let from = 0; from < requests.length; from += ROWS) {
            const expected = requests.slice(from, from + ROWS);
            const instances = expected.map(({ instance }) => instance);
            const own = await predict(server.url, version, instances);
            assert.equal(own.length, expected.length);
            expected.forEach(({ instance, prediction }, i) => {
              const { label, probabilities } = own[i]!;
              const what = JSON.stringify(instance).slice(0, 100);
              assert.equal(label, prediction.label, `label of ${what}`);
              assert.equal(probabilities.length, prediction.probabilities.length);
              probabilities.forEach((probability, j) => {
                const difference = Math.abs(probability - prediction.probabilities[j]!);
                assert.ok(
                  difference <= tolerance,
                  `probability ${j} of ${what} is off by ${difference}`,
                );
              });
            });
          }
        });
      it(`${model} ${number}: go to the right requester when many ask at once`, async () => {
        const some = requests.slice(0, 100);
        const answers = await Promise.all(
          some.map(({ instance }) => protocols["plain"]!(server.url, version, [instance])),
        );
        answers.forEach(([own], i) => assert.equal(own!.label, some[i]!.prediction.label));
      });
    }
  });

it("the two versions of the retrained model answer differently", () => {
  const [one, two] = versionsOf(retrainedModels).map(({ golden }) =>
    golden.requests.map(({ prediction }) => prediction.label),
  );
  assert.ok(one!.filter((label, i) => label !== two![i]).length >= 50);
});

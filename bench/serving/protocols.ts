/** What each protocol of our server costs: the same rows, over each of its doors in turn. */
import * as path from "node:path";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { repositoryRoot } from "../../local/paths";
import { AUTHORIZATION, jsonPost, type PreparedModel } from "./contenders";
import { ask, requestBytes, type Post } from "./http-request";
import type { Exchange, LoadPlan, LoadReport } from "./load";
import { spread, type Spread } from "./statistics";
import { startEntry, WARMUP_SECONDS, type Bench, type Entry } from "./trial";

export interface ProtocolFigures {
  readonly name: string;
  readonly requestsPerSecond: Spread;
  readonly p50Milliseconds: Spread;
  readonly p99Milliseconds: Spread;
  readonly errors: number;
}

const INFER = "/inference.GRPCInferenceService/ModelInfer";
const ROUNDS = 3;

/** @param entry our server with the iris model */
export async function measureProtocols(bench: Bench, entry: Entry): Promise<ProtocolFigures[]> {
  let grpcPort = 0;
  const { contender } = entry;
  const noted: Entry = {
    ...entry,
    contender: {
      ...contender,
      command: (start, variant) => {
        [grpcPort] = start.otherPorts;
        return contender.command(start, variant);
      },
    },
  };
  const server = await startEntry(bench, noted);
  try {
    const plans = new Map<string, Pick<LoadPlan, "port" | "exchanges" | "protocol" | "headers">>();
    for (const [name, post] of Object.entries(httpProtocols))
      plans.set(name, {
        port: server.port,
        exchanges: await exchanges(server.port, entry.model, post),
      });
    plans.set("Open Inference v2, gRPC", {
      port: grpcPort,
      protocol: "grpc",
      headers: grpcHeaders(grpcPort),
      exchanges: await grpcExchanges(grpcPort, entry.model),
    });
    const reports = new Map<string, LoadReport[]>();
    const { connections, seconds } = bench;
    for (let round = 0; round < ROUNDS; round++)
      for (const [name, plan] of plans) {
        const load = { ...plan, connections, seconds, warmupSeconds: WARMUP_SECONDS / 2 };
        reports.set(name, [...(reports.get(name) ?? []), await bench.generator.run(load)]);
      }
    return [...reports].map(([name, loads]) => ({
      name,
      requestsPerSecond: spread(loads.map(({ requestsPerSecond }) => requestsPerSecond)),
      p50Milliseconds: spread(loads.map(({ latency }) => latency.p50 / 1000)),
      p99Milliseconds: spread(loads.map(({ latency }) => latency.p99 / 1000)),
      errors: loads.reduce((sum, { errors }) => sum + errors, 0),
    }));
  } finally {
    await server.end();
  }
}

type PostOf = (model: PreparedModel, row: readonly number[]) => Post;

const httpProtocols: Readonly<Record<string, PostOf>> = {
  "plain JSON": (_model, row) => jsonPost("/predict", { instances: [row] }, AUTHORIZATION),
  "TensorFlow Serving REST": ({ name }, row) =>
    jsonPost(`/v1/models/${name}:predict`, { instances: [row] }, AUTHORIZATION),
  "Open Inference v2, JSON": ({ name }, row) =>
    jsonPost(
      `/v2/models/${name}/infer`,
      { id: "1", inputs: [{ ...tensor(row), data: row }] },
      AUTHORIZATION,
    ),
  "Open Inference v2, binary": ({ name }, row) => {
    const input = { ...tensor(row), parameters: { binary_data_size: 4 * row.length } };
    const request = { id: "1", parameters: { binary_data_output: true }, inputs: [input] };
    const header = Buffer.from(JSON.stringify(request));
    return {
      path: `/v2/models/${name}/infer`,
      headers: {
        "Content-Type": "application/octet-stream",
        "Inference-Header-Content-Length": String(header.length),
        ...AUTHORIZATION,
      },
      body: Buffer.concat([header, raw(row)]),
    };
  },
};

const tensor = (row: readonly number[]) => ({
  name: "features",
  datatype: "FP32",
  shape: [1, row.length],
});

const raw = (row: readonly number[]): Buffer => Buffer.from(Float32Array.from(row).buffer);

async function exchanges(port: number, model: PreparedModel, of: PostOf): Promise<Exchange[]> {
  const all: Exchange[] = [];
  for (const { instance } of model.golden) {
    const post = of(model, instance as number[]);
    all.push({ send: requestBytes(post), answer: await ask(port, post) });
  }
  return all;
}

function grpcHeaders(port: number): [string, string][] {
  return [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", INFER],
    [":authority", `127.0.0.1:${port}`],
    ["te", "trailers"],
    ["content-type", "application/grpc"],
    ["authorization", AUTHORIZATION.Authorization],
  ];
}

async function grpcExchanges(port: number, model: PreparedModel): Promise<Exchange[]> {
  const proto = path.join(repositoryRoot(), "app/server/transports/grpc/inference.proto");
  const service = loadSync(proto, { keepCase: true })["inference.GRPCInferenceService"];
  const serialize = (service as grpc.ServiceDefinition)["ModelInfer"]?.requestSerialize;
  if (serialize === undefined) throw new Error(`${proto} has no ModelInfer`);
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  metadata.set("authorization", AUTHORIZATION.Authorization);
  const call = (message: Buffer): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const asIs = (bytes: Buffer): Buffer => bytes;
      client.makeUnaryRequest(INFER, asIs, asIs, message, metadata, (error, answer) => {
        if (error !== null) reject(error);
        else resolve(answer ?? Buffer.alloc(0));
      });
    });
  try {
    const all: Exchange[] = [];
    for (const { instance } of model.golden) {
      const row = instance as number[];
      const message = serialize({
        model_name: model.name,
        id: "1",
        inputs: [tensor(row)],
        raw_input_contents: [raw(row)],
      });
      all.push({ send: prefixed(message), answer: prefixed(await call(message)) });
    }
    return all;
  } finally {
    client.close();
  }
}

/** As gRPC frames a message: not compressed, its length, itself. */
function prefixed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import SwaggerParser from "@apidevtools/swagger-parser";
import { z } from "zod";
import { temporaryModels } from "./support/models";
import { scaling } from "./support/graphs";
import { runServer, type RunningServer } from "./support/server";
import { ask } from "./transports/client";
import { variedModels } from "./transports/models";

type Json = Record<string, unknown>;

interface Content {
  readonly "application/json"?: {
    readonly schema: Json;
    readonly examples?: Record<string, { value: unknown }>;
  };
}

interface Operation {
  readonly operationId: string;
  readonly security?: readonly Json[];
  readonly parameters?: readonly {
    name: string;
    in: string;
    schema: { enum?: string[]; examples?: string[] };
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Record<string, { readonly content: Content }>;
}

interface Document extends Json {
  readonly paths: Record<string, Partial<Record<"get" | "post", Operation>>>;
}

/** The document as the server gives it, and with every reference replaced by what it stands for. */
async function documentOf({ url }: RunningServer): Promise<Document> {
  const { status, body } = await ask(`${url}/openapi.json`);
  assert.equal(status, 200);
  await SwaggerParser.validate(structuredClone(body) as never);
  return (await SwaggerParser.dereference(body as never)) as unknown as Document;
}

function operationsOf({ paths }: Document) {
  return Object.entries(paths).flatMap(([at, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ at, method, operation })),
  );
}

/** The path with each parameter's first documented value. */
function filled(at: string, { parameters = [] }: Operation): string {
  return at.replace(/\{(\w+)\}/g, (_, name) => {
    const { schema } = parameters.find((parameter) => parameter.name === name)!;
    return (schema.enum ?? schema.examples)![0]!;
  });
}

describe("OpenAPI document", () => {
  let server: RunningServer;
  let document: Document;
  before(async () => {
    server = await runServer({ MODELS_DIR: variedModels(), DEFAULT_MODEL: "several" });
    document = await documentOf(server);
  });
  after(() => server.close());

  it("is valid OpenAPI 3.1 and names every model", () => {
    assert.equal(document["openapi"], "3.1.0");
    for (const model of ["iris", "text", "several", "log"])
      for (const at of [
        `/v1/models/${model}:predict`,
        `/v2/models/${model}/versions/{version}/infer`,
      ])
        assert.ok(document.paths[at]?.post !== undefined, at);
  });

  it("each example is as its schema says, and is answered as documented", async () => {
    let examples = 0;
    for (const { at, operation } of operationsOf(document)) {
      const content = operation.requestBody?.content["application/json"];
      if (content === undefined) continue;
      const request = z.fromJSONSchema(content.schema);
      const response = z.fromJSONSchema(
        operation.responses["200"]!.content["application/json"]!.schema,
      );
      const own = Object.entries(content.examples ?? {});
      assert.notEqual(own.length, 0, at);
      for (const [name, { value }] of own) {
        const what = `${at} ${name}`;
        assert.ok(request.safeParse(value).success, `${what}: the request`);
        const answer = await ask(server.url + filled(at, operation), { body: value });
        assert.equal(answer.status, 200, `${what}: ${answer.bytes.toString()}`);
        const told = response.safeParse(answer.body);
        assert.ok(
          told.success,
          `${what}: ${JSON.stringify(told.error)}: ${answer.bytes.toString()}`,
        );
        examples++;
      }
    }
    assert.ok(examples >= 30, `${examples} examples`);
  });

  it("the schemas refuse what the server refuses", () => {
    const { schema } =
      document.paths["/v1/models/iris:predict"]!.post!.requestBody!.content["application/json"]!;
    const request = z.fromJSONSchema(schema);
    assert.ok(request.safeParse({ instances: [[1, 2, 3, 4]] }).success);
    for (const wrong of [
      {},
      { instances: [] },
      { instances: [[1, 2, 3]] },
      { instances: [[1, 2, 3, "4"]] },
    ])
      assert.ok(!request.safeParse(wrong).success, JSON.stringify(wrong));
  });

  it("each path that is read answers", async () => {
    for (const { at, method, operation } of operationsOf(document)) {
      if (method !== "get") continue;
      const { status, bytes } = await ask(server.url + filled(at, operation));
      const expected = at === "/score" ? 404 : 200; // the default model here was never scored
      assert.equal(status, expected, `${at}: ${bytes.toString()}`);
    }
  });

  it("errors are as documented", async () => {
    const error = z.fromJSONSchema(
      document.paths["/predict"]!.post!.responses["400"]!.content["application/json"]!.schema,
    );
    for (const [at, question] of [
      ["/predict", { body: [] }],
      ["/v1/models/iris:predict", { body: {} }],
      ["/v2/models/rose/infer", { body: {} }],
    ] as const)
      assert.ok(error.safeParse((await ask(server.url + at, question)).body).success, at);
  });

  it("names the keys where they are needed, and only there", async () => {
    const { bytes } = await ask(`${server.url}/openapi.json`);
    assert.doesNotMatch(bytes.toString(), /security|"401"/);
    const folder = mkdtempSync(path.join(tmpdir(), "modelport-keys-"));
    const file = path.join(folder, "keys");
    writeFileSync(file, `tester ${createHash("sha256").update("k").digest("hex")}\n`);
    const guarded = await runServer({ API_KEYS_FILE: file });
    try {
      for (const { at, method, operation } of operationsOf(await documentOf(guarded))) {
        const open = operation.security!.length === 0;
        const { status } = await ask(guarded.url + filled(at, operation), {
          method: method.toUpperCase(),
          ...(method === "post" ? { body: {} } : {}),
        });
        assert.equal(status === 401, !open, `${method} ${at}: ${status}`);
        assert.equal("401" in operation.responses, !open);
      }
    } finally {
      await guarded.close();
      rmSync(folder, { recursive: true });
    }
  });

  it("follows the models, and is valid without any", async () => {
    const models = temporaryModels();
    const own = await runServer({ MODELS_DIR: models.path, MODELS_POLL_SECONDS: "0.05" });
    try {
      assert.deepEqual(
        Object.keys((await documentOf(own)).paths).filter((at) => at.startsWith("/predict")),
        [],
      );
      models.addGraph("late", scaling(2));
      while ((await ask(`${own.url}/v2/models/late/ready`)).status !== 200);
      assert.ok((await documentOf(own)).paths["/v1/models/late:predict"] !== undefined);
    } finally {
      await own.close();
    }
  });
});

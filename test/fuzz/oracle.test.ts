import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { readWorld } from "./campaign";
import type { World } from "./generate/case";
import { draftInfer, writeInfer } from "./generate/grpc-messages";
import { caseId, makeHttpCase, parseCaseId, httpProtocols } from "./generate/protocols";
import { validInputs } from "./generate/values";
import { judgeModelInfer } from "./oracle/grpc";
import { judgePlain, judgeTensorflow } from "./oracle/json-protocols";
import type { Judgement } from "./oracle/judgement";
import { judgeOpenInference } from "./oracle/open-inference";
import type { Signature } from "./oracle/signature";
import { Random } from "./random";
import { stageModels } from "./server/models";

/** What the oracle says of requests whose verdict is plain to see. */
describe("fuzz oracle", () => {
  let folder: string;
  let world: World;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "modelport-fuzz-"));
    world = readWorld(folder, stageModels(folder));
  });
  after(() => rmSync(folder, { recursive: true }));

  type Judge = (signature: Signature, version: string, body: Uint8Array) => Judgement;
  const binary =
    (length: string): Judge =>
    (signature, version, body) =>
      judgeOpenInference(signature, version, body, length);
  const v2 = '{"inputs":[{"name":"features","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]}';
  const raw =
    '{"inputs":[{"name":"features","shape":[1,4],"datatype":"FP32","parameters":{"binary_data_size":16}}]}';
  const rows = (count: number): string =>
    `{"instances":[${Array.from({ length: count }, () => "[1,2,3,4]").join()}]}`;

  const cases: [judge: Judge, model: string, body: string, verdict: string][] = [
    [judgePlain, "iris", '{"instances":[[1,2,3,4]]}', "valid"],
    [judgePlain, "iris", "[1,2,3,4]", "valid"],
    [judgePlain, "iris", "[1,2,3]", "invalid 400"],
    [judgePlain, "iris", "[1,2,3,1e39]", "invalid 400"],
    [judgePlain, "iris", '{"instances":[[1,2,3,4]],"x":1}', "invalid 400"],
    [judgePlain, "iris", '{"instances":[]}', "invalid 400"],
    [judgePlain, "iris", '{"instances":[[1,2,3,4]],"instances":[[1,2,3,4]]}', "doubtful"],
    [judgePlain, "iris", '\ufeff{"instances":[[1,2,3,4]]}', "doubtful"],
    [judgePlain, "iris", rows(1024), "valid"],
    [judgePlain, "iris", rows(1025), "invalid 413"],
    [judgePlain, "iris", " ".repeat(65_537), "invalid 413"],
    [judgePlain, "mirror", '"a text"', "valid"],
    [judgePlain, "mirror", '"\\ud800"', "doubtful"],
    [judgeTensorflow, "iris", '{"instances":[{"features":[1,2,3,4]}]}', "valid"],
    [judgeTensorflow, "iris", '{"instances":[{"features":[1,2,3,4]},[1,2,3,4]]}', "invalid 400"],
    [judgeTensorflow, "iris", '{"inputs":{"features":[[1,2,3,4]]}}', "valid"],
    [judgeTensorflow, "iris", '{"inputs":{"features":[[1,2,3,4]],"x":1}}', "invalid 400"],
    [judgeTensorflow, "iris", '{"inputs":[[1,2,3,4]],"instances":[[1,2,3,4]]}', "invalid 400"],
    [judgeTensorflow, "mirror", '{"instances":[{"b64":"aGVsbG8="}]}', "valid"],
    [judgeOpenInference, "iris", v2, "valid"],
    [judgeOpenInference, "iris", v2.replace("FP32", "FP64"), "invalid 400"],
    [judgeOpenInference, "iris", v2.replace("[1,4]", "[2,4]"), "invalid 400"],
    [judgeOpenInference, "iris", v2.replace("[1,4]", "[-1,4]"), "invalid 400"],
    [judgeOpenInference, "iris", `${v2.slice(0, -1)},"outputs":[{"name":"x"}]}`, "invalid 400"],
    [judgeOpenInference, "iris", `${v2.slice(0, -1)},"model_name":"iris"}`, "doubtful"],
    [binary(String(raw.length)), "iris", raw + "\0".repeat(16), "valid"],
    [binary(String(raw.length)), "iris", raw + "\0".repeat(15), "invalid 400"],
    [binary(String(raw.length)), "iris", raw + "\0".repeat(17), "invalid 400"],
    [binary(String(raw.length + 1)), "iris", raw + "\0".repeat(16), "invalid 400"],
    [binary("-1"), "iris", raw + "\0".repeat(16), "invalid 400"],
    [judgeOpenInference, "iris", raw, "invalid 400"],
  ];
  for (const [judge, model, body, wanted] of cases)
    it(`${model} ${body.slice(0, 90)}: ${wanted}`, () => {
      const signature = world.signatures.get(model) as Signature;
      assert.equal(spoken(judge(signature, "1", Buffer.from(body))), wanted);
    });

  it("gRPC: what was drafted right is valid, cut off it is not", () => {
    for (let seed = 1; seed < 300; seed++) {
      const random = new Random(seed);
      const signature = random.pick(world.models);
      const draft = draftInfer(signature, validInputs(signature, 2, random), random);
      const message = writeInfer(draft);
      assert.equal(spoken(judgeModelInfer(world.signatures, message)), "valid", `seed ${seed}`);
      const verdict = judgeModelInfer(world.signatures, message.subarray(0, -1)).verdict;
      assert.notEqual(verdict, "valid", `seed ${seed}`);
      draft.inputs.pop();
      draft.raw.pop();
      const short = judgeModelInfer(world.signatures, writeInfer(draft));
      assert.equal(short.verdict, "invalid", `seed ${seed}`);
    }
  });

  it("a case is the same each time its name is given", () => {
    for (const protocol of httpProtocols)
      for (let seed = 1; seed < 200; seed++) {
        const name = caseId(protocol, seed);
        assert.deepEqual(parseCaseId(name), { protocol, seed });
        const [once, twice] = [0, 1].map(() => makeHttpCase(protocol, seed, world));
        assert.equal(once?.head, twice?.head);
        assert.deepEqual(once?.body, twice?.body);
      }
    assert.throws(() => parseCaseId("iris"), /--case: got "iris"/);
  });

  function spoken(judgement: Judgement): string {
    return judgement.verdict === "invalid"
      ? `invalid ${judgement.statuses.join(" or ")}`
      : judgement.verdict;
  }
});

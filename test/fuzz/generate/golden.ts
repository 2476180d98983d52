import { judgePlain, judgeTensorflow } from "../oracle/json-protocols";
import { judgeOpenInference } from "../oracle/open-inference";
import { type Golden, goldenModels } from "../oracle/signature";
import type { HttpCase, World } from "./case";
import { httpCase } from "./http-case";

/** The `index`th right request with a known answer: another row and another protocol each time, to tell answers apart. */
export function goldenCase(world: World, index: number): HttpCase {
  const models = goldenModels(world.models);
  const signature = models[index % models.length];
  const golden = signature?.golden as Golden;
  const { instance } = golden.requests[index % golden.requests.length] as { instance: unknown };
  if (signature === undefined) throw new Error("no model with golden answers");
  const [spec] = signature.inputs;
  const version = signature.versions[0] ?? "";
  const protocol = index % 3;
  if (protocol === 0) {
    const body = Buffer.from(JSON.stringify({ instances: [instance] }));
    const path = `/predict?model=${signature.name}`;
    return httpCase("golden", "plain", { path, body }, judgePlain(signature, version, body));
  }
  if (protocol === 1) {
    const body = Buffer.from(JSON.stringify({ inputs: [instance] }));
    const path = `/v1/models/${signature.name}/versions/${version}:predict`;
    const judgement = judgeTensorflow(signature, version, body);
    return httpCase("golden", "tensorflow", { path, body }, judgement);
  }
  const input = {
    name: spec?.name,
    datatype: spec?.datatype,
    shape: [1, ...(spec?.shape.slice(1) ?? [])],
    data: [instance].flat(),
  };
  const body = Buffer.from(JSON.stringify({ id: `golden-${index}`, inputs: [input] }));
  const path = `/v2/models/${signature.name}/infer`;
  const judgement = judgeOpenInference(signature, version, body);
  return httpCase("golden", "open-inference", { path, body }, judgement);
}

import { type Judgement, MAX_BODY_BYTES, Reading, Refusal } from "../oracle/judgement";
import { readUtf8 } from "../oracle/elements";
import type { Signature } from "../oracle/signature";
import type { Random } from "../random";
import { mutateBytes } from "./byte-mutations";
import type { HttpCase, World } from "./case";
import { httpCase } from "./http-case";
import { validInputs } from "./values";

/** `POST /predict` with Content-Type text/plain: the body is the text. Undefined when no model takes one. */
export function textCase(world: World, random: Random): HttpCase | undefined {
  const models = world.models.filter(takesText);
  if (models.length === 0) return undefined;
  const signature = random.pick(models);
  const text = [...validInputs(signature, 1, random).values()][0]?.elements[0];
  let body: Buffer = Buffer.from(String(text));
  if (random.chance(0.6)) body = mutateBytes(body, random);
  if (random.chance(0.1)) body = random.bytes(random.int(0, 400));
  const path = `/predict?model=${signature.name}`;
  const headers = ["Content-Type: text/plain; charset=utf-8"];
  return httpCase("text", "plain", { path, headers, body }, judgeText(signature, body));
}

function takesText({ inputs }: Signature): boolean {
  return inputs.length === 1 && inputs[0]?.datatype === "BYTES" && inputs[0].shape.length === 1;
}

function judgeText(signature: Signature, body: Buffer): Judgement {
  const reading = new Reading();
  return reading.judge(() => {
    if (body.length > MAX_BODY_BYTES) throw new Refusal([413]);
    // An empty body is an empty text, or no text at all.
    if (body.length === 0) reading.doubt();
    // A byte order mark belongs to the text, or to its encoding.
    const bytes = readUtf8(body);
    if (bytes.startsWith("\ufeff")) reading.doubt();
    const name = signature.inputs[0]?.name ?? "";
    return {
      signature,
      version: signature.versions[0] ?? "",
      rows: 1,
      inputs: new Map([[name, { shape: [1], elements: [bytes] }]]),
    };
  });
}

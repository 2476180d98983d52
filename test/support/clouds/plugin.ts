import { z } from "zod";
import type { Cloud, SimulatedCloud } from "./cloud";
import type { RestAnswer, RestRequest } from "./http";
import { CloudError } from "./kind";
import type { Operations } from "./operations";

const values = z.record(z.string(), z.unknown());
const token = z.string();
const credentials = z.object({ environment: z.record(z.string(), z.string()), config: values });

/** What a plugin relays, by method; the relay's side is relay/provider.ts. */
const requests = {
  check: z.object({ token, name: z.string(), inputs: values, old: values.optional() }),
  diff: z.object({ token, old: values, inputs: values }),
  create: z.object({ token, inputs: values, preview: z.boolean() }),
  read: z.object({ token, id: z.string() }),
  update: z.object({
    token,
    id: z.string(),
    outputs: values,
    inputs: values,
    preview: z.boolean(),
  }),
  delete: z.object({ token, id: z.string() }),
  invoke: z.object({ token, inputs: values }),
} as const;

/** Answers `POST /plugin/<cloud>/<method>`. A refusal is an answer 422 with its text. */
export function pluginApi(
  of: SimulatedCloud,
  cloud: Cloud,
  all: Operations,
): (method: string, request: RestRequest) => Promise<RestAnswer> {
  const answer = async (method: string, body: unknown): Promise<unknown> => {
    const session = credentials.parse(body);
    of.login(session, cloud);
    const operations = all.as(session);
    switch (method) {
      case "configure":
        return {};
      case "check": {
        const { old, ...asked } = requests.check.parse(body);
        return operations.check({ ...asked, old });
      }
      case "diff":
        return operations.diff(requests.diff.parse(body));
      case "create": {
        const { preview, ...asked } = requests.create.parse(body);
        if (preview) return { outputs: operations.previewCreate(asked) };
        return operations.create(asked);
      }
      case "read":
        return (await operations.read(requests.read.parse(body))) ?? {};
      case "update": {
        const { preview, ...asked } = requests.update.parse(body);
        const outputs = preview ? operations.previewUpdate(asked) : await operations.update(asked);
        return { outputs };
      }
      case "delete":
        await operations.remove(requests.delete.parse(body));
        return {};
      case "invoke":
        return { outputs: await operations.invoke(requests.invoke.parse(body)) };
      default:
        throw new Error(`no method ${method}`);
    }
  };
  return async (method, { body }) => {
    try {
      return { status: 200, body: await answer(method, body) };
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      cloud.log(`${of.name} ${method}: ${error.message}`);
      return { status: 422, body: { error: error.message } };
    }
  };
}

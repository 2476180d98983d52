import { z } from "zod";
import type { Cloud, SimulatedCloud } from "./cloud";
import { CONDITIONS, fault } from "./faults";
import type { RestAnswer, RestRequest } from "./http";
import type { Operations } from "./operations";
import { withAt } from "./values";

const values = z.record(z.string(), z.unknown());
const named = z.object({ token: z.string(), id: z.string() });

const bodies = {
  /** `value` limits the condition, e.g. to an API's name; false lifts it. Default: true */
  conditions: z.strictObject({
    name: z.enum(CONDITIONS),
    value: z.union([z.string(), z.boolean()]).default(true),
  }),
  /** Made by hand: by the cloud's rules, without Pulumi. */
  create: z.strictObject({ token: z.string(), inputs: values }),
  /** Deleted by hand; `force` leaves out what the provider or the cloud refuses. */
  delete: named.extend({ force: z.boolean().default(false) }).strict(),
  /** Changed by hand. */
  change: named.extend({ path: z.string(), value: z.unknown() }).strict(),
  /** A record of the cloud's own, of any kind: something that was left. */
  record: z.strictObject({ kind: z.string(), id: z.string(), outputs: values }),
  /** Puts the clouds' clock forward. */
  advance: z.strictObject({ seconds: z.number() }),
} as const;

/** Answers `/control/…`, what tests tell the clouds and ask them. */
export function controlApi(
  clouds: ReadonlyMap<SimulatedCloud, Operations>,
  cloud: Cloud,
): (what: string, request: RestRequest) => Promise<RestAnswer> {
  const operationsOf = (token: string): Operations => {
    for (const [{ kinds }, operations] of clouds)
      if (kinds.some((kind) => kind.token === token)) return operations;
    throw new Error(`no cloud has ${token}`);
  };
  /** What a cloud makes by itself, and no resource is. */
  const isRecord = (token: string) =>
    ![...clouds.keys()].some(({ kinds }) => kinds.some((kind) => kind.token === token));
  const answer = async (what: string, { method, body }: RestRequest): Promise<unknown> => {
    switch (`${method} ${what}`) {
      case "GET resources":
        return cloud.store.list();
      case "GET leftovers":
        return cloud.store.get("leftovers") ?? [];
      case "DELETE faults":
        cloud.faults.clear();
        return {};
      case "POST faults":
        cloud.faults.add(fault.parse(body));
        return {};
      case "POST conditions": {
        const { name, value } = bodies.conditions.parse(body);
        cloud.faults.condition(name, value === false ? undefined : value);
        return {};
      }
      case "POST create": {
        const { token, inputs } = bodies.create.parse(body);
        return operationsOf(token).create({ token, inputs });
      }
      case "POST delete": {
        const { token, id, force } = bodies.delete.parse(body);
        if (force && isRecord(token)) cloud.store.remove({ kind: token, id });
        else await operationsOf(token).remove({ token, id }, force);
        return {};
      }
      case "POST change": {
        const { token, id, path, value } = bodies.change.parse(body);
        const found = cloud.store.find(token, id);
        if (found === undefined) return undefined;
        cloud.store.put({
          ...found,
          inputs: withAt(found.inputs, path, value),
          outputs: withAt(found.outputs, path, value),
        });
        return {};
      }
      case "POST record": {
        const { kind, id, outputs } = bodies.record.parse(body);
        return cloud.record(kind, id, outputs);
      }
      case "POST advance": {
        const { seconds } = bodies.advance.parse(body);
        cloud.store.set("ahead", cloud.now() - Date.now() + seconds * 1000);
        return {};
      }
      default:
        return undefined;
    }
  };
  return async (what, request) => {
    const body = await answer(what, request);
    if (request.method !== "GET") for (const one of clouds.keys()) await one.controlled?.(cloud);
    return body === undefined ? { status: 404, body: { error: what } } : { status: 200, body };
  };
}

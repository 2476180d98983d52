import type { RuledVerdict } from "../../../../support/clouds/gateway/gateway";
import type { Values } from "../../../../support/clouds/values";
import type { Changes, World } from "./stack";

/** Something of another's, that is there before. */
export const left =
  (kind: string, id: string, outputs: Values = {}) =>
  ({ cloud }: World) => {
    cloud.store.put({ kind, id, inputs: outputs, outputs, state: "ready", createdAt: 0 });
  };

export const when =
  (...[name, value]: Parameters<World["cloud"]["faults"]["condition"]>) =>
  ({ cloud }: World) =>
    cloud.faults.condition(name, value);

/** Inputs of one type with others over them. */
export const changed = (token: string, more: Values): Changes => ({
  [token]: (inputs) => ({ ...inputs, ...more }),
});

/** @throws what a registry refuses, as its cloud's refusals are */
export function obey<Rule extends string>(
  verdict: RuledVerdict<Rule>,
  Refusal: new (rule: Rule, message: string) => Error,
): void {
  if (verdict.ok) return;
  if (verdict.rule === undefined) throw new Error(verdict.message);
  throw new Refusal(verdict.rule, verdict.message);
}

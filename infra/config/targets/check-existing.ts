import { recordAt } from "../drafts";
import { PROJECT, setCommand, type FaultContext, type Values } from "../faults";
import type { Fault } from "../../errors";

/** The registry's password is a secret, and comes with a user. */
export function checkExisting(values: Values, { stack, secret }: FaultContext): Fault[] {
  const { user, password } = recordAt(recordAt(values, "existing"), "registry");
  const at = `${PROJECT}:existing.registry`;
  const setPassword = setCommand(`${at}.password`, "", stack, true);
  if (password !== undefined && !secret("existing"))
    return [{ key: `${at}.password`, got: "plain text", allowed: "a secret", fix: setPassword }];
  if ((user === undefined) === (password === undefined)) return [];
  return [
    {
      key: user === undefined ? `${at}.user` : `${at}.password`,
      got: "nothing",
      allowed: "user and password together, or neither for an open registry",
      fix: user === undefined ? setCommand(`${at}.user`, "<user>", stack) : setPassword,
    },
  ];
}

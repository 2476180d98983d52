import { RuledError } from "../kind";
import type { Rule } from "./rules";

/** By a rule. */
export class Refusal extends RuledError<Rule> {}

/** Reasons as googleapi prints them behind the message: https://cloud.google.com/apis/design/errors */
type Reason =
  | "accessNotConfigured"
  | "alreadyExists"
  | "badRequest"
  | "forbidden"
  | "invalid"
  | "notFound"
  | "quotaExceeded"
  | "resourceInUseByAnotherResource";

/**
 * What Google's client library says of a refused call: google.golang.org/api/googleapi, `Error.Error`.
 * @param doing what the Terraform provider puts in front, e.g. "Error creating Network"
 */
export function googleError(
  rule: Rule,
  doing: string | undefined,
  code: 400 | 401 | 403 | 404 | 409,
  message: string,
  reason?: Reason,
): Refusal {
  const before = doing === undefined || doing === "" ? "" : `${doing}: `;
  const behind = reason === undefined ? "" : `, ${reason}`;
  return new Refusal(rule, `${before}googleapi: Error ${code}: ${message}${behind}`);
}

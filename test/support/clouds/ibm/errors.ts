import { randomUUID } from "node:crypto";
import { RuledError } from "../kind";
import type { Rule } from "./rules";

/** By a rule. */
export class Refusal extends RuledError<Rule> {}

/**
 * What Kubernetes Service answers, as the provider prints it, e.g. in
 * https://github.com/IBM-Cloud/terraform-provider-ibm/issues/3656.
 */
export function containerError(
  rule: Rule,
  status: number,
  { code, description, type }: { code: string; description: string; type: string },
): Refusal {
  const answer = JSON.stringify({ incidentID: randomUUID(), code, description, type });
  return new Refusal(
    rule,
    `Request failed with status code: ${status}, ServerErrorResponse: ${answer}`,
  );
}

/**
 * What VPC infrastructure answers, as the provider prints it.
 * https://github.com/IBM-Cloud/terraform-provider-ibm/blob/master/ibm/service/vpc/resource_ibm_is_subnet.go
 * @param operation e.g. DeleteSubnetWithContext
 */
export const vpcError = (rule: Rule, operation: string, message: string): Refusal =>
  new Refusal(rule, `${operation} failed: ${message}`);

/** https://github.com/IBM-Cloud/terraform-provider-ibm/issues/4163 */
export const CLUSTER_NOT_FOUND = {
  code: "G0004",
  description:
    "The specified cluster could not be found. If applicable, make sure that you target the correct account and resource group.",
  type: "General",
} as const;

export const clusterNotFound = (): Refusal =>
  containerError("cluster-unknown", 404, CLUSTER_NOT_FOUND);

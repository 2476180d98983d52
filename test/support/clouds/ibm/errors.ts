import { randomUUID } from "node:crypto";
import { CloudError } from "../kind";

/**
 * What Kubernetes Service answers, as the provider prints it, e.g. in
 * https://github.com/IBM-Cloud/terraform-provider-ibm/issues/3656.
 */
export function containerError(
  status: number,
  { code, description, type }: { code: string; description: string; type: string },
): CloudError {
  const answer = JSON.stringify({ incidentID: randomUUID(), code, description, type });
  return new CloudError(
    `Request failed with status code: ${status}, ServerErrorResponse: ${answer}`,
  );
}

/**
 * What VPC infrastructure answers, as the provider prints it.
 * https://github.com/IBM-Cloud/terraform-provider-ibm/blob/master/ibm/service/vpc/resource_ibm_is_subnet.go
 * @param operation e.g. DeleteSubnetWithContext
 */
export const vpcError = (operation: string, message: string): CloudError =>
  new CloudError(`${operation} failed: ${message}`);

/** https://github.com/IBM-Cloud/terraform-provider-ibm/issues/4163 */
export const clusterNotFound = (): CloudError =>
  containerError(404, {
    code: "G0004",
    description:
      "The specified cluster could not be found. If applicable, make sure that you target the correct account and resource group.",
    type: "General",
  });

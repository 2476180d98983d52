import { createHash, randomBytes, randomUUID } from "node:crypto";

/** The only account of the simulated IBM Cloud. */
export const ACCOUNT = "7f3b0c4d9e1a4f65b2c8d0e6a1f2b3c4";

/** Who owns the account. */
export const OWNER = "IBMid-270001ABCD";

/** The account's resource group, which is what names none gets. */
export const RESOURCE_GROUP = { id: "5c1e2d3f4a5b4c6d8e7f9a0b1c2d3e4f", name: "Default" } as const;

/** Prefixes of IDs of VPC infrastructure, by region and zone as seen in its documentation; others get one of their own. */
const REGION_PREFIXES: Readonly<Record<string, string>> = {
  "eu-de": "r010",
  "eu-gb": "r018",
  "us-east": "r014",
  "us-south": "r006",
};

/** ID of what belongs to a region: `r006-<UUID>`. */
export const regionalId = (region: string): string =>
  `${REGION_PREFIXES[region] ?? "r042"}-${randomUUID()}`;

/** ID of what belongs to a zone: `0717-<UUID>`. */
export const zonalId = (zone: string): string =>
  `07${createHash("sha256").update(zone).digest("hex").slice(0, 2)}-${randomUUID()}`;

/** ID of a cluster: 20 lower-case letters and digits. */
export function clusterId(): string {
  const letters = "0123456789abcdefghijklmnopqrstuv";
  return `c${[...randomBytes(19)].map((byte) => letters[byte % 32]).join("")}`;
}

export const hex = (bytes: number): string => randomBytes(bytes).toString("hex");

/** https://cloud.ibm.com/docs/account?topic=account-crn */
export function crn(
  service: string,
  place: { region: string; instance?: string; type?: string; resource?: string },
): string {
  const { region, instance = "", type = "", resource = "" } = place;
  return `crn:v1:bluemix:public:${service}:${region}:a/${ACCOUNT}:${instance}:${type}:${resource}`;
}

/** The region that a zone is in: us-south of us-south-1. */
export const regionOf = (zone: string): string => zone.replace(/-\d$/, "");

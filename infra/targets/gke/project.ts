import { Service } from "@pulumi/gcp/projects/service";
import { IAMMember } from "@pulumi/gcp/projects/iammember";
import { Account } from "@pulumi/gcp/serviceaccount/account";
import type * as pulumi from "@pulumi/pulumi";
import type { GkeConfig } from "../../config/targets/gke";
import { nodeAccountEmail, nodeAccountId, type GkeContext } from "./context";

const APIS = ["cloudresourcemanager", "iam", "compute", "container", "artifactregistry"] as const;

/** Enables what a new project lacks. They stay when the stack goes: others of the project may have come to use them. */
export function enableApis(
  { project, dnsZone }: GkeConfig,
  own: GkeContext["own"],
): pulumi.Resource[] {
  const names = dnsZone === undefined ? APIS : [...APIS, "dns"];
  return names.map(
    (name) =>
      new Service(
        name,
        { project, service: `${name}.googleapis.com`, disableOnDestroy: false },
        own,
      ),
  );
}

/**
 * All that nodes need: to log and be measured, and to pull images, of any repository of the project.
 * https://docs.cloud.google.com/kubernetes-engine/docs/how-to/hardening-your-cluster
 */
const NODE_ROLES = {
  nodes: "roles/container.defaultNodeServiceAccount",
  pull: "roles/artifactregistry.reader",
} as const;

/** Scope of nodes: what IAM grants their account is the limit. */
export const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform";

export interface NodeAccount {
  /** Known before the account is there: what takes it is not replaced on its account. */
  readonly email: string;
  /** The account with its roles. */
  readonly resources: readonly pulumi.Resource[];
}

/** An account of the nodes' own: the project's default one may do too much, or, in a new organisation, nothing. */
export function nodeAccount({ config, stack, own, apis }: GkeContext): NodeAccount {
  const { project } = config;
  const accountId = nodeAccountId(stack);
  const email = nodeAccountEmail(config, stack);
  const account = new Account(
    "nodes",
    { project, accountId, displayName: `Nodes of modelport's stack ${stack}`.slice(0, 100) },
    { ...own, dependsOn: [...apis] },
  );
  const roles = Object.entries(NODE_ROLES).map(
    ([name, role]) =>
      new IAMMember(
        name,
        { project, role, member: `serviceAccount:${email}` },
        { ...own, dependsOn: [account] },
      ),
  );
  return { email, resources: [account, ...roles] };
}

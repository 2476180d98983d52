import type { Cloud } from "../cloud";
import type { Kind } from "../kind";
import { text } from "../values";
import { allow, disableApi, enableApi } from "./access";
import { googleError } from "./errors";
import { PROJECT, projectDefault, TOKENS } from "./names";

/** An API of the project. */
export const service: Kind = {
  token: TOKENS.service,
  docs: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/google_project_service",
  replaceOn: ["project", "service"],
  defaults: projectDefault,
  seconds: { create: 5, update: 0, delete: 2 },
  create(inputs, cloud) {
    const project = text(inputs, "project");
    const name = text(inputs, "service");
    // Enabling is itself a right: https://cloud.google.com/service-usage/docs/access-control
    if (
      project !== PROJECT ||
      cloud.faults.holds("permission-denied", "serviceusage.services.enable")
    )
      throw googleError(
        "api-enabling-forbidden",
        `Error when reading or editing Project Service ${project}/${name}: Error enabling service "${name}" for project "${project}"`,
        403,
        `Permission denied to enable service [${name}]`,
        "forbidden",
      );
    return {
      id: `${project}/${name}`,
      outputs: {},
      finish: () => {
        enableApi(cloud, shortOf(name));
        return Promise.resolve({});
      },
    };
  },
  /** Stays enabled, unless the resource says otherwise; its default is to disable. */
  deleted({ inputs }, cloud) {
    if (inputs["disableOnDestroy"] !== false) disableApi(cloud, shortOf(text(inputs, "service")));
  },
};

const shortOf = (name: string) => name.replace(".googleapis.com", "");

/** A service account. */
export const account: Kind = {
  token: TOKENS.account,
  docs: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/google_service_account",
  replaceOn: ["project", "accountId"],
  defaults: projectDefault,
  // The provider waits until IAM shows what it made: https://cloud.google.com/iam/docs/access-change-propagation
  seconds: { create: 12, delete: 2 },
  create(inputs, cloud) {
    const project = text(inputs, "project");
    const accountId = text(inputs, "accountId");
    const email = `${accountId}@${project}.iam.gserviceaccount.com`;
    const id = `projects/${project}/serviceAccounts/${email}`;
    const doing = "Error creating service account";
    allow(cloud, inputs, {
      doing,
      api: "iam",
      permission: "iam.serviceAccounts.create",
      resource: `projects/${project}`,
    });
    if (cloud.store.find(TOKENS.account, id) !== undefined)
      throw googleError(
        "account-taken",
        doing,
        409,
        `Service account ${accountId} already exists within project projects/${project}.`,
        "alreadyExists",
      );
    return {
      id,
      outputs: {
        email,
        member: `serviceAccount:${email}`,
        name: id,
        uniqueId: String(cloud.now()),
      },
    };
  },
};

/** Whether IAM knows an account: not at once after it was made. https://cloud.google.com/iam/docs/overview#consistency */
export const isSeen = (cloud: Cloud, email: string) =>
  cloud.store.find(TOKENS.account, `projects/${PROJECT}/serviceAccounts/${email}`)?.state ===
  "ready";

/** A role of the project that a member has. */
export const member: Kind = {
  token: TOKENS.member,
  docs: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/google_project_iam#google_project_iam_member",
  replaceOn: ["project", "role", "member", "condition"],
  defaults: projectDefault,
  seconds: { create: 4, delete: 4 },
  create(inputs, cloud) {
    const [project, role, who] = ["project", "role", "member"].map((key) => text(inputs, key));
    const doing = `Error applying IAM policy for project "${project}": Error setting IAM policy for project "${project}"`;
    allow(cloud, inputs, {
      doing,
      api: "cloudresourcemanager",
      permission: "resourcemanager.projects.setIamPolicy",
      resource: `projects/${project}`,
    });
    requireMember(cloud, doing, who ?? "");
    return { id: `${project}/${role}/${who}`, outputs: { etag: `BwY${cloud.now()}` } };
  },
};

/** IAM refuses members that it doesn't know. @throws CloudError */
function requireMember(cloud: Cloud, doing: string, who: string): void {
  const email = /^serviceAccount:(.*)$/.exec(who)?.[1];
  if (email === undefined || isSeen(cloud, email)) return;
  throw googleError(
    "member-unknown",
    doing,
    400,
    `Service account ${email} does not exist.`,
    "badRequest",
  );
}

import { z } from "zod";
import type { Look } from "../found";
import { optionalList } from "../shapes";
import type { GoogleApi } from "./api";
import type { GoogleStack } from "./stack";

/** https://docs.cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/list */
const accounts = z.object({
  accounts: optionalList(z.object({ email: z.string() })),
});

/** The nodes' service account. */
export function accountLook(api: GoogleApi, { project, account }: GoogleStack): Look {
  return {
    kinds: "service accounts",
    find: async () =>
      (await api.pages("iam", `projects/${project}/serviceAccounts`, accounts, { pageSize: "100" }))
        .flatMap((page) => page.accounts)
        .filter(({ email }) => email === account)
        .map(({ email }) => ({
          kind: "service account",
          name: email,
          place: `project ${project}`,
          remove: `gcloud iam service-accounts delete ${email} --project ${project} --quiet`,
        })),
  };
}

/** https://docs.cloud.google.com/resource-manager/reference/rest/v1/projects/getIamPolicy */
const policy = z.object({
  bindings: optionalList(
    z.object({
      role: z.string(),
      members: optionalList(z.string()),
    }),
  ),
});

/** Member of an account that is gone, before its unique id: https://docs.cloud.google.com/iam/docs/principal-identifiers */
const GONE = "deleted:";

/** Its roles in the project, which outlive it. */
export function bindingLook(api: GoogleApi, { project, account }: GoogleStack): Look {
  const member = `serviceAccount:${account}`;
  const isOurs = (candidate: string) =>
    candidate === member || candidate.startsWith(`${GONE}${member}?`);
  return {
    kinds: "role bindings",
    find: async () => {
      const { bindings } = await api
        .get("cloudresourcemanager", `projects/${project}:getIamPolicy`, policy, {
          json: { options: { requestedPolicyVersion: 3 } },
        })
        .catch(async (error: unknown) => {
          if (await api.isOff("cloudresourcemanager", error)) return policy.parse({});
          throw error;
        });
      return bindings.flatMap(({ role, members }) =>
        members.filter(isOurs).map((name) => ({
          kind: "role binding",
          name: `${role} of ${name}`,
          place: `project ${project}`,
          remove: `gcloud projects remove-iam-policy-binding ${project} --member '${name}' --role ${role} --all --quiet`,
        })),
      );
    },
  };
}

import type { Kind } from "../kind";
import { text } from "../values";
import { allow } from "./access";
import { googleError } from "./errors";
import { projectDefault, RECORDS, TOKENS } from "./names";

/** A record of a managed zone; zones are made by hand, by `POST /control/record`. What it says, the hosts file says too. */
export const recordSet: Kind = {
  token: TOKENS.recordSet,
  docs: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/dns_record_set",
  replaceOn: ["project", "managedZone", "name"],
  defaults: projectDefault,
  seconds: { create: 5, update: 5, delete: 5 },
  create(inputs, cloud) {
    const [project, zone, name, type] = ["project", "managedZone", "name", "type"].map((key) =>
      text(inputs, key),
    );
    const parent = `projects/${project}/managedZones/${zone}`;
    const id = `${parent}/rrsets/${name}/${type}`;
    const doing = "Error creating DNS RecordSet";
    allow(cloud, inputs, { doing, api: "dns", permission: "dns.changes.create", resource: parent });
    if (cloud.store.find(RECORDS.managedZone, parent) === undefined)
      throw googleError(
        "zone-unknown",
        doing,
        404,
        `The 'parameters.managedZone' resource named '${zone}' does not exist.`,
        "notFound",
      );
    if (cloud.store.find(TOKENS.recordSet, id) !== undefined)
      throw googleError(
        "record-taken",
        doing,
        409,
        `The resource 'entity.change.additions[${name}][${type}]' named '${name} (${type})' already exists`,
        "alreadyExists",
      );
    return {
      id,
      outputs: {},
      finish: () => {
        for (const address of addresses(inputs["rrdatas"])) cloud.host(hostOf(name), address);
        return Promise.resolve({});
      },
    };
  },
  update(stored, inputs, cloud) {
    for (const address of addresses(inputs["rrdatas"]))
      cloud.host(hostOf(text(inputs, "name")), address);
    return { ...stored.outputs, ...inputs };
  },
  deleted({ inputs }, cloud) {
    cloud.forgetHost(hostOf(text(inputs, "name")));
  },
};

const addresses = (data: unknown): string[] => (Array.isArray(data) ? data.map(String) : []);
const hostOf = (name = "") => name.replace(/\.$/, "");

import type { Kind } from "../kind";
import { text, type Values } from "../values";
import { allow, refuseTaken, requireThere } from "./access";
import { googleError } from "./errors";
import { idOf, networkId, placeDefaults, selfLink, TOKENS } from "./names";

const routerId = (inputs: Values, name: string) =>
  idOf(name, `projects/${text(inputs, "project")}/regions/${text(inputs, "region")}/routers`);

export const router: Kind = {
  token: TOKENS.router,
  docs: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_router",
  replaceOn: ["project", "region", "name", "network"],
  autoNamed: true,
  defaults: placeDefaults,
  seconds: { create: 5, delete: 5 },
  create(inputs, cloud) {
    const id = routerId(inputs, text(inputs, "name"));
    const doing = "Error creating Router";
    allow(cloud, inputs, {
      doing,
      api: "compute",
      permission: "compute.routers.create",
      resource: id,
    });
    requireThere(cloud, TOKENS.network, doing, networkId(inputs));
    refuseTaken(cloud, TOKENS.router, doing, id);
    return {
      id,
      outputs: { selfLink: selfLink(id), creationTimestamp: new Date(cloud.now()).toISOString() },
    };
  },
  /** Its NATs go with it: they are a part of it. https://cloud.google.com/compute/docs/reference/rest/v1/routers */
  deleted({ id }, cloud) {
    for (const nat of cloud.store.list(TOKENS.routerNat))
      if (routerId(nat.inputs, text(nat.inputs, "router")) === id) cloud.store.remove(nat);
  },
};

export const routerNat: Kind = {
  token: TOKENS.routerNat,
  docs: "https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/compute_router_nat",
  replaceOn: ["project", "region", "router", "name"],
  autoNamed: true,
  defaults: placeDefaults,
  seconds: { create: 5, update: 5, delete: 5 },
  create(inputs, cloud) {
    const [project, region, router, name] = ["project", "region", "router", "name"].map((key) =>
      text(inputs, key),
    );
    const id = `${project}/${region}/${router}/${name}`;
    const doing = "Error creating RouterNat";
    allow(cloud, inputs, {
      doing,
      api: "compute",
      permission: "compute.routers.update",
      resource: id,
    });
    requireThere(cloud, TOKENS.router, doing, routerId(inputs, router ?? ""));
    // The provider looks first: https://github.com/hashicorp/terraform-provider-google, compute_router_nat.go
    if (cloud.store.find(TOKENS.routerNat, id) !== undefined)
      throw googleError(
        "nat-taken",
        doing,
        409,
        `The resource '${id}' already exists`,
        "alreadyExists",
      );
    return { id, outputs: {} };
  },
};

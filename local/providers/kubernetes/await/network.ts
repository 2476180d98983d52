/** core/v1/Service and networking.k8s.io/v1/Ingress (provider/pkg/await/{service,ingress}.go). */
import { get, getList, getMap, getString, nameOf, type KubeObject } from "../object";
import { ready, waiting, type Awaiter, type View } from "./awaiter";

const endpoints = { apiVersion: "v1", kind: "Endpoints" };

export const serviceAwaiter: Awaiter = {
  judgesReads: true,
  related: [
    { ...endpoints, query: (service) => ({ fieldSelector: `metadata.name=${nameOf(service)}` }) },
  ],
  evaluate(view) {
    const { object } = view;
    const type = getString(object, "spec", "type");
    const hasAddress =
      type !== "LoadBalancer" || getList(object, "status", "loadBalancer", "ingress").length > 0;
    const endpointsReady = !targetsPods(object) || areEndpointsReady(view);
    if (endpointsReady && hasAddress) return ready;
    const reasons: string[] = [];
    if (!endpointsReady)
      reasons.push(
        "the Service targets pods that are not ready, or has no endpoints yet; does spec.selector match the pods' labels?",
      );
    if (!hasAddress)
      reasons.push(
        "the Service was not given an address; is there a load balancer in this cluster?",
      );
    return endpointsReady
      ? waiting("[2/3] Attempting to allocate IP address to Service", reasons)
      : waiting("[1/3] Finding Pods to direct traffic to", reasons);
  },
};

/** Nobody fills the endpoints of a Service without a selector; a headless one waits for no pods. */
function targetsPods(service: KubeObject): boolean {
  return (
    getString(service, "spec", "type") !== "ExternalName" &&
    getString(service, "spec", "clusterIP") !== "None" &&
    Object.keys(getMap(service, "spec", "selector")).length > 0
  );
}

function areEndpointsReady(view: View): boolean {
  const found = view.related("Endpoints")[0];
  return (
    found !== undefined &&
    view.settled("Endpoints") &&
    getList(found, "subsets").every((subset) => getList(subset, "notReadyAddresses").length === 0)
  );
}

/** Without any change among the endpoints they are taken as settled. */
const noEndpointsSeconds = 60;

export const ingressAwaiter: Awaiter = {
  judgesReads: true,
  related: [endpoints, { apiVersion: "v1", kind: "Service" }],
  evaluate(view) {
    const missing = missingBackends(view);
    const settled =
      view.settled("Endpoints") ||
      (view.related("Endpoints").length === 0 && view.seconds >= noEndpointsSeconds);
    if (missing.length > 0 && !settled)
      return waiting("[1/3] Finding a matching service for each Ingress path", [
        `no endpoints for: ${missing.join(", ")}`,
      ]);
    if (getList(view.object, "status", "loadBalancer", "ingress").length > 0) return ready;
    return waiting("[2/3] Waiting for update of .status.loadBalancer with hostname/IP", [
      "no ingress controller set status.loadBalancer; is one installed for this ingress class?",
    ]);
  },
};

function missingBackends({ object, related }: View): string[] {
  const present = new Set(related("Endpoints").map(nameOf));
  const external = new Set(
    related("Service")
      .filter((service) => get(service, "spec", "type") === "ExternalName")
      .map(nameOf),
  );
  return getList(object, "spec", "rules")
    .flatMap((rule) => getList(rule, "http", "paths"))
    .map((path) => getString(path, "backend", "service", "name"))
    .filter((name) => name !== "" && !present.has(name) && !external.has(name));
}

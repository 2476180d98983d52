import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse, stringify } from "yaml";
import { ingress } from "../../../infra/manifests/ingress";
import { route } from "../../../infra/manifests/route";
import { service } from "../../../infra/manifests/service";
import { tlsSecret } from "../../../infra/manifests/tls-secret";

const GOLDEN = path.join(__dirname, "golden");
const identity = { stack: "prod", service: "iris" };
const place = { identity, namespace: "modelport-prod" };

/** Compares with the golden file; UPDATE_GOLDEN=1 writes it, and nothing else does. */
function golden(name: string, manifest: unknown): void {
  const file = path.join(GOLDEN, `${name}.yaml`);
  const plain: unknown = JSON.parse(JSON.stringify(manifest));
  if (process.env["UPDATE_GOLDEN"] === "1") fs.writeFileSync(file, stringify(plain));
  assert.deepEqual(plain, parse(fs.readFileSync(file, "utf8")));
}

const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;

describe("manifests in front of a service", () => {
  it("service LoadBalancer, with what a platform wants of it", () =>
    golden(
      "service-loadbalancer",
      service({
        ...place,
        exposure: "LoadBalancer",
        annotations: { "networking.gke.io/load-balancer-type": "Internal" },
        loadBalancerIp: "10.0.0.7",
      }),
    ));

  it("service behind an Ingress or a Route is for the cluster alone", () => {
    for (const exposure of ["Ingress", "Route"] as const)
      golden("service-clusterip", service({ ...place, exposure }));
  });

  it("ingress of any host", () => golden("ingress", ingress(place)));

  it("ingress with TLS", () =>
    golden(
      "ingress-tls",
      ingress({
        ...place,
        className: "nginx",
        annotations: { "example.com/a": "b" },
        host: "iris.example.com",
        tlsSecret: "iris-tls",
      }),
    ));

  it("TLS secret", () =>
    golden("tls-secret", tlsSecret({ ...place, name: "iris-tls", certificate: "c", key: "k" })));

  it("route, plain", () => golden("route", route(place)));

  it("route with the router's certificate", () =>
    golden("route-edge", route({ ...place, host: "iris.example.com", tls: "managed" })));

  it("route with the user's certificate: one, and its chain apart", () =>
    golden(
      "route-edge-given",
      route({
        ...place,
        host: "iris.example.com",
        tls: {
          certificate: `${pem("own")}\n${pem("issuer")}\n`,
          key: "k",
          caCertificate: pem("root"),
        },
      }),
    ));
});

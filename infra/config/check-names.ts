import { keysOf, serviceDrafts } from "./drafts";
import { PROJECT, type FaultContext } from "./faults";
import type { Fault } from "../errors";
import { physicalName } from "../naming";

/** What a namespace holds by itself, on OpenShift too, or what modelport puts there for all services: a service's objects bear its name. */
const RESERVED = ["builder", "default", "default-deny", "deployer", "pipeline"];

/** Names that Kubernetes, or another service of the stack, has already. */
export function checkNames({ stack, values }: FaultContext): Fault[] {
  const services = serviceDrafts(values);
  const rename = (service: string) => `rename ${service} in Pulumi.${stack}.yaml`;
  const reserved = services
    .filter(([name]) => RESERVED.includes(name))
    .map(([name]) => ({
      key: `${PROJECT}:services.${name}`,
      got: "a name that a namespace has objects of already",
      allowed: `any but ${RESERVED.join(", ")}`,
      fix: rename(`the service, e.g. to ${name}-model,`),
    }));
  const taken = new Map<string, string>();
  const secrets = services.flatMap(([service, { apiKeys, tls, secrets: folders }]) => [
    ...(keysOf(apiKeys).length === 0 ? [] : [[service, "api-keys"]]),
    ...(keysOf(tls).length === 0 ? [] : [[service, "tls"]]),
    ...keysOf(folders).map((folder) => [service, "secret", folder]),
  ]);
  const twice = secrets.flatMap(([service = "", ...rest]): Fault[] => {
    const secret = physicalName([service, ...rest]);
    const owner = taken.get(secret);
    taken.set(secret, service);
    if (owner === undefined) return [];
    return [
      {
        key: `${PROJECT}:services.${service}`,
        got: `the Secret ${secret}, which service ${owner} has already`,
        allowed: "services and secrets whose names, joined by dashes, differ",
        fix: rename(`service ${service}, or the secret,`),
      },
    ];
  });
  return [...reserved, ...twice];
}

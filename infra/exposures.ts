import type { FrontSettings } from "./components/front";
import { checkKeysOf } from "./config/service-exposure";
import { PROJECT, removeCommand, setCommand } from "./config/faults";
import type { Exposure, ServiceConfig } from "./config/service";
import type { Fault } from "./errors";
import type { Capabilities, Target, TlsKind } from "./targets/target";

type Services = Readonly<Record<string, ServiceConfig>>;
type TargetFacts = Pick<Target, "name" | "capabilities" | "defaultExposure">;

/** What the target's capabilities refuse of how services want to be reached: all of it, for all services. */
export function checkExposures(services: Services, target: TargetFacts, stack: string): Fault[] {
  const faults = Object.entries(services).flatMap(([name, service]) =>
    checkService(`${PROJECT}:services.${name}`, service, target, stack),
  );
  return [...faults, ...sharedIngressFaults(services, target, stack)];
}

function checkService(
  at: string,
  service: ServiceConfig,
  target: TargetFacts,
  stack: string,
): Fault[] {
  const { capabilities, defaultExposure } = target;
  const exposure = service.exposure ?? defaultExposure;
  if (!capabilities.exposures.includes(exposure)) {
    const refusal = capabilities.refusals?.[exposure];
    const others = capabilities.exposures.join(", ");
    return [
      {
        key: `${at}.exposure`,
        got: `${exposure}, which target ${target.name} ${refusal === undefined ? "doesn't have" : `doesn't have now: ${refusal.why}`}`,
        allowed: `one of ${others}`,
        fix: refusal?.fix ?? setCommand(`${at}.exposure`, defaultExposure, stack),
      },
    ];
  }
  // Beside an exposure that config gives, its own check has told these.
  const misplaced = service.exposure === undefined ? checkKeysOf(at, exposure, service, stack) : [];
  if (misplaced.length > 0) return misplaced;
  return [
    ...tlsFaults(at, service, target, stack),
    ...(service.internal && capabilities.internal?.includes(exposure) !== true
      ? [
          {
            key: `${at}.internal`,
            got: `true, beside exposure ${exposure}`,
            allowed: `false on target ${target.name}${forInternal(capabilities)}`,
            fix: removeCommand(`${at}.internal`, stack),
          },
        ]
      : []),
  ];
}

const forInternal = ({ internal = [] }: Capabilities) =>
  internal.length === 0 ? "" : `, or exposure ${internal.join(" or ")}`;

/** What TLS an Ingress or a Route can have. */
function tlsKinds(exposure: Exposure, { tls = [], managedTls }: Capabilities): readonly TlsKind[] {
  return tls.filter((kind) => kind !== "managed" || managedTls?.includes(exposure) !== false);
}

function tlsFaults(
  at: string,
  service: ServiceConfig,
  target: TargetFacts,
  stack: string,
): Fault[] {
  const kind = typeof service.tls === "object" ? "given" : service.tls;
  const exposure = service.exposure ?? target.defaultExposure;
  const kinds = tlsKinds(exposure, target.capabilities);
  if (kind === undefined || kind === "none" || kinds.includes(kind)) return [];
  const words: Readonly<Record<TlsKind, string>> = {
    managed: "managed",
    given: "a certificate and its key",
  };
  return [
    {
      key: `${at}.tls`,
      got: words[kind],
      allowed: `${[...kinds.map((one) => words[one]), "none"].join(", or ")}: on target ${target.name}, with exposure ${exposure}`,
      fix: kinds.includes("given")
        ? `give tls.certificate, and ${setCommand(`${at}.tls.key`, "", stack, true)} < key.pem`
        : removeCommand(`${at}.tls`, stack),
    },
  ];
}

/** Where Ingresses share an address and have no domain, a request without a host can mean one of them only. */
function sharedIngressFaults(services: Services, target: TargetFacts, stack: string): Fault[] {
  if (target.capabilities.sharedIngress !== true) return [];
  const ingresses = Object.entries(services).filter(
    ([, { exposure = target.defaultExposure }]) => exposure === "Ingress",
  );
  const seen = new Set<string | undefined>();
  return ingresses.flatMap(([name, { host }]): Fault[] => {
    if (!seen.has(host)) {
      seen.add(host);
      return [];
    }
    const key = `${PROJECT}:services.${name}.host`;
    return [
      {
        key,
        got:
          host === undefined ? "nothing, like another Ingress" : `"${host}", like another Ingress`,
        allowed: "a host of its own: all Ingresses of this cluster share one address",
        fix: setCommand(key, `${name}.example.com`, stack),
      },
    ];
  });
}

/** How a service is to be reached, defaults filled in. */
export function frontSettings(
  service: ServiceConfig,
  exposure: Exposure,
  capabilities: Capabilities,
): FrontSettings {
  const { internal, host, tls = defaultTls(exposure, capabilities), addressSeconds } = service;
  return {
    internal,
    ...(host === undefined ? {} : { host }),
    ...(tls === "none"
      ? {}
      : { tls: tls === "managed" ? { kind: tls } : { kind: "given", ...tls } }),
    ...(addressSeconds === undefined ? {} : { addressSeconds }),
  };
}

function defaultTls(exposure: Exposure, capabilities: Capabilities): "managed" | "none" {
  const managed = tlsKinds(exposure, capabilities).includes("managed");
  return exposure === "Ingress" && managed ? "managed" : "none";
}

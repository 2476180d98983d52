import { physicalName } from "../naming";

/** A stack's name as a label may hold it: Pulumi allows longer ones, and any letter at the ends. */
export const stackLabel = (stack: string) => physicalName([stack]);

/** Labels of everything that belongs to one service. */
export interface ServiceIdentity {
  readonly stack: string;
  readonly service: string;
}

/** What a selector may use: these never change in a service's life. */
export function selectorLabels({ stack, service }: ServiceIdentity): Record<string, string> {
  return { "app.kubernetes.io/name": service, "app.kubernetes.io/instance": stackLabel(stack) };
}

/** Kubernetes' recommended labels; `part-of` and `instance` find everything of a stack. */
export function labels(identity: ServiceIdentity): Record<string, string> {
  return {
    ...selectorLabels(identity),
    "app.kubernetes.io/component": "inference",
    ...stackLabels(identity.stack),
  };
}

/** Labels of what several services of a stack share. */
export function stackLabels(stack: string): Record<string, string> {
  return {
    "app.kubernetes.io/instance": stackLabel(stack),
    "app.kubernetes.io/part-of": "modelport",
    "app.kubernetes.io/managed-by": "pulumi",
  };
}

/**
 * Writes the JSON Schemas that kubeconform checks Kubernetes' own kinds against, from the OpenAPI document of the release
 * that the embedded cluster runs: npx tsx test/manifests/schemas/generate.ts. Needs Go, which fetches the release's module.
 * Kinds of other makers are beside them, written by hand after their documentation.
 */
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { repositoryRoot } from "../../../local/paths";

/** What the program renders, and what may be written in front of it by hand. */
const KINDS = [
  "apps.v1.Deployment",
  "autoscaling.v2.HorizontalPodAutoscaler",
  "core.v1.Namespace",
  "core.v1.Secret",
  "core.v1.Service",
  "core.v1.ServiceAccount",
  "networking.v1.Ingress",
  "networking.v1.NetworkPolicy",
  "policy.v1.PodDisruptionBudget",
  "rbac.v1.RoleBinding",
];

type Schema = Record<string, unknown>;

const PREFIX = "#/definitions/";

/** The folder of the module that local/toolchain/go/kubernetes pins. */
function moduleFolder(): string {
  const cwd = path.join(repositoryRoot(), "local", "toolchain", "go", "kubernetes");
  const text = execFileSync("go", ["mod", "download", "-json", "k8s.io/kubernetes"], {
    cwd,
    encoding: "utf8",
  });
  return (JSON.parse(text) as { Dir: string }).Dir;
}

/** Strict: what Kubernetes would drop, a field that it doesn't know, is a fault. */
function strict(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strict);
  if (typeof value !== "object" || value === null) return value;
  const given = value as Schema;
  if (given["format"] === "int-or-string") return { type: ["string", "integer"] };
  const kept = Object.entries(given).filter(
    ([key]) => !/^(?:description$|x-kubernetes-)/.test(key),
  );
  const schema = Object.fromEntries(
    kept.map(([key, child]) => [key, key === "properties" ? fields(child) : strict(child)]),
  );
  return "properties" in schema ? { ...schema, additionalProperties: false } : schema;
}

/** By a field's name, which may be "description". */
function fields(properties: unknown): Schema {
  const entries = Object.entries(properties as Schema);
  return Object.fromEntries(entries.map(([name, schema]) => [name, strict(schema)]));
}

/** Names of definitions that a schema refers to. */
function references(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, child]: [string, unknown]) =>
    key === "$ref" && typeof child === "string" ? [child.slice(PREFIX.length)] : references(child),
  );
}

function main(): void {
  const document = path.join(moduleFolder(), "api", "openapi-spec", "swagger.json");
  const { definitions } = JSON.parse(fs.readFileSync(document, "utf8")) as {
    definitions: Record<string, Schema>;
  };
  const quantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";
  for (const kind of KINDS) {
    const name = `io.k8s.api.${kind}`;
    const needed = new Set<string>();
    const add = (definition: string) => {
      if (needed.has(definition)) return;
      needed.add(definition);
      references(definitions[definition]).forEach(add);
    };
    add(name);
    const [own] = definitions[name]?.["x-kubernetes-group-version-kind"] as {
      group: string;
      kind: string;
      version: string;
    }[];
    if (own === undefined) throw new Error(`${name} has no group, version and kind`);
    const root = strict(definitions[name]) as { properties: Record<string, Schema> };
    const apiVersion = own.group === "" ? own.version : `${own.group}/${own.version}`;
    const schema = {
      ...root,
      required: ["apiVersion", "kind", "metadata"],
      properties: {
        ...root.properties,
        apiVersion: { const: apiVersion },
        kind: { const: own.kind },
      },
      definitions: Object.fromEntries(
        [...needed]
          .filter((definition) => definition !== name)
          .sort()
          .map((definition) => [
            definition,
            definition === quantity
              ? { type: ["string", "number"] }
              : strict(definitions[definition]),
          ]),
      ),
    };
    const file = path.join(__dirname, "kubernetes", `${own.kind.toLowerCase()}.json`);
    fs.writeFileSync(file, `${JSON.stringify(schema, undefined, 1)}\n`);
  }
}

main();

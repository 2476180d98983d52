import { createRequire } from "node:module";
import * as path from "node:path";
import * as vm from "node:vm";
import { buildSync } from "esbuild";
import * as pulumi from "@pulumi/pulumi";
import type { providers } from "../../../../infra/targets/minikube-provider";

type Providers = typeof providers;

const ROOT = path.join(__dirname, "..", "..", "..", "..");

/** The providers as Pulumi would run them: bundled as local/build.js bundles, serialised into text, loaded from that text. */
export async function loadSerialised(): Promise<Providers> {
  const bundle = buildSync({
    entryPoints: [path.join(ROOT, "infra/targets/minikube-provider.ts")],
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node22",
    keepNames: true,
    write: false,
  }).outputFiles[0]!.text;
  const bundled = evaluate(bundle)["providers"] as Providers;
  const { text } = await pulumi.runtime.serializeFunction(() => bundled);
  return (evaluate(text)["handler"] as () => Providers)();
}

function evaluate(text: string): Record<string, unknown> {
  const module = { exports: {} as Record<string, unknown> };
  const load = vm.compileFunction(text, ["module", "exports", "require"]) as (
    ...args: unknown[]
  ) => undefined;
  load(module, module.exports, createRequire(path.join(ROOT, "infra/main.js")));
  return module.exports;
}

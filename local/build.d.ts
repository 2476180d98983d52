import type { BuildOptions } from "esbuild";

/** @param names which bundles must be up to date on return */
export function build(names: readonly string[]): void;

/** How esbuild makes one of them; paths are relative to the repository. */
export function bundleOptions(name: string): BuildOptions & { write: false };

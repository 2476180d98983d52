/** @param names which bundles must be up to date on return */
export function build(names: readonly string[]): void;

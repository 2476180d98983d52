/** Pulumi's provider plugins of a stack in a cloud. The stand-ins don't count: they refuse every cluster that is not on this machine. */
import * as fs from "node:fs";
import * as path from "node:path";
import { repositoryRoot } from "../../local/paths";
import type { Finding, Surroundings } from "./finding";

/** Where `pulumi plugin install` downloads from. */
const SERVER = "https://get.pulumi.com";

export interface Plugin {
  readonly name: string;
  readonly version: string;
  /** What the plugin itself downloads, where it only bridges: a Terraform provider. */
  readonly bridges?: string;
}

/** Of an SDK, as its package.json tells the engine. */
export function pluginOf(sdk: string, root = repositoryRoot()): Plugin {
  const file = path.join(root, "node_modules", "@pulumi", sdk, "package.json");
  const { version, pulumi = {} } = JSON.parse(fs.readFileSync(file, "utf8")) as {
    version: string;
    pulumi?: { name?: string; version?: string; parameterization?: { name: string } };
  };
  return {
    name: pulumi.name ?? sdk,
    version: (pulumi.version ?? version).replace(/^v/, ""),
    ...(pulumi.parameterization === undefined
      ? {}
      : { bridges: `terraform-provider-${pulumi.parameterization.name}` }),
  };
}

/**
 * @param home PULUMI_HOME
 * @param canReach asked only where something must be downloaded
 */
export async function pluginFindings(
  plugins: readonly Plugin[],
  home: string,
  surroundings: Surroundings,
  canReach: (origin: string) => Promise<boolean>,
): Promise<Finding[]> {
  return Promise.all(
    plugins.map(async (plugin) => {
      const name = `plugin ${plugin.name}`;
      const where = installed(plugin, home, surroundings);
      const { version, bridges } = plugin;
      if (where !== undefined)
        return { name, state: "good" as const, detail: `${version} (${where})` };
      const also = bridges === undefined ? "" : `, which downloads ${bridges}`;
      if (await canReach(SERVER))
        return {
          name,
          state: "optional" as const,
          detail: `${version} is not here yet; \`up\` downloads it${also}`,
        };
      return {
        name,
        state: "missing" as const,
        detail: `${version} is not here, and ${SERVER} can't be reached`,
        fix: "check the network and the proxy settings, or bring the files: pulumi plugin install resource NAME VERSION --file FILE",
      };
    }),
  );
}

/** Where the engine finds it: PATH, then its own folder. */
function installed(
  { name, version }: Plugin,
  home: string,
  { which }: Surroundings,
): string | undefined {
  const program = `pulumi-resource-${name}`;
  const own = path.join(home, "plugins", `resource-${name}-v${version}`, program);
  return [which(program), own].find(
    (file): file is string =>
      file !== undefined && fs.existsSync(file) && !fs.realpathSync(file).includes("/stand-ins/"),
  );
}

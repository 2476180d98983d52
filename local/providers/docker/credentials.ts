/** Signs in to a registry for one command, without a trace in ~/.docker. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

export interface Login {
  server: string;
  username: string;
  password: string;
}

interface DockerConfig {
  auths?: Record<string, unknown>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
  [key: string]: unknown;
}

const hubKey = "https://index.docker.io/v1/";
const hubNames = new Set(["docker.io", "index.docker.io", "registry-1.docker.io", ""]);

/** Runs `work` with a DOCKER_CONFIG that is the user's own plus this login, and removes it. */
export async function withLogin<T>(
  login: Login | undefined,
  work: (environment: Record<string, string>) => Promise<T>,
): Promise<T> {
  if (login === undefined) return work({});
  const folder = await fs.promises.mkdtemp(path.join(os.tmpdir(), "modelport-docker-"));
  const remove = (): void => fs.rmSync(folder, { recursive: true, force: true });
  process.on("exit", remove);
  try {
    const home = process.env["DOCKER_CONFIG"] ?? path.join(os.homedir(), ".docker");
    const config = mergeLogin(readConfig(home), login);
    const file = path.join(folder, "config.json");
    await fs.promises.writeFile(file, JSON.stringify(config), { mode: 0o600 });
    // Contexts and plugins are found beside config.json.
    for (const name of ["contexts", "cli-plugins", "buildx"])
      if (fs.existsSync(path.join(home, name)))
        await fs.promises.symlink(path.join(home, name), path.join(folder, name));
    return await work({ DOCKER_CONFIG: folder });
  } finally {
    process.off("exit", remove);
    remove();
  }
}

/**
 * A credentials store would be asked for every server, ours included; so each server it is known to
 * hold gets it as helper, and ours the given login.
 */
export function mergeLogin(config: DockerConfig, login: Login): DockerConfig {
  const { credsStore, ...rest } = config;
  const server = loginKey(login.server);
  const helpers = Object.entries({
    ...(credsStore !== undefined &&
      Object.fromEntries(Object.keys(config.auths ?? {}).map((key) => [key, credsStore]))),
    ...config.credHelpers,
  }).filter(([key]) => key !== server);
  const auth = Buffer.from(`${login.username}:${login.password}`).toString("base64");
  return {
    ...rest,
    auths: { ...config.auths, [server]: { auth } },
    credHelpers: Object.fromEntries(helpers),
  };
}

function loginKey(server: string): string {
  const host = server.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return hubNames.has(host) ? hubKey : host;
}

function readConfig(home: string): DockerConfig {
  try {
    return JSON.parse(fs.readFileSync(path.join(home, "config.json"), "utf8")) as DockerConfig;
  } catch {
    return {};
  }
}

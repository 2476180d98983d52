import type { Api } from "../api";
import type { Build, Secret } from "../kinds";
import { BUILDER, type Accounts } from "../registry/accounts";
import type { Logins } from "./docker";

/** What builds may read of their namespace's Secrets. */
export class BuildSecrets {
  constructor(
    private readonly api: Api,
    private readonly accounts: Accounts,
  ) {}

  /** Decoded; empty where the build names none. */
  async sourceCredentials({ metadata, spec }: Build): Promise<Record<string, string>> {
    const { sourceSecret } = spec.source;
    return sourceSecret === undefined
      ? {}
      : this.decoded(metadata.namespace ?? "", sourceSecret.name);
  }

  /** The account's own login to the internal registry; undefined until it was given one. */
  accountLogin({ metadata, spec }: Build): string | undefined {
    return this.accounts.loginOf(metadata.namespace ?? "", spec.serviceAccount ?? BUILDER);
  }

  /** The account's own login, and the pull secret's. */
  async registryLogins(build: Build): Promise<Logins> {
    const { namespace = "" } = build.metadata;
    const { strategy } = build.spec;
    const pull = (strategy.sourceStrategy ?? strategy.dockerStrategy)?.pullSecret?.name;
    const found = await Promise.all(
      [pull, this.accountLogin(build)].flatMap((name) =>
        name === undefined ? [] : [this.decoded(namespace, name)],
      ),
    );
    const logins = found.map((data): Logins => {
      const { auths } = JSON.parse(data[".dockerconfigjson"] ?? "{}") as { auths?: Logins };
      return auths ?? (JSON.parse(data[".dockercfg"] ?? "{}") as Logins);
    });
    return Object.assign({}, ...logins) as Logins;
  }

  private async decoded(namespace: string, name: string): Promise<Record<string, string>> {
    const secret = await this.api.get<Secret>(`/api/v1/namespaces/${namespace}/secrets/${name}`);
    return Object.fromEntries(
      Object.entries(secret?.data ?? {}).map(([key, value]) => [
        key,
        Buffer.from(value, "base64").toString(),
      ]),
    );
  }
}

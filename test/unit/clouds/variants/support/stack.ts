import { setImmediate } from "node:timers/promises";
import * as pulumi from "@pulumi/pulumi";
import { PROJECT } from "../../../../../infra/config/faults";
import { FUNCTIONS, RESOURCES } from "../../../../../infra/offline/providers";
import { record } from "../../../../../infra/offline/recorder";
import { stackConfig } from "../../../../../infra/offline/stack-file";
import { program } from "../../../../../infra";
import { configOf, type Variant as Config } from "../../../../manifests/variants";
import type { Cloud, Credentials, SimulatedCloud } from "../../../../support/clouds/cloud";
import type { Access, Login } from "../../../../support/clouds/gateway/gateway";
import { Operations } from "../../../../support/clouds/operations";
import { child, children, isValues, text, type Values } from "../../../../support/clouds/values";
import { restoreVariables } from "../../../../support/environment";

export type { Config };

/** Of every stack. */
export const STACK = "test";

/** A cloud that a stack is made in. */
export interface World {
  readonly of: SimulatedCloud;
  readonly cloud: Cloud;
  /** The program's variables. */
  readonly variables: Readonly<Record<string, string>>;
  /** The plugin's variables; a test may change them. */
  environment: Readonly<Record<string, string>>;
  /** What its registry says. @throws the refusal */
  ask(login: Login | undefined, what: Access): void;
  close(): Promise<void>;
}

/** By type or function token: what a resource or a function is asked with in place of what the program says. */
export type Changes = Readonly<Record<string, (inputs: Values, name: string) => Values>>;

interface Made {
  readonly token: string;
  readonly name: string;
  readonly id: string;
  readonly inputs: Values;
  readonly outputs: Values;
}

/** A stack: the real program's registrations, made in a simulated cloud; what is not the cloud's gets constants. */
export class TestStack {
  /** Whatever was refused, also beside the first one. */
  readonly refusals: Error[] = [];
  /** In the order in which they came to be. */
  private made: Made[] = [];
  /** Of the provider's resource. */
  private config: Values = {};
  private readonly underWay = new Set<Promise<unknown>>();
  private pullLogin: Login | undefined;
  private readonly operations: Operations;

  constructor(private readonly world: World) {
    this.operations = new Operations(world.of, world.cloud);
  }

  /** Makes it, or makes it what the config says now. @throws the first refusal, also of what nothing waits for */
  async up(config: Config, changes: Changes = {}): Promise<void> {
    const before = { ...process.env };
    Object.assign(process.env, this.world.variables);
    const { values, secretKeys } = stackConfig(configOf(config));
    try {
      await record(this.mocks(changes), { project: PROJECT, stack: STACK, preview: true });
      pulumi.runtime.setAllConfig({ ...values }, [...secretKeys]);
      process.env["PULUMI_CONFIG_SECRET_KEYS"] = JSON.stringify(secretKeys);
      await pulumi.runtime.runInPulumiStack(program);
      await pulumi.runtime.disconnect();
    } catch (error) {
      // Wrapped by all that it was to lead to, or, of a function, without its text.
      throw this.refusals[0] ?? error;
    } finally {
      await this.settled();
      restoreVariables(before);
    }
    const [refusal] = this.refusals;
    if (refusal !== undefined) throw refusal;
  }

  /** Deletes everything, what came last first. @throws the first refusal */
  async down(): Promise<void> {
    for (const one of [...this.made].reverse()) {
      await this.noted(() => this.session().remove(one));
      this.made = this.made.filter((other) => other !== one);
    }
  }

  /** A preview's mocks, since a program does nothing by itself in a preview; but what it registers is made. */
  private mocks(changes: Changes): pulumi.runtime.Mocks {
    return {
      newResource: ({ type, name, inputs }) => {
        const asked = opened(inputs);
        return this.noted(() => this.make(type, name, changes[type]?.(asked, name) ?? asked));
      },
      call: ({ token, inputs }) => {
        const asked = opened(inputs);
        return this.noted(() => this.invoke(token, changes[token]?.(asked, "") ?? asked));
      },
    };
  }

  private async noted<T>(work: () => Promise<T>): Promise<T> {
    const asked = work();
    this.underWay.add(asked);
    try {
      return await asked;
    } catch (error) {
      this.refusals.push(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      this.underWay.delete(asked);
    }
  }

  /** Waits for what was begun beside a refusal, and for what that leads to. */
  private async settled(): Promise<void> {
    while (this.underWay.size > 0) {
      await Promise.allSettled(this.underWay);
      await setImmediate();
    }
  }

  /** As a plugin calls: every call logs in. */
  private session(): Operations {
    const credentials: Credentials = { environment: this.world.environment, config: this.config };
    this.world.of.login(credentials, this.world.cloud);
    return this.operations.as(credentials);
  }

  private async make(
    type: string,
    name: string,
    inputs: Values,
  ): Promise<{ id: string; state: Values }> {
    if (this.world.of.kinds.some(({ token }) => token === type)) {
      const { id, outputs } = await this.makeInCloud(type, name, inputs);
      return { id, state: outputs };
    }
    const constant = RESOURCES[type];
    if (constant === undefined) throw new Error(`unknown resource type ${type}`);
    if (type === "pulumi:providers:gcp" || type === "pulumi:providers:ibm") this.config = inputs;
    if (type === "docker:index/image:Image") this.push(inputs);
    if (type === "kubernetes:core/v1:Secret") this.learnLogin(inputs);
    if (type === "kubernetes:apps/v1:Deployment") this.pull(inputs);
    return { id: `${name}-id`, state: { ...inputs, ...constant(inputs, name) } };
  }

  private async makeInCloud(token: string, name: string, given: Values): Promise<Made> {
    const operations = this.session();
    const before = this.made.find((one) => one.token === token && one.name === name);
    const { inputs, failures } = operations.check({
      token,
      name,
      inputs: given,
      old: before?.inputs,
    });
    const [failure] = failures;
    if (failure !== undefined) throw new Error(failure.reason);
    if (
      before !== undefined &&
      operations.diff({ token, old: before.inputs, inputs }).changed.length === 0
    )
      return before;
    const now =
      before === undefined
        ? await operations.create({ token, inputs })
        : { id: before.id, outputs: await operations.update({ token, id: before.id, inputs }) };
    const made = { token, name, inputs, ...now };
    this.made = [...this.made.filter((one) => one !== before), made];
    return made;
  }

  private invoke(token: string, inputs: Values): Promise<Values> {
    if (this.world.of.functions[token] !== undefined)
      return this.session().invoke({ token, inputs });
    const constant = FUNCTIONS[token];
    if (constant === undefined) throw new Error(`unknown function ${token}`);
    return Promise.resolve(constant(inputs));
  }

  private push(image: Values): void {
    const { username, password } = child(image, "registry");
    const login =
      typeof username === "string" ? { user: username, password: String(password) } : undefined;
    this.world.ask(login, accessTo(text(image, "imageName"), "push"));
  }

  /** Of a pull secret. */
  private learnLogin(secret: Values): void {
    const [config] = Object.values(child(secret, "stringData"));
    if (text(secret, "type") !== "kubernetes.io/dockerconfigjson") return;
    const parsed: unknown = JSON.parse(String(config));
    const [login] = Object.values(child(isValues(parsed) ? parsed : {}, "auths")).filter(isValues);
    if (login !== undefined)
      this.pullLogin = { user: text(login, "username"), password: text(login, "password") };
  }

  private pull(deployment: Values): void {
    const pod = child(child(child(deployment, "spec"), "template"), "spec");
    for (const container of children(pod, "containers"))
      this.world.ask(this.pullLogin, accessTo(text(container, "image"), "pull"));
  }
}

function accessTo(image: string, action: Access["action"]): Access {
  const [host = "", ...path] = image
    .replace(/@.*$/, "")
    .replace(/:[^:/]+$/, "")
    .split("/");
  return { host, repository: path.join("/"), action };
}

/** As the engine does before it asks a provider: secrets read as what they are. */
function opened(inputs: unknown): Values {
  const value = withoutSecrets(inputs);
  return isValues(value) ? value : {};
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isValues(value)) return value;
  const { specialSigKey, specialSecretSig } = pulumi.runtime;
  if (value[specialSigKey] === specialSecretSig) return withoutSecrets(value["value"]);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutSecrets(one)]));
}

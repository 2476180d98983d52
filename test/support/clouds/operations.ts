import { randomBytes } from "node:crypto";
import { unknownInputs } from "../../unit/infra/support/sdk-inputs";
import type { Cloud, Credentials, SimulatedCloud } from "./cloud";
import { CloudError, type CheckFailure, type Kind, type Stored } from "./kind";
import { at, same, text, UNKNOWN, withAt, type Values } from "./values";

export interface Difference {
  readonly changed: readonly string[];
  readonly replaces: readonly string[];
  readonly deleteBeforeReplace: boolean;
}

/** What a plugin asks of one cloud. An operation that has begun goes on to its end, whether or not who asked for it lives. */
export class Operations {
  private readonly kinds: ReadonlyMap<string, Kind>;

  /** @param underWay creations and deletions, by kind and id: shared by all who operate on a cloud */
  constructor(
    private readonly of: SimulatedCloud,
    private readonly cloud: Cloud,
    private readonly underWay = new Map<string, Promise<unknown>>(),
  ) {
    this.kinds = new Map(of.kinds.map((kind) => [kind.token, kind]));
  }

  /** The same, for a caller. */
  as(caller: Credentials): Operations {
    return new Operations(this.of, this.cloud.as(caller), this.underWay);
  }

  /** @param old inputs from before; undefined of what is new */
  check(o: { token: string; name: string; inputs: Values; old: Values | undefined }): {
    inputs: Values;
    failures: CheckFailure[];
  } {
    const kind = this.kind(o.token);
    this.cloud.faults.hit(o.token, "check");
    const inputs = { ...kind.defaults?.(o.inputs, this.cloud.caller.config), ...o.inputs };
    if (kind.autoNamed === true && inputs["name"] === undefined)
      inputs["name"] =
        o.old?.["name"] ?? `${o.name.toLowerCase()}-${randomBytes(4).toString("hex").slice(0, 7)}`;
    const failures = unknownInputs(o.token, o.inputs).map((property) => ({
      property,
      reason: `Invalid or unknown key. Examine values at '${o.name}.${property}'.`,
    }));
    return { inputs, failures: [...failures, ...(kind.check?.(inputs) ?? [])] };
  }

  /** By top-level inputs. */
  diff(o: { token: string; old: Values; inputs: Values }): Difference {
    const kind = this.kind(o.token);
    const keys = new Set([...Object.keys(o.old), ...Object.keys(o.inputs)]);
    const changed = [...keys].filter(
      (key) => !same(o.old[key], o.inputs[key]) && kind.appliedOnce?.includes(key) !== true,
    );
    const replaces = changed.filter((key) => kind.replaceOn.includes(key));
    return {
      changed,
      replaces,
      deleteBeforeReplace:
        replaces.length > 0 &&
        kind.autoNamed === true &&
        // A name that was made up could be made up anew; it is not, so it stands for one that was given.
        same(o.old["name"], o.inputs["name"]),
    };
  }

  /** What a creation would give, as far as it is known before. */
  previewCreate(o: { token: string; inputs: Values }): Values {
    return (this.kind(o.token).computed ?? []).reduce(
      (outputs, path) => withAt(outputs, path, UNKNOWN),
      o.inputs,
    );
  }

  async create(o: { token: string; inputs: Values }): Promise<{ id: string; outputs: Values }> {
    const kind = this.kind(o.token);
    this.cloud.faults.hit(o.token, "create");
    const { id, outputs, finish } = await kind.create(o.inputs, this.cloud);
    const begun = this.cloud.store.put({
      kind: o.token,
      id,
      inputs: o.inputs,
      outputs: merged(o.inputs, outputs),
      state: "creating",
      createdAt: this.cloud.now(),
    });
    const made = await this.begin(begun, async () => {
      await this.cloud.sleep(kind.seconds?.create ?? 1);
      const more = finish === undefined ? {} : await finish();
      const stored = this.cloud.store.find(o.token, id) ?? begun;
      return this.cloud.store.put({
        ...stored,
        outputs: merged(stored.outputs, more),
        state: "ready",
      });
    });
    return { id, outputs: made.outputs };
  }

  /** @returns undefined where there is none */
  async read(o: {
    token: string;
    id: string;
  }): Promise<Pick<Stored, "inputs" | "outputs"> | undefined> {
    const kind = this.kind(o.token);
    this.cloud.faults.hit(o.token, "read");
    await this.settled(o.token, o.id);
    const stored = this.cloud.store.find(o.token, o.id);
    if (stored === undefined) return undefined;
    const outputs = kind.read === undefined ? stored.outputs : kind.read(stored, this.cloud);
    return outputs === undefined ? undefined : { inputs: stored.inputs, outputs };
  }

  previewUpdate(o: { token: string; outputs: Values; inputs: Values }): Values {
    return (this.kind(o.token).computed ?? []).reduce(
      (outputs, path) => withAt(outputs, path, at(o.outputs, path)),
      { ...o.outputs, ...o.inputs },
    );
  }

  /** @throws CloudError where there is none */
  async update(o: { token: string; id: string; inputs: Values }): Promise<Values> {
    const kind = this.kind(o.token);
    this.cloud.faults.hit(o.token, "update");
    await this.settled(o.token, o.id);
    const stored = this.cloud.store.find(o.token, o.id);
    if (stored === undefined) throw new CloudError(`the resource '${o.id}' was not found`);
    const outputs =
      kind.update === undefined
        ? this.previewUpdate({ token: o.token, outputs: stored.outputs, inputs: o.inputs })
        : await kind.update(stored, o.inputs, this.cloud);
    await this.cloud.sleep(kind.seconds?.update ?? 1);
    this.cloud.store.put({ ...stored, inputs: o.inputs, outputs });
    return outputs;
  }

  /** What is not there needs no deletion. @param force whatever the kind refuses. Default: false */
  async remove(o: { token: string; id: string }, force = false): Promise<void> {
    const kind = this.kind(o.token);
    this.cloud.faults.hit(o.token, "delete");
    await this.settled(o.token, o.id);
    const stored = this.cloud.store.find(o.token, o.id);
    if (stored === undefined) return;
    if (!force) await kind.delete?.(stored, this.cloud);
    const going = this.cloud.store.put({ ...stored, state: "deleting" });
    await this.begin(going, async () => {
      await this.cloud.sleep(kind.seconds?.delete ?? 1);
      this.cloud.store.remove(going);
      await kind.deleted?.(going, this.cloud);
    });
  }

  async invoke(o: { token: string; inputs: Values }): Promise<Values> {
    const answer = this.of.functions[o.token];
    if (answer === undefined) throw new CloudError(`unknown function ${o.token}`);
    this.cloud.faults.hit(o.token, "invoke");
    return answer(o.inputs, this.cloud);
  }

  private kind(token: string): Kind {
    const kind = this.kinds.get(token);
    if (kind === undefined)
      throw new CloudError(`the simulation of ${this.of.name} has no resource ${token}`);
    return kind;
  }

  private begin<T>({ kind, id }: Stored, work: () => Promise<T>): Promise<T> {
    const key = `${kind}|${id}`;
    const operation = work().finally(() => this.underWay.delete(key));
    this.underWay.set(key, operation);
    return operation;
  }

  /** Waits for what was begun before. */
  private async settled(token: string, id: string): Promise<void> {
    await this.underWay.get(`${token}|${id}`)?.catch(() => undefined);
  }
}

/** Objects keep the inputs' keys beside the cloud's. */
function merged(inputs: Values, outputs: Values): Values {
  const all: Values = { ...inputs };
  for (const [key, value] of Object.entries(outputs)) {
    const given = all[key];
    all[key] = plain(given) && plain(value) ? merged(given, value) : value;
  }
  return all;
}

const plain = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** For messages. */
export const nameOf = ({ inputs, id }: Stored): string => text(inputs, "name") || id;

/** Which path of the API serves a kind. Asked of the server, so that custom resources work too. */
import { isNotFound, type KubeClient } from "./client";
import {
  apiVersionOf,
  get,
  getList,
  getString,
  kindOf,
  namespaceOf,
  type KubeObject,
} from "./object";

export interface ResourceType {
  plural: string;
  namespaced: boolean;
}

/** The API server knows no such apiVersion and kind (apimachinery's `NoMatch`). */
export class NoMatchError extends Error {
  constructor(apiVersion: string, kind: string) {
    super(`no matches for kind "${kind}" in version "${apiVersion}"`);
  }
}

export class Discovery {
  readonly #groups = new Map<string, Promise<Map<string, ResourceType>>>();

  constructor(private readonly client: KubeClient) {}

  /** @throws NoMatchError */
  async find(apiVersion: string, kind: string): Promise<ResourceType> {
    let types = this.#groups.get(apiVersion);
    if (types === undefined) {
      types = this.#load(apiVersion);
      this.#groups.set(apiVersion, types);
    }
    const type = (
      await types.catch((error: unknown) => {
        this.#groups.delete(apiVersion);
        throw error;
      })
    ).get(kind);
    if (type !== undefined) return type;
    // A CustomResourceDefinition may have come since.
    this.#groups.delete(apiVersion);
    throw new NoMatchError(apiVersion, kind);
  }

  async exists(apiVersion: string, kind: string): Promise<boolean> {
    try {
      await this.find(apiVersion, kind);
      return true;
    } catch (error) {
      if (error instanceof NoMatchError) return false;
      throw error;
    }
  }

  /** The collection an object belongs to, e.g. `/apis/apps/v1/namespaces/x/deployments`. */
  async collection(object: KubeObject): Promise<string> {
    return this.collectionOf(apiVersionOf(object), kindOf(object), namespaceOf(object));
  }

  async collectionOf(apiVersion: string, kind: string, namespace: string): Promise<string> {
    const { plural, namespaced } = await this.find(apiVersion, kind);
    const scope = namespaced
      ? `/namespaces/${encodeURIComponent(namespace === "" ? "default" : namespace)}`
      : "";
    return `${root(apiVersion)}${scope}/${plural}`;
  }

  /** After a CustomResourceDefinition was created or changed. */
  forget(): void {
    this.#groups.clear();
  }

  async #load(apiVersion: string): Promise<Map<string, ResourceType>> {
    try {
      const list = await this.client.get(root(apiVersion));
      const types = getList(list, "resources")
        .filter((resource) => !getString(resource, "name").includes("/"))
        .map((resource): [string, ResourceType] => [
          getString(resource, "kind"),
          {
            plural: getString(resource, "name"),
            namespaced: get(resource, "namespaced") === true,
          },
        ]);
      return new Map(types);
    } catch (error) {
      if (isNotFound(error)) return new Map();
      throw error;
    }
  }
}

function root(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

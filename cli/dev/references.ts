/** Where a service of the stack answers: in the cluster, and where it runs without one. */
export interface Place {
  readonly name: string;
  readonly namespace: string;
  /** Under which its ports are reached. */
  readonly host: string;
  /** Its own ports by the port of the Service in the cluster: 80 is HTTP. */
  readonly ports: ReadonlyMap<number, number>;
}

const HTTP_PORT = 80;

/**
 * A value of `env` with addresses of the stack's services replaced by where they answer: in URLs (`http://spam/predict`,
 * `grpc://spam.modelport-dev:8081`), and a value that is nothing but `host:port`.
 */
export function localise(value: string, places: readonly Place[]): string {
  const local = (address: string, port: number): string | undefined => {
    const place = places.find((candidate) => namesOf(candidate).includes(address));
    const found = place?.ports.get(port);
    return place === undefined || found === undefined ? undefined : `${place.host}:${found}`;
  };
  const [, alone = "", alonePort = ""] = /^([a-z0-9.-]+):(\d+)$/.exec(value) ?? [];
  const address = local(alone, Number(alonePort));
  if (address !== undefined) return address;
  return value.replaceAll(
    /\b([a-z][a-z0-9+.-]*:\/\/)([a-z0-9.-]+)(?::(\d+))?(?![\w.:-])/g,
    (url, scheme: string, name: string, port: string | undefined) => {
      const found = local(name, port === undefined ? HTTP_PORT : Number(port));
      return found === undefined ? url : `${scheme}${found}`;
    },
  );
}

/** As the cluster's DNS knows it. */
function namesOf({ name, namespace }: Place): string[] {
  const inNamespace = `${name}.${namespace}`;
  return [name, inNamespace, `${inNamespace}.svc`, `${inNamespace}.svc.cluster.local`];
}

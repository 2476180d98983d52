import { X509Certificate } from "node:crypto";
import * as dns from "node:dns/promises";
import { isIP, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { apiRequest, type KubeContext } from "../kubeconfig";
import { PORT_NAME } from "../manifests/service";
import { UntrustedError, type Send } from "./smoke";

export interface SenderOptions {
  readonly timeoutMs: number;
  /** Where requests go while the URL's host has no address in DNS. Default: nowhere. */
  readonly address?: string;
  /** Of https: the certificate that is right whoever signed it, PEM. Default: the system's roots decide. */
  readonly certificate?: string;
}

/** Sends to a URL as any client would, over a new connection each time: balancers and nodes are chosen anew. */
export function sender(url: string, options: SenderOptions): Send {
  const base = new URL(url);
  const secure = base.protocol === "https:";
  const host = base.hostname.replace(/^\[|\]$/g, "");
  return async (path, body, headers) => {
    const { request } = secure ? await import("node:https") : await import("node:http");
    const { address = host } = options;
    const connectTo = address === host || (await isKnown(host)) ? host : address;
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          method: "POST",
          host: connectTo,
          port: base.port === "" ? (secure ? 443 : 80) : Number(base.port),
          path,
          agent: false,
          signal: AbortSignal.timeout(options.timeoutMs),
          // A certificate is asked for by name only; it is looked at below, before anything is sent.
          ...(isIP(host) === 0 ? { servername: host } : {}),
          rejectUnauthorized: false,
          headers: {
            ...headers,
            host: base.host,
            "content-type": "application/json",
            "content-length": Buffer.byteLength(body),
            connection: "close",
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
          );
        },
      );
      outgoing.on("error", reject);
      if (!secure) outgoing.end(body);
      // Nothing goes to a stranger: headers, which may hold an API key, are sent with the body's end.
      else
        outgoing.on("socket", (socket) =>
          socket.once("secureConnect", () => {
            const fault = faultOf(socket, options.certificate);
            if (fault === undefined) outgoing.end(body);
            else outgoing.destroy(new UntrustedError(fault));
          }),
        );
    });
  };
}

/** Why a peer isn't who it should be. */
function faultOf(socket: Socket, right: string | undefined): string | undefined {
  if (!(socket instanceof TLSSocket)) return "it doesn't speak TLS";
  const { fingerprint256, subject, subjectaltname } = socket.getPeerCertificate();
  const known = right === undefined ? undefined : new X509Certificate(right).fingerprint256;
  if (known === undefined ? socket.authorized : known === fingerprint256) return undefined;
  const reason = socket.authorized ? "not the one that was given" : socket.authorizationError;
  const names = subjectaltname ?? String(subject.CN);
  return `its certificate, for ${names}, can't be trusted: ${String(reason)}`;
}

/** Whether a name has an address; an address is its own. */
export async function isKnown(host: string): Promise<boolean> {
  try {
    await dns.lookup(host.replace(/^\[|\]$/g, ""));
    return true;
  } catch {
    return false;
  }
}

/**
 * Sends to a Service through the API server. What the API server itself answers (no pods, no right to) counts as silence.
 * https://kubernetes.io/docs/tasks/access-application-cluster/access-cluster-services/#manually-constructing-apiserver-proxy-urls
 */
export function proxySender(
  context: KubeContext,
  { namespace, service }: { readonly namespace: string; readonly service: string },
  timeoutMs: number,
): Send {
  const prefix = `/api/v1/namespaces/${namespace}/services/http:${service}:${PORT_NAME}/proxy`;
  return async (path, body, headers) => {
    const options = { method: "POST", body, headers, timeoutMs } as const;
    const { status, text } = await apiRequest(context, prefix + path, options);
    const own = /^\{"kind":"Status","apiVersion":"v1"/.test(text) && status >= 400;
    if (own) throw new Error(`HTTP ${status} from the API server: ${text.slice(0, 300).trim()}`);
    return { status, text };
  };
}

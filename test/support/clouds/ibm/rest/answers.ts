import type { RestAnswer, RestRequest } from "../../http";

/** A service's own page of a list: `limit` at most, from `start` on. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Of the page after; undefined on the last one. */
  readonly next: number | undefined;
}

/** @param start of the first item */
export function page<T>(all: readonly T[], start: number, limit: number): Page<T> {
  const end = start + limit;
  return { items: all.slice(start, end), next: end < all.length ? end : undefined };
}

/** A number of the query. @param otherwise where there is none, or no number */
export function asked({ query }: RestRequest, name: string, otherwise: number): number {
  const value = Number(query.get(name) ?? NaN);
  return Number.isInteger(value) && value >= 0 ? value : otherwise;
}

export const ok = (body: unknown): RestAnswer => ({ status: 200, body });

/** The token of `Authorization: Bearer …`; "" where there is none. */
export const bearer = ({ headers }: RestRequest): string =>
  /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";

/** RFC 3339, as all of IBM's APIs have times. */
export const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

/**
 * Pulumi's property values as they travel in a protobuf Struct: plain JSON plus objects with a
 * signature (secrets, assets, resource references, outputs) and one string per kind of unknown.
 * Wire format: pulumi/pulumi sdk/go/common/resource/plugin/rpc.go.
 */
import { Struct } from "google-protobuf/google/protobuf/struct_pb";

const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";
const outputSignature = "d0e6a833031e9bbcd3f4e8bde6ca49a4";

/** unknown string, bool, number, array, asset, archive, object */
const unknownSentinels = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
  "030794c1-ac77-496b-92df-f27374a8bd58",
  "e48ece36-62e2-4504-bad9-02848725956a",
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
]);
const unknownString = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

// Interfaces for the types, as typescript-eslint's no-unsafe-class-instance-assignment recurses without
// end through a recursive type that has a class in it.

/** A value that is known only after another resource was created. */
export interface Unknown {
  readonly sentinel: string;
}
export const Unknown: new (sentinel?: string) => Unknown = class {
  constructor(readonly sentinel: string = unknownString) {}
};

export interface Secret {
  readonly value: PropertyValue;
}
export const Secret: new (value: PropertyValue) => Secret = class {
  constructor(readonly value: PropertyValue) {}
};

export type PropertyValue =
  null | boolean | number | string | Unknown | Secret | PropertyValue[] | PropertyMap;
export interface PropertyMap {
  [key: string]: PropertyValue;
}

/** Plain data: no secrets; unknowns stay. */
export type Plain = null | boolean | number | string | Unknown | Plain[] | PlainObject;
export interface PlainObject {
  [key: string]: Plain;
}

export function isMap(value: Plain | undefined): value is PlainObject;
export function isMap(value: PropertyValue | undefined): value is PropertyMap;
export function isMap(value: PropertyValue | undefined): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Secret) &&
    !(value instanceof Unknown)
  );
}

/** Nulls in objects are dropped, as the official providers do (`SkipNulls`). */
export function fromStruct(struct: Struct | undefined): PropertyMap {
  const value = struct === undefined ? {} : fromWire(struct.toJavaScript());
  return isMap(value) ? value : {};
}

export function toStruct(properties: PropertyMap): Struct {
  return Struct.fromJavaScript(toWire(properties) as Record<string, never>);
}

/** Removes the secret marks at every depth. */
export function strip(value: PropertyMap): PlainObject;
export function strip(value: PropertyValue): Plain;
export function strip(value: PropertyValue): Plain {
  if (value instanceof Secret) return strip(value.value);
  if (Array.isArray(value)) return value.map((element) => strip(element));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, strip(child)]));
}

export function hasUnknown(value: PropertyValue | undefined): boolean {
  return some(value, (element) => element instanceof Unknown);
}

export function hasSecret(value: PropertyValue | undefined): boolean {
  return some(value, (element) => element instanceof Secret);
}

/**
 * Key order does not count, numbers compare by value; unknowns equal only each other.
 * Secret marks count: a value that became secret is a changed value.
 */
export function equal(a: PropertyValue | undefined, b: PropertyValue | undefined): boolean {
  if (a === b) return true;
  if (a instanceof Unknown || b instanceof Unknown)
    return a instanceof Unknown && b instanceof Unknown;
  if (a instanceof Secret || b instanceof Secret)
    return a instanceof Secret && b instanceof Secret && equal(a.value, b.value);
  if (Array.isArray(a) || Array.isArray(b))
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((element, index) => equal(element, b[index]))
    );
  if (!isMap(a) || !isMap(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
  );
}

function some(value: PropertyValue | undefined, test: (value: PropertyValue) => boolean): boolean {
  if (value === undefined) return false;
  if (test(value)) return true;
  if (value instanceof Secret) return some(value.value, test);
  if (Array.isArray(value)) return value.some((element) => some(element, test));
  return isMap(value) && Object.values(value).some((element) => some(element, test));
}

function fromWire(value: unknown): PropertyValue {
  if (typeof value === "string") return unknownSentinels.has(value) ? new Unknown(value) : value;
  if (Array.isArray(value)) return value.map(fromWire);
  if (typeof value !== "object" || value === null) return (value ?? null) as PropertyValue;
  const object = value as Record<string, unknown>;
  if (object[signatureKey] === secretSignature) return new Secret(fromWire(object["value"]));
  if (object[signatureKey] === outputSignature) {
    const inner = "value" in object ? fromWire(object["value"]) : new Unknown();
    return object["secret"] === true ? new Secret(inner) : inner;
  }
  const result: PropertyMap = {};
  for (const [key, child] of Object.entries(object))
    if (child !== null && child !== undefined) result[key] = fromWire(child);
  return result;
}

function toWire(value: PropertyValue): unknown {
  if (value instanceof Unknown) return value.sentinel;
  if (value instanceof Secret)
    return { [signatureKey]: secretSignature, value: toWire(value.value) };
  if (Array.isArray(value)) return value.map(toWire);
  if (!isMap(value)) return value;
  const result: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value))
    // A property that is absent may be written as undefined by callers.
    if (child !== null && (child as unknown) !== undefined) result[key] = toWire(child);
  return result;
}

/**
 * The one way to write a resource quantity that the API server gives back, e.g. 1000m → 1,
 * 0.5 → 500m (k8s.io/apimachinery/pkg/api/resource/quantity.go, CanonicalizeBytes).
 */
const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const decimal: Record<string, number> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const nano = 10n ** 9n;

export function canonicalQuantity(text: string): string {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$/.exec(
    text.trim(),
  );
  const [, sign = "", whole = "", fraction = "", suffix = ""] = match ?? [];
  // What is no quantity stays as it is; the API server says so better.
  if (match === null || whole + fraction === "") return text;
  const isExponent = /^[eE][+-]?\d/.test(suffix);
  const binaryPower = binary.indexOf(suffix);
  const isBinary = binaryPower > 0;
  const exponent = isExponent ? Number(suffix.slice(1)) : isBinary ? 0 : decimal[suffix];
  if (exponent === undefined || Math.abs(exponent) > 30) return text;
  // In units of 10⁻⁹, the finest a quantity knows; what is finer is rounded up.
  const shift = 9 + exponent - fraction.length;
  const digits = BigInt(whole + fraction) * (isBinary ? 1024n ** BigInt(binaryPower) : 1n);
  const value =
    shift >= 0 ? digits * 10n ** BigInt(shift) : divideUp(digits, 10n ** BigInt(-shift));
  const mark = sign === "-" ? "-" : "";
  if (value === 0n) return "0";
  if (isBinary && value % nano === 0n && value / nano >= 1024n)
    return mark + formatBinary(value / nano);
  return mark + formatDecimal(value, isExponent);
}

function formatBinary(value: bigint): string {
  let power = 0;
  while (power < binary.length - 1 && value % 1024n === 0n) {
    value /= 1024n;
    power += 1;
  }
  return `${value.toString()}${binary[power] ?? ""}`;
}

function formatDecimal(nanos: bigint, isExponent: boolean): string {
  let exponent = -9;
  while (exponent < 18 && nanos % 1000n === 0n) {
    nanos /= 1000n;
    exponent += 3;
  }
  if (isExponent) return exponent === 0 ? nanos.toString() : `${nanos.toString()}e${exponent}`;
  const suffix = Object.entries(decimal).find(([, power]) => power === exponent)?.[0] ?? "";
  return `${nanos.toString()}${suffix}`;
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

/** Of all three, second octets 128 to 202: the tests that run a cluster have higher ones. */
const PARTS = { balancers: 128, google: 153, ibm: 178 } as const;
const OCTETS = 25;

/**
 * The first three octets of loopback addresses that are this process's own, so that two runs of the tests at once, or what an earlier one left
 * behind, are in nobody's way.
 */
export function ownAddresses(part: keyof typeof PARTS): string {
  const second = PARTS[part] + (Math.floor(process.pid / 254) % OCTETS);
  return `127.${second}.${1 + (process.pid % 254)}`;
}

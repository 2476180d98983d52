import type { HourlyPrices } from "./targets/target";

const HOURS_A_MONTH = 730;

/** Everything a target lists, in US dollars. */
export function usdPerHour({ items }: HourlyPrices): number {
  return items.reduce((sum, { quantity, usdPerHour: each }) => sum + quantity * each, 0);
}

/** `$0.12` */
export const hourly = (prices: HourlyPrices) => dollars(usdPerHour(prices));

/** `$88`, of 730 hours. */
export const monthly = (prices: HourlyPrices) =>
  `$${Math.round(usdPerHour(prices) * HOURS_A_MONTH)}`;

/** As many digits as a price below a cent needs. */
export function dollars(usd: number): string {
  return `$${usd.toFixed(usd > 0 && usd < 0.1 ? 4 : 2)}`;
}

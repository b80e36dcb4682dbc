import { formatUnits, getAddress, isAddress, parseUnits } from 'ethers';

import { UsageError } from './command.ts';

/** Words people type and read: DGAI amounts, durations, dates, roles, addresses. */

export const ROLES = ['inference', 'evaluator', 'gateway'] as const;
export type RoleName = (typeof ROLES)[number];

/** Whole DGAI with up to 18 decimals, as typed after an option. */
export function parseDgai(option: string, text: string): bigint {
  if (!/^\d{1,12}(\.\d{1,18})?$/.test(text)) throw new UsageError(`${option} expects an amount of DGAI, got "${text}"`);
  const amount = parseUnits(text, 18);
  if (amount === 0n) throw new UsageError(`${option} must be more than zero`);
  return amount;
}

/** `12,345.5 DGAI`; at most six decimals are shown, rounded down, so nobody is shown more than there is. */
export function dgai(amount: bigint): string {
  const [whole = '0', fraction = ''] = formatUnits(amount, 18).split('.');
  const shown = fraction.slice(0, 6).replace(/0+$/, '');
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${shown === '' ? '' : `.${shown}`} DGAI`;
}

export function eth(amount: bigint): string {
  const [whole = '0', fraction = ''] = formatUnits(amount, 18).split('.');
  return `${whole}.${fraction.slice(0, 8).padEnd(1, '0')} ETH`;
}

/** `14 days`, `1 day 6 h`, `90 s`: the two largest parts. */
export function duration(seconds: bigint): string {
  const parts: string[] = [];
  let rest = seconds;
  for (const [unit, size] of [
    ['day', 86_400n],
    ['h', 3_600n],
    ['min', 60n],
    ['s', 1n],
  ] as const) {
    const count = rest / size;
    rest %= size;
    if (count > 0n) parts.push(`${count} ${unit}${unit === 'day' && count > 1n ? 's' : ''}`);
  }
  return parts.slice(0, 2).join(' ') || '0 s';
}

/** `2026-12-06 14:03:20 UTC` */
export function date(seconds: bigint): string {
  if (seconds > 8_640_000_000_000n) return `second ${seconds}`;
  return new Date(Number(seconds) * 1_000).toISOString().replace('T', ' ').replace('.000Z', ' UTC');
}

export function parseRole(text: string | undefined): number {
  if (text === undefined) throw new UsageError(`--role is missing: one of ${ROLES.join(', ')}`);
  const role = ROLES.indexOf(text as RoleName);
  if (role === -1) throw new UsageError(`--role must be one of ${ROLES.join(', ')}, got "${text}"`);
  return role;
}

export function roleName(role: bigint | number): string {
  const name: string | undefined = ROLES[Number(role)];
  return name ?? `role ${role.toString()}`;
}

export function parseAddress(option: string, text: string): string {
  const valid: boolean = isAddress(text);
  if (!valid) throw new UsageError(`${option} expects an address, got "${text}"`);
  return getAddress(text);
}

export function parseInteger(
  option: string,
  text: string,
  minimum: bigint,
  maximum: bigint = (1n << 64n) - 1n,
): bigint {
  if (!/^\d{1,20}$/.test(text)) throw new UsageError(`${option} expects a whole number, got "${text}"`);
  const value = BigInt(text);
  if (value < minimum || value > maximum)
    throw new UsageError(`${option} must lie in ${minimum}…${maximum}, got ${value}`);
  return value;
}

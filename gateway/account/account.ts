import type { SpentTotal } from './ports.ts';
import { createMinuteWindow } from './window.ts';
import type { MinuteWindow } from './window.ts';

/** Mutable state of one key; money and windows are only ever touched within one turn of the event loop. */
export type Account = {
  spent: bigint;
  requests: bigint;
  reserved: bigint;
  readonly days: Map<number, { spent: bigint; reserved: bigint }>;
  readonly minute: Record<'requests' | 'tokens' | 'microUsd', MinuteWindow>;
};

const DAY_MS = 86_400_000;
export const dayOf = (nowMs: number): number => Math.floor(nowMs / DAY_MS);

export function accountOf(total: SpentTotal | undefined, today: number): Account {
  const days = total === undefined ? [] : [[today, { spent: total.todayMicroUsd, reserved: 0n }] as const];
  return {
    spent: total?.microUsd ?? 0n,
    requests: total?.requests ?? 0n,
    reserved: 0n,
    days: new Map(days),
    minute: { requests: createMinuteWindow(), tokens: createMinuteWindow(), microUsd: createMinuteWindow() },
  };
}

export function dayState(account: Account, day: number): { spent: bigint; reserved: bigint } {
  const known = account.days.get(day);
  if (known !== undefined) return known;
  const fresh = { spent: 0n, reserved: 0n };
  account.days.set(day, fresh);
  // A request may end after the midnight it began before; nobody asks for days before that.
  for (const old of account.days.keys()) if (old < day - 2) account.days.delete(old);
  return fresh;
}

export function take(account: Account, day: number, amount: bigint): void {
  account.reserved += amount;
  dayState(account, day).reserved += amount;
}

type Amounts = { readonly requests: bigint; readonly tokens: bigint; readonly microUsd: bigint };

export function note(account: Account, amounts: Amounts, atMs: number, nowMs: number): void {
  const { requests, tokens, microUsd } = account.minute;
  requests.add(atMs, amounts.requests, nowMs);
  tokens.add(atMs, amounts.tokens, nowMs);
  microUsd.add(atMs, amounts.microUsd, nowMs);
}

import { DgridError } from '../errors.ts';
import type { KeyTerms } from './key-file.ts';
import { dayState } from './account.ts';
import type { Account } from './account.ts';
import type { Need } from './ledger.ts';

/** Micro-USD as people read it, exactly. */
export function usd(microUsd: bigint): string {
  const digits = microUsd.toString().padStart(7, '0');
  return `${digits.slice(0, -6)}.${digits.slice(-6)} USD`;
}

type MoneyCheck = { readonly need: bigint; readonly day: number };

/** @throws DgridError (402) that says which budget is short, and by how much */
export function requireMoney(key: KeyTerms, account: Account, { need, day }: MoneyCheck): void {
  const all = account.spent + account.reserved;
  const today = dayState(account, day);
  const checks = [
    ['DGRID_INSUFFICIENT_CREDIT', 'credit', key.creditMicroUsd, all],
    ['DGRID_BUDGET_EXCEEDED', 'budget', key.budgetMicroUsd, all],
    ['DGRID_BUDGET_EXCEEDED', 'budget for today', key.dailyBudgetMicroUsd, today.spent + today.reserved],
  ] as const;
  for (const [code, name, granted, used] of checks) {
    if (granted === undefined || used + need <= granted) continue;
    const left = granted > used ? granted - used : 0n;
    const underWay = account.reserved === 0n ? '' : ` (${usd(account.reserved)} of it held by requests under way)`;
    throw new DgridError(
      code,
      `This request may cost up to ${usd(need)}, and of the key's ${name} ${usd(left)} is left${underWay}: ` +
        `${usd(need - left)} is missing. ${ADVICE[name]} A lower max_tokens lowers what a request may cost.`,
      { context: { missingMicroUsd: need - left } },
    );
  }
}

const ADVICE = {
  credit: 'Add credit to the key.',
  budget: 'Raise its budget.',
  'budget for today': 'Wait until midnight UTC, or raise its daily budget.',
} as const;

/** @throws DgridError (429) with the time after which the request would fit */
export function requireLimits(key: KeyTerms, account: Account, need: Need, nowMs: number): void {
  const { requests, tokens, microUsd } = account.minute;
  const checks = [
    ['requests', requests, key.requestsPerMinute, 1n],
    ['tokens', tokens, key.tokensPerMinute, need.tokens],
    ['micro-USD', microUsd, key.microUsdPerMinute, need.microUsd],
  ] as const;
  for (const [unit, , limit, amount] of checks) {
    if (limit !== undefined && amount > limit)
      throw new DgridError(
        'DGRID_REQUEST_ABOVE_LIMIT',
        `This request may take ${amount} ${unit}, more than the ${limit} that the key may use in a minute. ` +
          'Send less, or lower max_tokens.',
      );
  }
  for (const [unit, window, limit, amount] of checks) {
    const waitMs = limit === undefined ? 0 : window.waitMs(amount, limit, nowMs);
    if (waitMs === 0) continue;
    throw new DgridError(
      'DGRID_RATE_LIMITED',
      `The key has used ${window.used(nowMs)} of its ${limit} ${unit} per minute, and this request may take ${amount}. ` +
        `Try again in ${Math.ceil(waitMs / 1_000)} s.`,
      { context: { retryAfterMs: waitMs } },
    );
  }
}

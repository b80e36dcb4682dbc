import { accountOf, dayOf, dayState, note, take } from './account.ts';
import type { Account } from './account.ts';
import { DgridError } from '../errors.ts';
import { TERMS } from './key-file.ts';
import type { ApiKey, KeyTerms } from './key-file.ts';
import { requireLimits, requireMoney } from './limits.ts';
import type { Charge, SpentTotal } from './ports.ts';
import type { MinuteWindow } from './window.ts';

/** The most that a request may come to. */
export type Need = {
  /** Worst case: nothing that is settled later may be more. */
  readonly microUsd: bigint;
  /** An estimate, corrected when the answer was counted. */
  readonly tokens: bigint;
};

/** A reservation: exactly one of `settle` and `release` ends it, and whatever comes after that does nothing. */
export type Hold = {
  /** What the request is to be charged with: its price, but never more than was reserved. Undefined: nobody pays. */
  readonly charge: (microUsd: bigint, tokens: bigint) => Charge | undefined;
  /** The charge is on disk. */
  readonly settle: (charge: Charge) => void;
  readonly release: () => void;
};

export type Ledger = {
  /** Takes what is needed out of every budget and limit of the key at once, or nothing. @throws DgridError 402, 429 */
  readonly reserve: (keyHash: string, need: () => Need) => Hold;
  /** Undefined for a hash that is no key's. */
  readonly view: (keyHash: string) => AccountView | undefined;
};

/** A key's account as it stands, micro-USD. */
export type AccountView = {
  readonly key: ApiKey;
  readonly spent: bigint;
  readonly spentToday: bigint;
  readonly requests: bigint;
  /** Held by requests under way. */
  readonly reserved: bigint;
  readonly minute: { readonly requests: Usage; readonly tokens: Usage; readonly microUsd: Usage };
};

export type Usage = { readonly used: bigint; readonly resetMs: number };

export type LedgerDeps = {
  readonly keyOf: (hash: string) => ApiKey | undefined;
  /** What the store has of each key. */
  readonly totals: readonly SpentTotal[];
  /** Wall clock: days are those of UTC. */
  readonly nowMs: () => number;
};

/**
 * Budgets that no concurrency can overdraw: the check and the reservation are one step, within one turn of the event
 * loop, and a request's worst case is held until its real price is on disk. What a crash interrupts was never charged:
 * reservations live here only, and what was spent is read back from the store.
 */
export function createLedger(deps: LedgerDeps): Ledger {
  const today = dayOf(deps.nowMs());
  const accounts = new Map(deps.totals.map((total) => [total.keyHash, accountOf(total, today)]));
  const open = (keyHash: string): Account => {
    const account = accounts.get(keyHash) ?? accountOf(undefined, today);
    accounts.set(keyHash, account);
    return account;
  };
  return {
    reserve(keyHash, need) {
      const key = deps.keyOf(keyHash);
      if (key === undefined) return NOBODY_PAYS;
      if (key.revokedAt !== undefined) throw new DgridError('DGRID_INVALID_KEY', 'This API key was revoked.');
      return createHold(key, open(keyHash), { need: isBounded(key) ? need() : undefined, nowMs: deps.nowMs });
    },
    view(keyHash) {
      const key = deps.keyOf(keyHash);
      return key === undefined ? undefined : viewOf(key, open(keyHash), deps.nowMs());
    },
  };
}

/** Requests of the gateway itself: golds and replays. */
const NOBODY_PAYS: Hold = { charge: () => undefined, settle: () => undefined, release: () => undefined };

/** A key without any bound needs no worst case worked out. */
export const isBounded = (key: KeyTerms): boolean => TERMS.some((name) => key[name] !== undefined);

type HoldParts = { readonly need: Need | undefined; readonly nowMs: () => number };

function createHold(key: ApiKey, account: Account, { need, nowMs }: HoldParts): Hold {
  const startedMs = nowMs();
  const day = dayOf(startedMs);
  if (need !== undefined) {
    requireMoney(key, account, { need: need.microUsd, day });
    requireLimits(key, account, need, startedMs);
  }
  const held = need ?? { microUsd: 0n, tokens: 0n };
  take(account, day, held.microUsd);
  if (need !== undefined) note(account, { requests: 1n, ...held }, startedMs, startedMs);
  let ended = false;
  const end = (charge: Charge | undefined): void => {
    if (ended) return;
    ended = true;
    take(account, day, -held.microUsd);
    const real = { microUsd: charge?.microUsd ?? 0n, tokens: charge?.tokens ?? 0n };
    const correction = { requests: 0n, microUsd: real.microUsd - held.microUsd, tokens: real.tokens - held.tokens };
    if (need !== undefined) note(account, correction, startedMs, nowMs());
    if (charge === undefined) return;
    account.spent += charge.microUsd;
    account.requests += 1n;
    dayState(account, day).spent += charge.microUsd;
  };
  return {
    charge: (microUsd, tokens) => ({
      keyHash: key.hash,
      day,
      microUsd: need !== undefined && microUsd > need.microUsd ? need.microUsd : microUsd,
      tokens,
    }),
    settle: end,
    release: () => end(undefined),
  };
}

function viewOf(key: ApiKey, account: Account, nowMs: number): AccountView {
  const usage = (window: MinuteWindow): Usage => ({ used: window.used(nowMs), resetMs: window.resetMs(nowMs) });
  const { requests, tokens, microUsd } = account.minute;
  return {
    key,
    spent: account.spent,
    spentToday: dayState(account, dayOf(nowMs)).spent,
    requests: account.requests,
    reserved: account.reserved,
    minute: { requests: usage(requests), tokens: usage(tokens), microUsd: usage(microUsd) },
  };
}

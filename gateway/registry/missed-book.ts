import type { Address } from '../protocol/types.ts';

/** Why a node was not asked, over the last minutes: what its operator can act on. Bounded in time and in memory. */
export type MissedBook = {
  readonly note: (decision: MissedDecision) => void;
  readonly of: (account: Address) => MissedView;
};

/** One decision, as far as it says anything about each (node, model). */
export type MissedDecision = {
  readonly entries: readonly {
    readonly account: Address;
    /** `won`, `lost` the draw with this share of it, or the reason that kept it out. */
    readonly outcome: 'won' | 'lost' | (string & {});
    readonly shareBps?: number;
  }[];
};

export type MissedView = {
  readonly windowMs: number;
  /** Decisions that looked at the node. */
  readonly seen: number;
  readonly won: number;
  /** Draws it took part in and lost, and how much of the draw it had. */
  readonly lost: number;
  readonly leastShareBps: number | undefined;
  readonly mostShareBps: number | undefined;
  /** How often each reason kept it out. */
  readonly keptOut: Readonly<Record<string, number>>;
};

type Tally = { seen: number; won: number; lost: number; least: number; most: number; keptOut: Map<string, number> };

const HALF_MS = 300_000;
const MAX_NODES = 20_000;

/** Two halves of a window: the older one is dropped whole, so nothing has to be remembered per decision. */
export function createMissedBook(nowMs: () => number): MissedBook {
  let current = new Map<Address, Tally>();
  let previous = new Map<Address, Tally>();
  let startedMs = nowMs();

  const turn = (): void => {
    const passed = nowMs() - startedMs;
    if (passed < HALF_MS) return;
    previous = passed < 2 * HALF_MS ? current : new Map<Address, Tally>();
    current = new Map();
    startedMs = nowMs();
  };

  return {
    note({ entries }) {
      turn();
      for (const { account, outcome, shareBps } of entries) {
        const tally = current.get(account) ?? fresh();
        if (!current.has(account) && current.size >= MAX_NODES) continue;
        current.set(account, tally);
        add(tally, outcome, shareBps);
      }
    },
    of(account) {
      turn();
      const tallies = [current.get(account), previous.get(account)].filter((tally) => tally !== undefined);
      const sum = tallies.reduce(merged, fresh());
      const drew = sum.most >= sum.least;
      return {
        windowMs: 2 * HALF_MS,
        seen: sum.seen,
        won: sum.won,
        lost: sum.lost,
        leastShareBps: drew ? sum.least : undefined,
        mostShareBps: drew ? sum.most : undefined,
        keptOut: Object.fromEntries([...sum.keptOut].toSorted(([, a], [, b]) => b - a)),
      };
    },
  };
}

const fresh = (): Tally => ({ seen: 0, won: 0, lost: 0, least: Infinity, most: 0, keptOut: new Map() });

function add(tally: Tally, outcome: string, shareBps: number | undefined): void {
  tally.seen += 1;
  if (outcome !== 'won' && outcome !== 'lost') {
    tally.keptOut.set(outcome, (tally.keptOut.get(outcome) ?? 0) + 1);
    return;
  }
  tally[outcome] += 1;
  if (shareBps === undefined) return;
  tally.least = Math.min(tally.least, shareBps);
  tally.most = Math.max(tally.most, shareBps);
}

function merged(into: Tally, more: Tally): Tally {
  const keptOut = new Map(into.keptOut);
  for (const [reason, count] of more.keptOut) keptOut.set(reason, (keptOut.get(reason) ?? 0) + count);
  return {
    seen: into.seen + more.seen,
    won: into.won + more.won,
    lost: into.lost + more.lost,
    least: Math.min(into.least, more.least),
    most: Math.max(into.most, more.most),
    keptOut,
  };
}

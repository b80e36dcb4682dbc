import type { EpochFacts, EpochLog, EpochResult, EpochWatch, GoldOutcome, StoredDistribution } from '../epoch/ports.ts';
import type { Handler, OutboxRow, StepOutcome } from '../outbox/outbox.ts';
import { distributionHash } from '../protocol/commitments.ts';
import { epochEnd, epochStart } from '../protocol/epoch.ts';
import type { EpochClock } from '../protocol/epoch.ts';
import { ZERO_HASH } from '../protocol/types.ts';
import type { Hex } from '../protocol/types.ts';
import type { AnchorChain, EpochStatus } from './ports.ts';

/** The life of an epoch on chain: golds anchored before it, opened, proposed after it, finalised. */
export type AnchorEpochDeps = {
  readonly chain: AnchorChain;
  readonly log: EpochLog;
  readonly clock: EpochClock;
  /** Seconds after an epoch's end in which its last batches may still be recorded. */
  readonly recordWindow: bigint;
  /** Seconds that the opening of an epoch waits for the table of two epochs before. */
  readonly tableGrace: bigint;
  readonly goldWindowEpochs: number;
  /** Root and number of the golds prepared for an epoch; undefined when there are none. */
  readonly prepareGolds: (epoch: bigint) => Promise<{ readonly root: Hex; readonly count: number } | undefined>;
  readonly facts: (epoch: bigint, status: EpochStatus) => Promise<EpochFacts>;
  readonly distribute: (
    facts: EpochFacts,
    history: readonly GoldOutcome[],
    round: number,
  ) => Promise<StoredDistribution>;
  readonly pollMs: number;
  /** Blocks after which nothing is expected to be undone any more. */
  readonly finalityBlocks: bigint;
  /** A reorganisation undid it; it is done again. */
  readonly onVanished: (watched: EpochWatch) => void;
};

export type AnchorEpochHandlers = {
  readonly open: Handler;
  readonly gold: Handler;
  readonly propose: Handler;
  readonly finalize: Handler;
  readonly watch: Handler;
};

export function createAnchorEpoch(deps: AnchorEpochDeps): AnchorEpochHandlers {
  return {
    open: (row) => openStep(deps, row),
    gold: (row) => goldStep(deps, row),
    propose: (row) => proposeStep(deps, row),
    finalize: (row) => finalizeStep(deps, row),
    watch: (row) => watchStep(deps, row),
  };
}

function watchOf(deps: AnchorEpochDeps, of: EpochWatch['of'], { key: row, payload }: OutboxRow): EpochWatch {
  const untilBlock = deps.chain.head().number + deps.finalityBlocks;
  return { of, epoch: BigInt(payload['epoch'] ?? -1), row, untilBlock };
}

const epochOfRow = (row: OutboxRow): bigint => BigInt(row.payload['epoch'] ?? -1);

/**
 * Epochs open in order, from their start. Opening copies the latest final table, so a short wait for the distribution
 * of two epochs before keeps trust from lagging longer than it must.
 */
async function openStep(deps: AnchorEpochDeps, row: OutboxRow): Promise<StepOutcome> {
  const epoch = epochOfRow(row);
  const next = await deps.chain.nextEpochToOpen();
  if (next > epoch) {
    await deps.log.opened(row.key, epoch, watchOf(deps, 'open', row));
    return 'finished';
  }
  const now = deps.chain.head().timestamp;
  if (next < epoch || now < epochStart(deps.clock, epoch)) return { waitMs: deps.pollMs };
  const graceOver = now >= epochStart(deps.clock, epoch) + deps.tableGrace;
  if (epoch >= 2n && !graceOver && !isSettled(await deps.chain.epochState(epoch - 2n))) return { waitMs: deps.pollMs };
  await deps.chain.openEpoch(epoch);
  await deps.log.opened(row.key, epoch, watchOf(deps, 'open', row));
  return 'finished';
}

function isSettled({ state }: EpochStatus): boolean {
  return state === 'final' || state === 'void';
}

/**
 * Golds are anchored for a future epoch only. Too late is no fault to repeat: the epoch goes without, and so it does
 * when another root stands there. What was never anchored must never be sent, or the gateway's word would judge.
 */
async function goldStep(deps: AnchorEpochDeps, row: OutboxRow): Promise<StepOutcome> {
  const epoch = epochOfRow(row);
  const future = deps.chain.head().timestamp < epochStart(deps.clock, epoch);
  const standing = await deps.chain.goldRoot(epoch);
  const golds = standing === ZERO_HASH && !future ? undefined : await deps.prepareGolds(epoch);
  if (golds !== undefined && standing === ZERO_HASH) await deps.chain.anchorGold(epoch, golds.root, golds.count);
  const ours = golds !== undefined && (standing === ZERO_HASH || standing === golds.root);
  await (ours ? deps.log.goldsAnchored(row.key, epoch, watchOf(deps, 'gold', row)) : deps.log.finish(row.key));
  return 'finished';
}

async function proposeStep(deps: AnchorEpochDeps, row: OutboxRow): Promise<StepOutcome> {
  const epoch = epochOfRow(row);
  const status = await deps.chain.epochState(epoch);
  if (status.state === 'none') return { waitMs: deps.pollMs };
  if (status.state === 'void') {
    await deps.log.finish(row.key);
    return 'finished';
  }
  if (status.state === 'open') {
    const early = await proposeOpen(deps, epoch, status);
    if (early !== undefined) return early;
    if ((await deps.chain.attesterStake(epoch)) === 0n) {
      await deps.log.finish(row.key);
      return 'finished';
    }
  }
  await deps.log.proposed(row.key, epoch, status.round);
  return 'finished';
}

/** @returns how long to wait when it is too early; undefined when this gateway has done what it can. */
async function proposeOpen(
  deps: AnchorEpochDeps,
  epoch: bigint,
  status: EpochStatus,
): Promise<StepOutcome | undefined> {
  const now = deps.chain.head().timestamp;
  const endsAt = epochEnd(deps.clock, epoch);
  if (status.electorate === 0n) {
    if (now < endsAt) return { waitMs: deps.pollMs };
    await deps.chain.voidEpoch(epoch); // nobody could ever attest it: its pools go back at once
    return undefined;
  }
  if (now < endsAt + deps.recordWindow || now < status.roundStartsAt) return { waitMs: deps.pollMs };
  if ((await deps.log.runningBatches(epoch)) > 0) return { waitMs: deps.pollMs };
  if ((await deps.chain.attesterStake(epoch)) === 0n) return undefined; // joined later: others attest this one
  await requireWholeStore(deps, epoch);
  const { distribution, signature } = await distributionOf(deps, epoch, status);
  await deps.chain.propose(distribution, [signature]);
  return undefined;
}

/** A store that lost a batch would compute another result than everybody else: better say nothing, and say why. */
async function requireWholeStore({ chain, log, clock }: AnchorEpochDeps, epoch: bigint): Promise<void> {
  const onChain = await chain.anchorsIn(epoch, epochStart(clock, epoch));
  const stored = await log.anchoredBatches(epoch);
  if (onChain === stored) return;
  throw new Error(
    `epoch ${epoch} is not proposed: this gateway anchored ${onChain} batches in it, its store has ${stored} of them`,
  );
}

/** Written down before it is signed out: two different ones for one round would be slashable. */
async function distributionOf(deps: AnchorEpochDeps, epoch: bigint, status: EpochStatus): Promise<EpochResult> {
  const known = await deps.log.distribution(epoch);
  if (known?.distribution.round === status.round) return known;
  const from = epoch - BigInt(deps.goldWindowEpochs - 1);
  const history = await deps.log.goldOutcomes(from < 0n ? 0n : from, epoch - 1n);
  const stored = await deps.distribute(await deps.facts(epoch, status), history, status.round);
  await deps.log.save(stored);
  return stored;
}

async function finalizeStep(deps: AnchorEpochDeps, row: OutboxRow): Promise<StepOutcome> {
  const epoch = epochOfRow(row);
  const status = await deps.chain.epochState(epoch);
  if (status.state === 'open') {
    await deps.log.overturned(row.key, epoch, status.round);
    return 'finished';
  }
  if (status.state === 'proposed') {
    if (deps.chain.head().timestamp < status.finalizableAt) return { waitMs: deps.pollMs };
    await deps.chain.finalize(epoch);
    return { waitMs: 0 };
  }
  if (status.state === 'disputed' || status.state === 'none') return { waitMs: deps.pollMs };
  // A voided epoch pays nobody and is never final.
  if (status.state === 'void') await deps.log.finish(row.key);
  else await deps.log.finalized(row.key, epoch, watchOf(deps, 'finalize', row));
  return 'finished';
}

/** What a step brought about is looked at again and again, until the chain is long enough over it. */
async function watchStep(deps: AnchorEpochDeps, row: OutboxRow): Promise<StepOutcome> {
  const watched: EpochWatch = {
    of: String(row.payload['of']) as EpochWatch['of'],
    epoch: epochOfRow(row),
    row: String(row.payload['row']),
    untilBlock: BigInt(row.payload['untilBlock'] ?? 0),
  };
  // The clock is read before the state: what vanished in the last block of the watch is seen.
  const { number } = deps.chain.head();
  if (!(await stands(deps.chain, watched))) {
    deps.onVanished(watched);
    await deps.log.vanished(row.key, watched);
    return 'finished';
  }
  if (number < watched.untilBlock) return { waitMs: deps.pollMs };
  await deps.log.finish(row.key);
  return 'finished';
}

async function stands(chain: AnchorChain, { of, epoch }: EpochWatch): Promise<boolean> {
  if (of === 'gold') return (await chain.goldRoot(epoch)) !== ZERO_HASH;
  if (of === 'open') return (await chain.nextEpochToOpen()) > epoch;
  return isSettled(await chain.epochState(epoch));
}

/** Whether what stands on chain is what this gateway computed. */
export function agrees(stored: Pick<EpochResult, 'distribution'>, status: EpochStatus): boolean {
  return distributionHash(stored.distribution) === status.distributionHash;
}

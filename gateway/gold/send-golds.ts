import { Flag } from '../protocol/constants.ts';
import { sha256Hex } from '../protocol/content.ts';
import type { JsonObject } from '../protocol/content.ts';
import { epochOf, epochStart } from '../protocol/epoch.ts';
import type { EpochClock } from '../protocol/epoch.ts';
import type { GoldLeaf } from '../protocol/types.ts';
import type { Serve, ServeHead } from '../serve.ts';
import type { GoldLog, PreparedGold } from './ports.ts';

/** Sends an epoch's golds through the ordinary pipeline, spread over the epoch like anybody's requests. */
export type SendGoldsDeps = {
  readonly log: GoldLog;
  readonly serve: Serve;
  readonly clock: EpochClock;
  /** Chain time in seconds. */
  readonly time: () => bigint;
  readonly keyHash: string;
  readonly requestBody: (task: JsonObject) => JsonObject;
  readonly timeoutMs: number;
  readonly onError: (gold: PreparedGold, error: unknown) => void;
};

/** Golds are sent in the first three quarters of an epoch, so that their receipts are anchored within it. */
const SPREAD_PERCENT = 75n;
const MAX_IN_FLIGHT = 4;

/**
 * When a gold is sent, in chain seconds: in its own equal part of the spread, at a point that follows from its secret
 * salt. Their number stands on chain, so times that followed from that alone would tell a node which requests they are.
 */
export function sendTime(clock: EpochClock, leaf: Pick<GoldLeaf, 'epoch' | 'index' | 'salt'>, count: number): bigint {
  const point = BigInt(sha256Hex(`DGrid.gold.time.v1 ${leaf.salt}`)) >> 224n;
  const spread = (clock.epochDuration * SPREAD_PERCENT * ((BigInt(leaf.index) << 32n) + point)) / 100n;
  return epochStart(clock, leaf.epoch) + spread / (BigInt(count) << 32n);
}

/** @returns a task for `repeat`: sends what is due and not yet sent. */
export function createGoldSender(deps: SendGoldsDeps): () => Promise<void> {
  const tried = new Set<string>();
  let loaded: { readonly epoch: bigint; readonly golds: readonly PreparedGold[] } | undefined;

  return async () => {
    const time = deps.time();
    const epoch = epochOf(deps.clock, time);
    if (epoch === undefined) return;
    if (loaded?.epoch !== epoch) tried.clear();
    // Asked again while there are none: their anchor may be noted only after the epoch has begun.
    if (loaded?.epoch !== epoch || loaded.golds.length === 0) loaded = { epoch, golds: await deps.log.ofEpoch(epoch) };
    const { golds } = loaded;
    const due = golds.filter(
      ({ leaf, sent }) =>
        sent !== true && !tried.has(`${epoch}:${leaf.index}`) && sendTime(deps.clock, leaf, golds.length) <= time,
    );
    const now = due.slice(0, MAX_IN_FLIGHT);
    for (const { leaf } of now) tried.add(`${epoch}:${leaf.index}`);
    await Promise.all(now.map((gold) => send(deps, gold)));
  };
}

/**
 * A gold that fails is left unused: sent again it would stand out. Its receipt's id is written down when the answer begins,
 * before there is a receipt: a crash after it loses neither, and without a receipt on disk the id means nothing.
 */
async function send(deps: SendGoldsDeps, gold: PreparedGold): Promise<void> {
  const { epoch, index } = gold.leaf;
  let noted: Promise<void> | undefined;
  const start = ({ receiptId }: ServeHead): void => {
    noted = deps.log.used(epoch, index, receiptId);
    noted.catch(() => undefined); // its error is the one of the line that waits for it
  };
  try {
    await deps.log.sending(epoch, index);
    const { head } = await deps.serve({
      body: deps.requestBody(gold.task),
      keyHash: deps.keyHash,
      flags: Flag.gold,
      signal: AbortSignal.timeout(deps.timeoutMs),
      sink: { start, write: () => true, drained: () => Promise.resolve() },
    });
    await (noted ?? deps.log.used(epoch, index, head.receiptId)); // only a streamed answer has a beginning
  } catch (error) {
    deps.onError(gold, error);
  }
}

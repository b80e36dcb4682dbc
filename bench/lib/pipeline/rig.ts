import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createAnchorBatch } from '../../../gateway/anchor/anchor-batch.ts';
import type { AnchorChain } from '../../../gateway/anchor/ports.ts';
import { createPassedSerials } from '../../../gateway/anchor/passed-serials.ts';
import { createAnchorWatch } from '../../../gateway/anchor/watch-anchors.ts';
import { drawReceipts } from '../../../gateway/anchor/draw-receipts.ts';
import { createBatcher } from '../../../gateway/batch/batcher.ts';
import { createSealThread } from '../../../gateway/batch/seal-thread.ts';
import type { EvaluatorClient } from '../../../gateway/evaluate/evaluator-client.ts';
import { createExamine } from '../../../gateway/evaluate/examine.ts';
import { repeat } from '../../../gateway/lib/repeat.ts';
import { createOutbox } from '../../../gateway/outbox/outbox.ts';
import type { Handler } from '../../../gateway/outbox/outbox.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { isDrawn, isExaminable, isReplayed } from '../../../gateway/poq/sampling.ts';
import { scoreReceipt } from '../../../gateway/poq/score.ts';
import type { ReceiptLog } from '../../../gateway/receipt/ports.ts';
import { createAnchorLog } from '../../../gateway/store/anchor-log.ts';
import { createLostBatches } from '../../../gateway/store/lost-batches.ts';
import { createAttestationLog } from '../../../gateway/store/attestation-log.ts';
import { createBatchLog } from '../../../gateway/store/batch-log.ts';
import { createExaminationLog } from '../../../gateway/store/examination-log.ts';
import { createInFlight } from '../../../gateway/store/in-flight.ts';
import { createOutboxLog } from '../../../gateway/store/outbox-log.ts';
import { createReceiptLog } from '../../../gateway/store/receipt-log.ts';
import { openStore } from '../../../gateway/store/sqlite.ts';
import type { Store } from '../../../gateway/store/store.ts';
import { createFakeChain } from '../../../test/gateway/anchor/crash.fixtures.ts';
import {
  CIPHER,
  GATEWAY_SIGNER,
  LEAF_DOMAIN,
  SIGNING_DOMAIN,
  address,
  answerTo,
  attest,
  hash,
  served,
} from '../../../test/gateway/background.fixtures.ts';

/** The background half of a gateway over a file and a chain in memory: what of it works on each receipt. */
export type Rig = {
  readonly receipts: ReceiptLog;
  /** The node's word on served receipts, as its agent signs it: one signature for many. */
  readonly attest: (serials: readonly number[]) => Promise<void>;
  /** Called with the serials of receipts whose records were just anchored. */
  readonly onRecorded: (hear: (serials: readonly number[]) => void) => void;
  readonly stop: () => Promise<void>;
};

export type RigOptions = {
  readonly rateBps: number;
  readonly batchIntervalMs: number;
  readonly maxReceipts: number;
  readonly blockMs: number;
  readonly onError: (error: unknown) => void;
};

const EVALUATORS = [1, 2, 3, 4, 5, 6, 7].map((index) => address(0x200 + index));

/** Committees that answer at once: what they cost is theirs. */
const COMMITTEE: EvaluatorClient = {
  commit: ({ account }, { receiptLeaf, seed }) =>
    Promise.resolve({ receiptLeaf, seed, evaluator: account, commitment: hash(Number(BigInt(account))) }),
  reveal: ({ account }, { commitSet: { receiptLeaf, seed } }) =>
    Promise.resolve({
      evaluation: {
        ...{ receiptLeaf, seed, evaluator: account, accuracy: 9_000, consistency: 0, format: 0 },
        ...{ scorerId: hash(1), salt: hash(2) },
      },
      signature: `0x${'11'.repeat(65)}`,
    }),
};

export async function startRig(options: RigOptions): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'dgrid-pipeline-'));
  const store = await openStore(join(folder, 'gateway.db'));
  const inFlight = createInFlight();
  const receipts = await createReceiptLog({ store, cipher: CIPHER, firstSerial: 0n, inFlight });
  const attestation = createAttestationLog(store, inFlight);
  let hear: (serials: readonly number[]) => void = () => undefined;
  const background = await startBackground(store, options, (serials) => hear(serials));
  let sequence = 0n;
  return {
    receipts,
    async attest(serials) {
      sequence += 1n;
      await attestation.save(
        attest(
          sequence,
          serials.map((serial) => answerTo(serial)),
        ),
      );
    },
    onRecorded: (listener) => void (hear = listener),
    async stop() {
      await background.stop();
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The steps of a batch, with the rules of the shipped parameters. */
function handlersOf(
  store: Store,
  chain: AnchorChain,
  options: RigOptions,
  onRecorded: (serials: readonly number[]) => void,
): Readonly<Record<string, Handler>> {
  const pollMs = options.blockMs;
  const anchor = createAnchorLog(store);
  return {
    ...createAnchorBatch({
      passed: createPassedSerials({
        ...{ chain, log: createLostBatches(store), finalityBlocks: 4n, pollMs },
        onLost: () => undefined,
      }),
      ...{ chain, log: anchor, leafDomain: LEAF_DOMAIN, confirmations: 1n, recordMargin: 5n, pollMs },
      epochAt: () => 0n,
      ready: () => Promise.resolve(true),
      draw: (_epoch, seed, drawn) => {
        const rules = { isExaminable, isDrawn, isReplayed, rateOf: () => options.rateBps, replayRateBps: 0 };
        return Promise.resolve(drawReceipts(seed, drawn, rules));
      },
      scorer: () =>
        Promise.resolve((receipt, examination) =>
          scoreReceipt({ receipt, examination, tableMask: 1, comparable: false, params: DEFAULT_PARAMS }),
        ),
      onRecorded: (recorded) => onRecorded(recorded.map(({ receipt }) => Number(receipt.serial))),
    }),
    ...createExamine({
      ...{ log: createExaminationLog(store, CIPHER), client: COMMITTEE, signer: GATEWAY_SIGNER },
      ...{ signingDomain: SIGNING_DOMAIN, params: DEFAULT_PARAMS, answerTimeoutMs: 10_000 },
      evaluators: () => Promise.resolve(EVALUATORS.map((account) => ({ account, signer: account }))),
      trust: () => Promise.resolve(1_000),
      onMissing: (_evaluator, _step, error) => options.onError(error),
    }),
  };
}

async function startBackground(
  store: Store,
  options: RigOptions,
  onRecorded: (serials: readonly number[]) => void,
): Promise<{ readonly stop: () => Promise<void> }> {
  const { chain, mine } = createFakeChain({ recordWindow: 1_000_000n });
  await chain.openEpoch(0n);
  const anchor = createAnchorLog(store);
  const pollMs = options.blockMs;
  const outbox = createOutbox({
    ...{ log: createOutboxLog(store), now: Date.now, pollMs, concurrency: 32 },
    onError: (_row, error) => options.onError(error),
    handlers: handlersOf(store, chain, options, onRecorded),
  });
  const { onError } = options;
  const sealing = createSealThread({ signerKey: hash(9), leafDomain: LEAF_DOMAIN, signingDomain: SIGNING_DOMAIN });
  const batcher = repeat(
    createBatcher({
      ...{ log: createBatchLog({ store, firstSerial: 0n }), nowMs: () => 5_000, attestationGraceMs: 3_600_000 },
      ...{ maxReceipts: options.maxReceipts, seal: sealing.seal, onClosed: outbox.poke },
    }),
    { everyMs: options.batchIntervalMs, onError },
  );
  const watch = repeat(
    createAnchorWatch({ chain, log: anchor, finalityBlocks: 4n, onUndone: () => undefined, onChange: outbox.poke }),
    { everyMs: pollMs, onError },
  );
  const blocks = setInterval(mine, options.blockMs);
  outbox.start();
  batcher.start();
  watch.start();
  return {
    async stop() {
      clearInterval(blocks);
      await batcher.stop();
      await sealing.close();
      await watch.stop();
      await outbox.stop();
    },
  };
}

export { served };

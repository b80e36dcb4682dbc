import assert from 'node:assert/strict';

import { createAnchorBatch } from '../../../gateway/anchor/anchor-batch.ts';
import { createAnchorEpoch } from '../../../gateway/anchor/anchor-epoch.ts';
import { drawReceipts } from '../../../gateway/anchor/draw-receipts.ts';
import { createPassedSerials } from '../../../gateway/anchor/passed-serials.ts';
import type { AnchorChain } from '../../../gateway/anchor/ports.ts';
import { distribute } from '../../../gateway/epoch/distribute.ts';
import type { EvaluatorClient } from '../../../gateway/evaluate/evaluator-client.ts';
import { createExamine } from '../../../gateway/evaluate/examine.ts';
import type { Handler } from '../../../gateway/outbox/outbox.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { isDrawn, isExaminable, isReplayed } from '../../../gateway/poq/sampling.ts';
import { scoreReceipt } from '../../../gateway/poq/score.ts';
import type { Hex } from '../../../gateway/protocol/types.ts';
import { GATEWAY_SIGNER, LEAF_DOMAIN, SIGNING_DOMAIN, hash } from '../background.fixtures.ts';
import { CLOCK, EVALUATORS, factsOf, memoryDatasets } from '../epoch/facts.fixtures.ts';
import type { openLogs } from '../store/world.fixtures.ts';

export const RECORD_WINDOW = 40n;
export const FINALITY = 4n;

/** Commit sets that evaluators were shown, per receipt and size: two different ones would be slashable. */
export type Shown = Map<string, Set<Hex>>;
export type Said = { readonly shown: Shown; readonly late: Set<Hex> };

function clientOf(shown: Shown, late: Set<Hex>): EvaluatorClient {
  return {
    commit({ account }, { receiptLeaf, seed }) {
      // One member is not there the first time, so that a second attempt would collect another set.
      if (account === EVALUATORS[0] && !late.has(receiptLeaf)) {
        late.add(receiptLeaf);
        return Promise.reject(new Error('not there yet'));
      }
      return Promise.resolve({ receiptLeaf, seed, evaluator: account, commitment: hash(Number(BigInt(account))) });
    },
    reveal({ account }, { commitSet }) {
      const key = `${commitSet.receiptLeaf}:${commitSet.seed}:${commitSet.size}`;
      shown.set(key, (shown.get(key) ?? new Set<Hex>()).add(commitSet.commitmentsHash));
      const { receiptLeaf, seed } = commitSet;
      const scores = { accuracy: 9_000, consistency: 0, format: 0, scorerId: hash(1), salt: hash(2) };
      return Promise.resolve({
        evaluation: { receiptLeaf, seed, evaluator: account, ...scores },
        signature: `0x${'11'.repeat(65)}`,
      });
    },
  };
}

export type Logs = Awaited<ReturnType<typeof openLogs>>;

/** Every step of the background over some chain and some store, with committees that answer at once. */
export function handlersOf(
  chain: AnchorChain,
  logs: Logs,
  { shown, late }: Said,
  clock = CLOCK,
): Readonly<Record<string, Handler>> {
  return {
    ...createAnchorBatch({
      chain,
      log: logs.anchor,
      passed: createPassedSerials({
        ...{ chain, log: logs.passed, finalityBlocks: FINALITY, pollMs: 1 },
        onLost: ({ fromSerial }) => assert.fail(`the batch from serial ${fromSerial} was lost`),
      }),
      leafDomain: LEAF_DOMAIN,
      confirmations: 1n,
      epochAt: (time) => (time - clock.genesis) / clock.epochDuration,
      ready: () => Promise.resolve(true),
      draw: (_epoch, seed, receipts) => {
        const rules = { isExaminable, isDrawn, isReplayed, rateOf: () => 10_000, replayRateBps: 0 };
        return Promise.resolve(drawReceipts(seed, receipts, rules));
      },
      scorer: () =>
        Promise.resolve((value, examination) =>
          scoreReceipt({ receipt: value, examination, tableMask: 1, comparable: false, params: DEFAULT_PARAMS }),
        ),
      recordMargin: 5n,
      pollMs: 1,
      onRecorded: () => undefined,
    }),
    ...createAnchorEpoch({
      chain,
      log: logs.epoch,
      clock,
      recordWindow: RECORD_WINDOW,
      tableGrace: 3n,
      goldWindowEpochs: 8,
      prepareGolds: () => Promise.resolve(undefined),
      facts: async (epoch) => {
        const { context } = factsOf([]);
        return {
          context: { ...context, epoch },
          golds: [],
          batches: await logs.epoch.batches(epoch),
          receiptsOf: logs.epoch.receiptsOf,
        };
      },
      distribute: (facts, history, round) =>
        distribute(facts, history, round, {
          signer: GATEWAY_SIGNER,
          signingDomain: SIGNING_DOMAIN,
          datasets: memoryDatasets(),
        }),
      pollMs: 1,
      finalityBlocks: FINALITY,
      onVanished: () => undefined,
    }),
    ...createExamine({
      log: logs.examination,
      client: clientOf(shown, late),
      signer: GATEWAY_SIGNER,
      signingDomain: SIGNING_DOMAIN,
      params: DEFAULT_PARAMS,
      evaluators: () =>
        Promise.resolve(EVALUATORS.map((account) => ({ account, signer: account, endpoint: 'http://x' }))),
      trust: () => Promise.resolve(1_000),
      answerTimeoutMs: 1_000,
      onMissing: (_evaluator, step, error) => assert.equal(step, 'commit', String(error)),
    }),
  };
}

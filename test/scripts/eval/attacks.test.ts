import assert from 'node:assert/strict';

import { createFormatRunner } from '../../../gateway/agents/evaluator/format-runner.ts';
import { costScore } from '../../../gateway/poq/cost.ts';
import { activeMask } from '../../../gateway/poq/active.ts';
import { consistencyScore } from '../../../gateway/poq/dimensions/consistency.ts';
import { readRequest } from '../../../gateway/poq/dimensions/request-view.ts';
import { readTask } from '../../../gateway/poq/dimensions/task.ts';
import { feedbackOf } from '../../../gateway/poq/feedback.ts';
import { foldInference, weightOf } from '../../../gateway/poq/fold.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { isDrawn, samplingRate } from '../../../gateway/poq/sampling.ts';
import { scoreReceipt } from '../../../gateway/poq/score.ts';
import { trustTable } from '../../../gateway/poq/trust.ts';
import { Flag, RecordStatus } from '../../../gateway/protocol/constants.ts';
import { keccakText } from '../../../gateway/protocol/keccak.ts';
import { volumeUnits } from '../../../gateway/protocol/units.ts';
import { evalAttacks } from '../../../scripts/eval-attacks.ts';
import { cheats, honest, padded, paddedWhereFree } from '../../../scripts/eval/attacks/cheats.ts';
import { squaredToMedian } from '../../../scripts/eval/attacks/former-trust.ts';
import { ORACLE_LIMIT } from '../../../scripts/eval/attacks/goals.ts';
import { rmseOf, runGrid } from '../../../scripts/eval/attacks/grid.ts';
import type { Attack } from '../../../scripts/eval/attacks/liars.ts';
import { generateTasks, judge } from '../../../scripts/eval/attacks/market.ts';
import { favours } from '../../../scripts/eval/attacks/report-favour.ts';
import { nodeOutcomes } from '../../../scripts/eval/attacks/report-nodes.ts';
import { splitWeight, washRatio } from '../../../scripts/eval/attacks/report-sybils.ts';
import { mean } from '../../../scripts/eval/attacks/rules.ts';
import { simulate } from '../../../scripts/eval/attacks/simulate.ts';
import { createWorld } from '../../../scripts/eval/attacks/world.ts';
import { LIVE } from '../../../scripts/lib/deploy/config.ts';
import { address, entry, hash } from '../../gateway/poq/arbitraries.ts';

const world = createWorld({ seed: 7, epochs: 6, receipts: 150, golds: 40, gateways: 1 });
const OTHER_RULES = ['mean', 'median', 'trimmed', 'adaptive'] as const;

/** Two fifths of the evaluators attack; the engine must stay near the oracle, before every other rule, and not pay for it. */
function evaluatorsFail(attack: Attack): void {
  const outcome = simulate(world, { attack, ratio: 0.4, committee: 5 });
  const error = rmseOf(outcome, 'poq');
  assert.ok(error <= ORACLE_LIMIT * rmseOf(outcome, 'oracle'), `${error} beside ${rmseOf(outcome, 'oracle')}`);
  for (const rule of OTHER_RULES) assert.ok(error < rmseOf(outcome, rule), `${rule}: ${rmseOf(outcome, rule)}`);
  const { attacker, honest: others } = outcome.pay.poq;
  assert.ok(attacker < others && attacker < 10_000, `paid ${attacker} beside ${others}`);
}

describe('attacks by evaluators', () => {
  it('noise', () => evaluatorsFail('noise'));
  it('boost', () => evaluatorsFail('boost'));
  it('sabotage', () => evaluatorsFail('sabotage'));
  it('intermittent', () => evaluatorsFail('intermittent'));
  it('collusion', () => evaluatorsFail('collusion'));
  it('copycat', () => evaluatorsFail('copycat'));
  it('lazy constant', () => evaluatorsFail('lazy'));

  it('withheld reveal', () => {
    const receipt = { family: 0, flags: 0, units: 1_000n, priceMicroUsd: 100n, totalMs: 1_000 };
    const recordWith = (reveals: number) =>
      scoreReceipt({
        receipt,
        examination: { committeeSize: 5, entries: Array.from({ length: reveals }, () => entry({ accuracy: 9_000 })) },
        tableMask: 1,
        comparable: false,
        params: DEFAULT_PARAMS,
      });
    const weightWith = (reveals: number): bigint => {
      const counted = { gateway: address(1), node: address(2), complexity: 0, promptTokens: 100, ...receipt };
      const receipts = [
        { ...counted, ...recordWith(5) },
        { ...counted, ...recordWith(reveals) },
      ];
      const [share] = foldInference({ receipts, feedback: new Map(), minQualityBps: 4_000 });
      return share === undefined ? 0n : weightOf(share);
    };
    assert.equal(recordWith(3).status, RecordStatus.unscored);
    assert.ok(weightWith(3) < weightWith(4));
    assert.equal(weightWith(4), weightWith(5));
  });

  it('new accounts', () => {
    const steady = { attack: 'sabotage', ratio: 0.4, committee: 5 } as const;
    const outcome = simulate(world, { ...steady, renewal: 2 });
    const former = simulate(world, { ...steady, renewal: 2, trustRule: squaredToMedian });
    assert.ok(rmseOf(outcome, 'poq') < rmseOf(former, 'poq'));
    for (const rule of OTHER_RULES) assert.ok(rmseOf(outcome, 'poq') < rmseOf(outcome, rule));
    const { attacker, honest: others } = outcome.pay.poq;
    assert.ok(attacker < others && attacker < 10_000, `paid ${attacker} beside ${others}`);
  });

  it('quiet favours', () => {
    for (const { push, income } of favours([world], 0.4, [1_500, 3_000]))
      if (push > 0) assert.ok(income < 1, `+${push}: ${income}`);
  });

  it('half of the golds recognised', () => {
    const blind = simulate(world, { attack: 'sabotage', ratio: 0.4, committee: 5 });
    const seeing = simulate(world, { attack: 'sabotage', ratio: 0.4, committee: 5, knows: 'suspicious' });
    assert.ok(rmseOf(seeing, 'poq') < 1.2 * rmseOf(blind, 'poq'));
    for (const rule of OTHER_RULES) assert.ok(rmseOf(seeing, 'poq') < rmseOf(seeing, rule));
    assert.ok(seeing.pay.poq.attacker < 10_000);
  });
});

describe('attacks by nodes', () => {
  const outcomes = (answer: (typeof cheats)[keyof typeof cheats]) =>
    nodeOutcomes('test', { cheat: { answer } }, 120)[0];

  it('constant answers', () => assert.ok((outcomes(cheats.constant)?.pay ?? 1) < 0.05));
  it('reference stuffing', () => {
    const suspects = {
      middling: { answer: honest.middling },
      stuffed: { answer: cheats['stuffing behind an answer'] },
    };
    const [middling, stuffed] = nodeOutcomes('test', suspects, 120);
    assert.ok(middling && stuffed && stuffed.pay < middling.pay, `${stuffed?.pay} beside ${middling?.pay}`);
    assert.ok((outcomes(cheats.stuffing)?.pay ?? 1) < 0.2);
  });
  it('model downgrade', () => {
    const suspects = { careful: { answer: honest.careful }, careless: { answer: honest.careless } };
    const [careful, careless] = nodeOutcomes('test', suspects, 120);
    assert.equal(careful?.pay, 1);
    assert.ok((careless?.pay ?? 1) < 0.3);
  });

  it('verbosity', () => {
    const suspects = Object.fromEntries(
      [1, 3, 10].flatMap((times) => [
        [`${times} everywhere`, { answer: padded(honest.careful, times) }],
        [`${times} where it is free`, { answer: paddedWhereFree(honest.careful, times) }],
      ]),
    );
    // Careful work on the same requests without a word too many has 1.
    for (const { name, pay } of nodeOutcomes('test', suspects, 120)) assert.ok(pay < 1, `${name}: ${pay}`);
  });

  it('copying', () => {
    // Copies under one family are one voice: a wrong answer gains no agreement by being repeated.
    const peers = (names: string, text: string) =>
      [...names].map((name, index) => ({ text, account: `${name}${index}`, family: name }));
    const independent = peers('ab', 'The bridge was built in 1901.');
    const copies = peers('cccccc', 'The bridge was built in 1733.');
    const messages = [{ role: 'user', content: 'When was the bridge built?' }];
    const task = readTask(readRequest(JSON.stringify({ messages })));
    const agreement = (list: readonly ReturnType<typeof peers>[number][]): number =>
      consistencyScore('The bridge was built in 1733.', list, task);
    assert.equal(agreement([...independent, ...copies]), agreement([...independent, ...copies.slice(0, 1)]));
  });

  it('prompt injection at a judge', () => {
    const tasks = generateTasks('injection', 60);
    const meanOf = (answer: string): number => mean(tasks.map((task) => judge(task, answer, []).accuracy));
    assert.ok(meanOf(cheats.injection()) < meanOf(cheats.constant()) + 300);
    assert.ok(meanOf(cheats.injection()) < 1_000);
    assert.ok((outcomes(cheats.injection)?.pay ?? 1) < 0.05);
  });

  it('Sybil split', () => assert.ok(splitWeight('test', 2, 300) < 1.1));

  it('latency stretching', () => {
    const of = (totalMs: number) => costScore({ priceMicroUsd: 100n, totalMs, priceRef: 200, msRef: 2_000 });
    assert.ok(of(100_000) < of(2_000));
    assert.equal(of(2_000), 5_714); // whatever anybody else's time is: it is no argument
  });

  it('self-traffic', () => {
    for (const flags of [Flag.pinned, Flag.cached, Flag.private, Flag.unattested]) {
      assert.equal(volumeUnits({ units: 1_000n, flags }), 0n);
    }
  });

  it('wash traffic', () => {
    // the live preset pays a unit back at most what its fee was; a higher cap would pay washing in a small network
    for (const units of [1e6, 1e8, 2.25e9, 1e10]) assert.ok(washRatio(units) <= 1);
    assert.ok(washRatio(1e9, 'eightfold') > 1 && washRatio(1.81e9, 'eightfold') < 1);
    const { anchoring, rewards } = LIVE;
    assert.ok(0.8 * Number(rewards.maxRewardPerUnit) <= Number(anchoring.feePerUnit));
  });
});

describe('attacks on the draw, the golds and the votes', () => {
  it('re-rolled draw', () => {
    const [seed, leaf] = [keccakText('seed'), keccakText('leaf')];
    assert.equal(isDrawn(seed, leaf, 5_000), isDrawn(seed, leaf, 5_000));
    const drawn = Array.from({ length: 2_000 }, (_, index) => isDrawn(hash(index), leaf, 1_000)).filter(Boolean).length;
    assert.ok(drawn > 150 && drawn < 250);
    assert.equal(samplingRate(100, 0), 10_000);
  });

  it('undecidable family', () => {
    const isActive = (golds: readonly { score: number; truth: number }[]): boolean =>
      (activeMask({ accuracy: golds, consistency: [], format: [] }) & 1) === 1;
    const right = Array.from({ length: 100 }, (_, index) => ({ score: 8_000 + index, truth: 10_000 }));
    assert.ok(isActive(right));
    // one node's nine answers that are wrong and please everybody do not put the others out of pay
    assert.ok(isActive(right.map((gold, index) => (index < 9 ? { score: 10_000, truth: 0 } : gold))));
  });

  it('gateway bias', () => {
    const sample = { gateway: address(1), evaluator: address(1), accuracy: 5_000, truth: 5_000 };
    assert.equal(trustTable([sample], [address(1)]).has(address(1)), false);
    const outcome = simulate(createWorld({ seed: 7, epochs: 6, receipts: 150, golds: 60, gateways: 3 }), {
      attack: 'sabotage',
      ratio: 0.2,
      committee: 5,
      knows: 'first-gateway',
    });
    assert.ok(outcome.trust.attacker < outcome.trust.honest);
  });

  it('fake feedback', () => {
    const node = address(1);
    const vote = { payer: 'one', node, servedAt: 5n, good: true };
    assert.equal(feedbackOf(Array(1_000).fill(vote)).get(node), feedbackOf([vote]).get(node));
    const crowd = Array.from({ length: 1_000 }, (_, index) => ({ ...vote, payer: String(index) }));
    assert.ok((feedbackOf(crowd).get(node) ?? 0) <= 11_000);
  });

  it('schema bomb', async () => {
    const runner = createFormatRunner({ deadlineMs: 100, onTimeout: () => undefined });
    try {
      const score = await runner.score('"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"', [
        { kind: 'json', raw: true, objectOnly: false, schema: { $async: true, pattern: '(a*)*b' } },
      ]);
      assert.equal(score, 10_000);
    } finally {
      await runner.close();
    }
  });
});

describe('eval-attacks', () => {
  it('returns the same cells for the same seed, in the announced form', () => {
    const run = (seed: number) => {
      const worlds = [createWorld({ seed, epochs: 3, receipts: 30, golds: 10, gateways: 1 })];
      return runGrid({ worlds, committees: [5] });
    };
    const cells = run(1);
    assert.equal(cells.length, 4 * 7 * 6);
    const keys = ['attack', 'ratio', 'committee', 'rule', 'rmse', 'ci95', 'attackerPay', 'honestPay'];
    assert.deepEqual(Object.keys(cells[0] ?? {}), keys);
    assert.deepEqual(run(1), cells);
    assert.notDeepEqual(run(2), cells);
  });

  it('rejects options that are not numbers', async () => {
    const io = { env: {}, stdout: () => undefined, stderr: () => undefined };
    assert.equal(await evalAttacks(['--seeds', 'many'], io), 2);
  });
});

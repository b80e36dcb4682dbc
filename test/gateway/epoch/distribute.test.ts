import assert from 'node:assert/strict';

import { createEpochViews } from '../../../gateway/claim/epoch-view.ts';
import type { DistributionView, EpochView } from '../../../gateway/claim/epoch-view.ts';
import type { EpochBatch, EpochResult } from '../../../gateway/epoch/ports.ts';
import type { EpochStatus } from '../../../gateway/anchor/ports.ts';
import { DATASET_VERSION } from '../../../gateway/epoch/dataset.ts';
import { distribute as distributeFacts } from '../../../gateway/epoch/distribute.ts';
import { createKeeper, planEpochs } from '../../../gateway/epoch/plan.ts';
import type { PlannedRow } from '../../../gateway/epoch/plan.ts';
import { createTables } from '../../../gateway/epoch/tables.ts';
import { canonicalJson } from '../../../gateway/protocol/canonical-json.ts';
import { batchesHash, distributionHash, evaluationsHash, paramsHash } from '../../../gateway/protocol/commitments.ts';
import { sha256Hex } from '../../../gateway/protocol/content.ts';
import { epochAttestationDigest } from '../../../gateway/protocol/eip712.ts';
import { rewardLeaf } from '../../../gateway/protocol/leaf.ts';
import { recoverSigner } from '../../../gateway/protocol/signature.ts';
import { decodeStruct } from '../../../gateway/protocol/struct-json.ts';
import { verifySumProof } from '../../../gateway/protocol/sum-tree.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import type { Address, EvaluationEntry, Hex, SumNode } from '../../../gateway/protocol/types.ts';
import type { ReceiptAttestation } from '../../../gateway/receipt/ports.ts';
import { GATEWAY, GATEWAY_SIGNER, NODE, SIGNING_DOMAIN, commitSetOf, hash } from '../background.fixtures.ts';
import {
  CLOCK,
  DISTRIBUTOR,
  EPOCH,
  EVALUATORS,
  NODES,
  batch,
  datasetText,
  factsOf,
  foldEpoch,
  gold,
  goldOf,
  memoryDatasets,
  scored,
  streamed,
} from './facts.fixtures.ts';
import type { WholeFacts } from './facts.fixtures.ts';

const DEPS = { signer: GATEWAY_SIGNER, signingDomain: SIGNING_DOMAIN, datasets: memoryDatasets() };

const distribute = (facts: WholeFacts, round = 0, deps = DEPS) => distributeFacts(streamed(facts), [], round, deps);
const ATTESTATION: ReceiptAttestation = {
  attestation: { node: NODE, gateway: GATEWAY, root: hash(1), count: 2, sequence: 2n ** 60n },
  signature: `0x${'66'.repeat(65)}`,
  answer: {
    receiptId: hash(9),
    gateway: GATEWAY,
    node: NODE,
    requestHash: hash(10),
    responseHash: hash(11),
    model: hash(12),
    promptTokens: 3,
    completionTokens: 4,
  },
  leaf: hash(2),
  proof: [hash(3)],
};

/** Facts with something in every corner of the format. */
function richFacts(): WholeFacts {
  const hidden = goldOf(7, 9_000, [9_000, 8_000, 9_500, 0, 10_000]);
  const second = goldOf(8, 1_000, [1_000, 1_500, 900, 9_000, 2_000]);
  const receipts = [
    scored(1, [9_000, 9_100, 8_900, 9_000, 200], { units: 2n ** 40n }, { attestation: ATTESTATION }),
    scored(2, undefined, { node: NODES[1] as Address }),
    scored(
      3,
      [9_000, 1, 2],
      {},
      { commitSets: [commitSetOf(hash(1), hash(2), EVALUATORS)], replays: [hash(5), hash(6)] },
    ),
    scored(4, [7_000, 7_000, 7_000, 7_000], { node: NODES[1] as Address }),
    hidden.receipt,
    second.receipt,
  ];
  return factsOf(receipts, [gold(0), hidden.gold, second.gold], [batch(1), batch(5)]);
}

type Line = Readonly<Record<string, unknown>> & { readonly type: string };
const linesOf = (dataset: string): Line[] =>
  dataset
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

describe('dataset', () => {
  const facts = richFacts();
  const { leaves, tableLeaves } = foldEpoch(facts, []);
  const text = datasetText(facts, { leaves, tableLeaves });
  const lines = linesOf(text);
  const of = (type: string): Line[] => lines.filter((line) => line.type === type);

  it('is the same for the same facts, and ends every line with a line feed', () => {
    assert.equal(datasetText(richFacts(), foldEpoch(richFacts(), [])), text);
    assert.ok(text.endsWith('\n') && !text.includes('\n\n') && !text.includes('\r'));
  });

  it('is canonical: each line is what its own value is written as', () => {
    assert.equal(lines.map((line) => `${canonicalJson(line as never)}\n`).join(''), text);
  });

  it('comes in a fixed order with its version first', () => {
    const order = ['epoch', 'batch', 'receipt', 'gold', 'table', 'reward'];
    const seen = lines.map(({ type }) => order.indexOf(type));
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
    assert.deepEqual([lines[0]?.['version'], lines[0]?.['epoch']], [DATASET_VERSION, '3']);
    assert.deepEqual(
      order.map((type) => of(type).length),
      [1, 2, 6, 3, tableLeaves.length, leaves.length],
    );
  });

  it('gives back every receipt with its record, evaluations, attestation, commit sets and replays', () => {
    of('receipt').forEach((line, index) => {
      const fact = facts.receipts[index];
      assert.ok(fact !== undefined);
      assert.deepEqual(decodeStruct('receipt', line['receipt']), fact.receipt);
      const record = decodeStruct('record', line['record']);
      assert.deepEqual(record, fact.record);
      assert.equal(evaluationsHash(line['entries'] as EvaluationEntry[]), record.evaluationsHash);
      assert.deepEqual(line['entries'], fact.entries);
      assert.deepEqual([line['replays'], line['payer'], line['signature']], [fact.replays, fact.payer, fact.signature]);
    });
    const attested = of('receipt')[0]?.['attestation'] as { attestation: unknown };
    assert.deepEqual(decodeStruct('nodeAttestation', attested.attestation), ATTESTATION.attestation);
    assert.equal(of('receipt')[1]?.['attestation'], null);
    const [set] = of('receipt')[2]?.['commitSets'] as { commitSet: unknown; evaluators: unknown }[];
    assert.deepEqual(set?.evaluators, EVALUATORS);
    assert.equal(decodeStruct('commitSet', set?.commitSet).size, 5);
  });

  it('gives back batches, golds with and without use, table and rewards', () => {
    assert.deepEqual(
      of('batch').map((line) => [line['batchId'], line['units'], line['seed']]),
      facts.batches.map(({ batchId, units, seed }) => [String(batchId), String(units), seed]),
    );
    assert.deepEqual(of('gold')[0]?.['used'], null);
    assert.deepEqual(of('gold')[1]?.['used'], facts.golds[1]?.used);
    assert.deepEqual(decodeStruct('gold', of('gold')[1]?.['leaf']), facts.golds[1]?.leaf);
    assert.deepEqual(
      of('table').map((line) => decodeStruct('table', line['leaf'])),
      tableLeaves,
    );
    assert.deepEqual(
      of('reward').map((line) => decodeStruct('reward', line['leaf'])),
      leaves,
    );
  });
});

describe('distribute', () => {
  it('commits to trees, parameters, table, batches and dataset, signed by the gateway for one round', async () => {
    const facts = richFacts();
    const stored = await distribute(facts, 2);
    const { distribution, signature } = stored;
    assert.deepEqual([distribution.epoch, distribution.round], [EPOCH, 2]);
    assert.equal(distribution.dataHash, sha256Hex(datasetText(facts, stored)));
    assert.equal(distribution.paramsHash, paramsHash(facts.context.params));
    assert.equal(distribution.batchesHash, batchesHash([1n, 5n]));
    assert.notEqual(distribution.tableRoot, ZERO_HASH);
    const digest = (round: number): Hex =>
      epochAttestationDigest(SIGNING_DOMAIN, { epoch: EPOCH, round, distributionHash: distributionHash(distribution) });
    assert.equal(recoverSigner(digest(2), signature), GATEWAY_SIGNER.address);
    assert.notEqual(recoverSigner(digest(1), signature), GATEWAY_SIGNER.address);
  });

  it('writes the dataset as it reads, knows where the receipts of each batch stand, and leaves none that is not whole', async () => {
    const whole = richFacts();
    const facts = {
      ...whole,
      receipts: whole.receipts.map((receipt, index) => ({ ...receipt, batchId: index < 4 ? 1n : 5n })),
    };
    const datasets = memoryDatasets();
    const stored = await distribute(facts, 0, { ...DEPS, datasets });
    const text = datasets.texts.get(stored.distribution.dataHash) ?? '';
    assert.equal(text, datasetText(facts, stored));
    const parts = stored.parts.map(({ batchId, start, end }) => [batchId, linesOf(text.slice(start, end)).length]);
    assert.deepEqual(parts, [
      [1n, 4],
      [5n, 2],
    ]);
    const broken = streamed(facts);
    const failing = {
      ...broken,
      async *receiptsOf(batch: EpochBatch) {
        if (batch.batchId === 5n) throw new Error('the store is gone');
        yield* broken.receiptsOf(batch);
      },
    };
    const lost = memoryDatasets();
    await assert.rejects(distributeFacts(failing, [], 0, { ...DEPS, datasets: lost }), /the store is gone/);
    assert.deepEqual([lost.texts.size, lost.discarded.length], [0, 1]);
  });

  it('is the same but for the signature when it is computed again, and differs by every fact', async () => {
    const { signature: _first, ...one } = await distribute(richFacts());
    const { signature: _second, ...two } = await distribute(richFacts());
    assert.deepEqual(two, one);
    const facts = richFacts();
    const { distribution } = await distribute({ ...facts, receipts: facts.receipts.slice(1) });
    assert.notEqual(distributionHash(distribution), distributionHash(one.distribution));
  });

  it('gives an empty epoch zero roots and totals, and rejects batches out of order', async () => {
    const { distribution } = await distribute(factsOf([], [], []));
    assert.deepEqual(distribution.roots, [ZERO_HASH, ZERO_HASH, ZERO_HASH]);
    assert.deepEqual(
      [distribution.totals, distribution.counts],
      [
        [0n, 0n, 0n],
        [0, 0, 0],
      ],
    );
    await assert.rejects(distribute(factsOf([], [], [batch(2), batch(1)])), RangeError);
    await assert.rejects(distribute(factsOf([], [], [batch(2), batch(2)])), RangeError);
  });
});

describe('createEpochViews', () => {
  const STATUS: EpochStatus = {
    state: 'proposed',
    round: 0,
    roundStartsAt: 0n,
    finalizableAt: 1_500n,
    paramsHash: hash(1),
    tableRoot: hash(2),
    tableEpoch: 1n,
    distributionHash: hash(3),
    pools: [7n * 10n ** 24n, 2n, 1n],
    pot: 10n ** 25n,
    electorate: 1n,
  };
  const views = (state: () => EpochStatus['state'], stored: EpochResult | undefined) => {
    let reads = 0;
    const find = createEpochViews({
      clock: CLOCK,
      distributor: DISTRIBUTOR,
      status: () => Promise.resolve({ ...STATUS, state: state(), finalizableAt: BigInt(reads) }),
      result: () => {
        reads += 1;
        return Promise.resolve(stored);
      },
    });
    return { find, reads: () => reads };
  };
  const view = async (stored: EpochResult | undefined): Promise<EpochView> => {
    const shown = await views(() => 'proposed', stored).find(EPOCH);
    assert.ok(shown !== undefined);
    return shown;
  };

  it('shows for every leaf a weight and a proof that claims it under root and total of its role', async () => {
    const stored = await distribute(richFacts());
    const shown = JSON.parse(JSON.stringify((await view(stored)).distribution)) as DistributionView;
    assert.equal(shown.hash, distributionHash(stored.distribution));
    assert.equal(shown.leaves.length, stored.leaves.length);
    assert.deepEqual(new Set(stored.leaves.map(({ role }) => role)), new Set([0, 1, 2]));
    for (const { leaf, weight, proof } of shown.leaves) {
      const claimed = decodeStruct('reward', leaf);
      const node = { hash: rewardLeaf(DISTRIBUTOR, claimed), sum: BigInt(weight) };
      const path = proof.map(({ hash: sibling, sum }): SumNode => ({ hash: sibling, sum: BigInt(sum) }));
      const root = shown.roots[claimed.role] as Hex;
      assert.ok(verifySumProof(root, BigInt(shown.totals[claimed.role] ?? 0), node, path));
      assert.ok(!verifySumProof(root, BigInt(shown.totals[claimed.role] ?? 0) + 1n, node, path));
    }
  });

  it('shows amounts and times as decimal strings, and null before there is a distribution', async () => {
    const shown = await view(undefined);
    assert.equal(shown.distribution, null);
    assert.deepEqual(
      [shown.startsAt, shown.endsAt, shown.pot, shown.pools[0]],
      ['1300', '1400', '10000000000000000000000000', '7000000000000000000000000'],
    );
    assert.doesNotThrow(() => JSON.stringify(shown));
  });

  it('computes the leaves of a final epoch once, still shows what the chain says now, and keeps no other', async () => {
    const stored = await distribute(richFacts());
    let state: EpochStatus['state'] = 'proposed';
    const { find, reads } = views(() => state, stored);
    const early = [await find(EPOCH), await find(EPOCH)];
    assert.equal(reads(), 2);
    assert.notEqual(early[0]?.distribution, early[1]?.distribution);
    state = 'final';
    const [first, second] = [await find(EPOCH), await find(EPOCH)];
    assert.equal(reads(), 3);
    assert.equal(first?.distribution, second?.distribution);
    assert.deepEqual(first?.distribution, early[0]?.distribution);
    assert.deepEqual([first?.finalizableAt, second?.finalizableAt], ['2', '3']);
    for (let epoch = 100n; epoch < 116n; epoch += 1n) await find(epoch);
    assert.equal(reads(), 19);
    await find(EPOCH);
    assert.equal(reads(), 20, 'sixteen are kept');
    state = 'none';
    assert.equal(await find(EPOCH), undefined);
  });
});

describe('tables', () => {
  let stored: Awaited<ReturnType<typeof distribute>>;
  before(async () => {
    stored = await distribute(richFacts());
  });
  const world = (tableRoot: Hex, tableEpoch = EPOCH) => {
    let reads = 0;
    const tables = createTables({
      inForce: () => {
        reads += 1;
        return Promise.resolve({ tableRoot, tableEpoch });
      },
      distribution: (epoch) => Promise.resolve(epoch === EPOCH ? stored : undefined),
    });
    return { tables, reads: () => reads };
  };

  it('reads the table that the epoch copied, once', async () => {
    const { tables, reads } = world(stored.distribution.tableRoot);
    const table = await tables.of(5n);
    const [leaf] = stored.tableLeaves;
    assert.equal(table.trustOf(leaf?.account ?? '0x'), leaf?.value);
    assert.equal(await tables.of(5n), table);
    assert.equal(reads(), 1);
    for (let epoch = 6n; epoch < 40n; epoch += 1n) await tables.of(epoch);
    assert.deepEqual((await tables.of(5n)).trustOf(leaf?.account ?? '0x'), leaf?.value);
  });

  it('returns defaults for the zero root, and rejects a table that it does not have', async () => {
    const { trustOf, rateOf, maskOf } = await world(ZERO_HASH).tables.of(0n);
    assert.deepEqual([trustOf(hash(1)), rateOf(hash(1)), maskOf(3)], [1_000, 10_000, 5]);
    await assert.rejects(world(hash(1)).tables.of(5n));
    await assert.rejects(world(stored.distribution.tableRoot, 1n).tables.of(5n));
  });
});

describe('planEpochs', () => {
  const kinds = (rows: readonly PlannedRow[]): string[] => rows.map(({ kind, epoch }) => `${kind} ${epoch}`);

  it('plans the current epoch and the next, the next alone before genesis, and nothing twice', () => {
    const before = planEpochs(CLOCK, 0n, 0n);
    assert.deepEqual(kinds(before.rows), ['gold 0', 'open 0', 'propose 0']);
    assert.deepEqual(planEpochs(CLOCK, 999n, before.planned), { rows: [], planned: 1n });
    const first = planEpochs(CLOCK, 1_000n, before.planned);
    assert.deepEqual(kinds(first.rows), ['gold 1', 'open 1', 'propose 1']);
    assert.deepEqual(planEpochs(CLOCK, 1_099n, first.planned).rows, []);
    assert.equal(planEpochs(CLOCK, 1_100n, first.planned).planned, 3n);
  });

  it('catches up with what was missed, in order, and ignores a clock that goes back', () => {
    const { rows, planned } = planEpochs(CLOCK, 1_450n, 2n);
    assert.deepEqual(
      rows.filter(({ kind }) => kind === 'open').map(({ epoch }) => epoch),
      [2n, 3n, 4n, 5n],
    );
    assert.deepEqual(planEpochs(CLOCK, 1_100n, planned), { rows: [], planned });
  });

  it('is tried again by the keeper when it could not be written', async () => {
    const written: string[][] = [];
    let failing = true;
    let pokes = 0;
    const keeper = createKeeper({
      clock: CLOCK,
      time: () => 1_000n,
      log: {
        plan: (rows) => {
          if (failing) return Promise.reject(new Error('disk'));
          written.push(kinds(rows));
          return Promise.resolve();
        },
      },
      firstEpoch: 1n,
      onPlanned: () => (pokes += 1),
    });
    await assert.rejects(keeper());
    failing = false;
    await keeper();
    await keeper();
    assert.deepEqual([written, pokes], [[['gold 1', 'open 1', 'propose 1']], 1]);
  });
});

import { createHash } from 'node:crypto';

import { batchRoot } from '../lib/protocol/batch-tree.ts';
import { leafHash } from '../lib/protocol/leaf.ts';
import type { LeafDomain } from '../lib/protocol/leaf.ts';
import { batchesHash, distributionHash } from '../lib/protocol/lists.ts';
import { sumRoot } from '../lib/protocol/sum-tree.ts';
import type { Deployment } from '../lib/deployment.ts';
import { dgai } from '../lib/units.ts';
import type { ChainFacts, ClaimEvent, EpochInfo } from './chain-facts.ts';
import type { BatchLine, Dataset } from './dataset.ts';
import { isAnchoredLater, missingIds } from './late-receipts.ts';
import type { LateReceipts } from './late-receipts.ts';
import type { Sent } from './traffic.ts';

/** Something that must hold whatever happened, checked with encodings and trees that are not the gateway's. */
export type Check = { readonly name: string; readonly ok: boolean; readonly detail: string };

const ZERO_HASH = `0x${'00'.repeat(32)}`;
const ROLES = ['inference', 'evaluator', 'gateway'];

export type InvariantInput = {
  readonly facts: ChainFacts;
  /** By epoch, for the epochs with traffic. */
  readonly datasets: readonly Dataset[];
  readonly deployment: Deployment;
  readonly sent: readonly Sent[];
  /** Receipts of answers that no dataset lists, as the gateway shows them. */
  readonly late: LateReceipts;
};

export function checkInvariants(input: InvariantInput): Check[] {
  return [
    checkPools(input),
    checkSupply(input),
    checkReserve(input),
    checkBatches(input),
    checkGolds(input),
    checkDistributions(input),
    checkReceipts(input),
  ];
}

/** Per epoch and role the claims, with what the cap sent back, take no more than the pool. */
function checkPools({ facts, datasets }: InvariantInput): Check {
  const wrong: string[] = [];
  facts.epochs.forEach((info, epoch) => {
    ROLES.forEach((role, index) => {
      const own = facts.claims.filter((claim) => claim.role === index && claim.epoch === BigInt(epoch));
      const [pool = 0n, taken] = [info.pools[index], takenBy(own)];
      if (taken > pool) wrong.push(`epoch ${epoch} ${role}: claims took ${taken} of ${pool}`);
    });
  });
  const total = facts.claims.reduce((sum, claim) => sum + claim.amount, 0n);
  const worked = facts.epochs.slice(0, datasets.length);
  const pools = worked.flatMap((info) => info.pools).reduce((sum, pool) => sum + pool, 0n);
  return verdict('claims ≤ pools', wrong, `${dgai(total)} claimed of ${dgai(pools)} in ${facts.claims.length} claims`);
}

function checkSupply({ facts }: InvariantInput): Check {
  const held = [...facts.balances.values()].reduce((sum, balance) => sum + balance, 0n);
  const wrong: string[] = [];
  if (held !== facts.totalSupply) wrong.push(`holders have ${held}, the supply is ${facts.totalSupply}`);
  if (facts.totalSupply + facts.burned !== facts.minted)
    wrong.push(`supply ${facts.totalSupply} + burned ${facts.burned} is not ${facts.minted}`);
  const detail = `${facts.balances.size} holders have what was minted less ${dgai(facts.burned)} burned`;
  return verdict('balances add up to the wei', wrong, detail);
}

/** The distributor holds its reserve and what no claim has taken out of the epochs' pools yet, and nothing else. */
function checkReserve({ facts }: InvariantInput): Check {
  const pools = facts.epochs.flatMap((info) => info.pools).reduce((sum, pool) => sum + pool, 0n);
  const open = pools - takenBy(facts.claims);
  const { balance, reserve } = facts.distributor;
  const wrong = balance === reserve + open ? [] : [`balance ${balance} is not ${reserve} + ${open}`];
  return verdict('reserve is covered', wrong, `${dgai(reserve)} in reserve, ${dgai(open)} owed to epochs`);
}

/** What claims took out of pools: paid, or returned to the reserve by the cap. */
function takenBy(claims: readonly ClaimEvent[]): bigint {
  return claims.reduce((sum, { amount, returned }) => sum + amount + returned, 0n);
}

function registryDomain({ chainId, contracts }: Deployment): LeafDomain {
  return { chainId, contract: contracts.ProofRegistry.address };
}

function distributorDomain({ chainId, contracts }: Deployment): LeafDomain {
  return { chainId, contract: contracts.RewardDistributor.address };
}

/** Every batch that was anchored in these epochs is in its epoch's dataset, and both of its roots follow from it. */
function checkBatches({ facts, datasets, deployment }: InvariantInput): Check {
  const domain = registryDomain(deployment);
  const wrong: string[] = [];
  const anchored = facts.batches.filter((batch) => batch.epoch < BigInt(datasets.length));
  for (const batch of anchored) {
    const dataset = datasets[Number(batch.epoch)];
    const line = dataset?.batches.find((entry) => BigInt(entry.batchId) === batch.batchId);
    if (dataset === undefined || line === undefined) wrong.push(`batch ${batch.batchId} is not in the dataset`);
    else if (!rootsMatch(dataset, line, batch, domain)) wrong.push(`batch ${batch.batchId} has other roots on chain`);
  }
  const listed = datasets.reduce((sum, dataset) => sum + dataset.batches.length, 0);
  if (listed !== anchored.length) wrong.push(`${listed} batches in the datasets, ${anchored.length} on chain`);
  return verdict('receipt and record roots', wrong, `${anchored.length} batches, both roots of each recomputed`);
}

function rootsMatch(
  dataset: Dataset,
  line: BatchLine,
  batch: { readonly root: string; readonly recordsRoot: string },
  domain: LeafDomain,
): boolean {
  const own = dataset.receipts.filter((receipt) => receipt.batchId === line.batchId);
  const receipts = own.map(({ receipt }) => leafHash('Receipt', domain, receipt));
  const records = own.map(({ record }) => leafHash('RecordLeaf', domain, record));
  return rootOf(receipts) === batch.root && rootOf(records) === batch.recordsRoot && own.length === line.count;
}

function rootOf(leaves: readonly string[]): string {
  return leaves.length === 0 ? ZERO_HASH : batchRoot(leaves);
}

/** Each epoch's golds have the root that was anchored before it; one that was anchored late is judged an epoch later. */
function checkGolds({ facts, datasets, deployment }: InvariantInput): Check {
  const domain = registryDomain(deployment);
  const wrong: string[] = [];
  let count = 0;
  datasets.forEach((dataset, epoch) => {
    const ofEpoch = (from: Dataset | undefined, number: number): string[] =>
      (from?.golds ?? [])
        .filter(({ leaf }) => Number(leaf['epoch']) === number)
        .map(({ leaf }) => leafHash('GoldLeaf', domain, leaf));
    const [own, carried] = [ofEpoch(dataset, epoch), ofEpoch(dataset, epoch - 1)];
    const anchored = facts.golds.find((gold) => gold.epoch === BigInt(epoch))?.root ?? ZERO_HASH;
    if (anchored !== rootOf(own)) wrong.push(`the golds of epoch ${epoch} have another root on chain`);
    const before = new Set(ofEpoch(datasets[epoch - 1], epoch - 1));
    if (own.length + carried.length !== dataset.golds.length || carried.some((leaf) => !before.has(leaf)))
      wrong.push(`epoch ${epoch} lists golds that were anchored for another epoch`);
    count += own.length;
  });
  return verdict('gold roots', wrong, `${count} golds, anchored before their epochs`);
}

/** Sum trees, table, batch list and data hash of every epoch lead to the distribution hash on chain. */
function checkDistributions({ facts, datasets, deployment }: InvariantInput): Check {
  const domain = distributorDomain(deployment);
  const wrong: string[] = [];
  let leaves = 0;
  datasets.forEach((dataset, epoch) => {
    const info = facts.epochs[epoch];
    leaves += dataset.rewards.length + dataset.table.length;
    if (info === undefined || recomputeDistribution(dataset, epoch, info, domain) !== info.distributionHash)
      wrong.push(`epoch ${epoch} has another distribution on chain`);
  });
  return verdict('distributions', wrong, `${datasets.length} epochs, ${leaves} reward and table leaves recomputed`);
}

function recomputeDistribution(dataset: Dataset, epoch: number, info: EpochInfo, domain: LeafDomain): string {
  const trees = ROLES.map((_, role) => {
    const own = dataset.rewards.filter((leaf) => leaf['role'] === role);
    const nodes = own.map((leaf) => ({ hash: leafHash('RewardLeaf', domain, leaf), sum: weightOf(leaf) }));
    return { ...sumRoot(nodes), count: nodes.length };
  });
  return distributionHash({
    epoch,
    round: info.round,
    roots: trees.map(({ hash }) => hash),
    totals: trees.map(({ sum }) => sum),
    counts: trees.map(({ count }) => count),
    paramsHash: info.paramsHash,
    tableRoot: rootOf(dataset.table.map((leaf) => leafHash('TableLeaf', domain, leaf))),
    batchesHash: batchesHash(dataset.batches.map(({ batchId }) => batchId)).hash,
    dataHash: `0x${createHash('sha256').update(dataset.text, 'utf8').digest('hex')}`,
  }).hash;
}

export function weightOf(leaf: Readonly<Record<string, string | number>>): bigint {
  return ['quality', 'volume', 'difficulty', 'feedback'].reduce(
    (product, field) => product * BigInt(leaf[field] ?? 0),
    1n,
  );
}

/** Every answer that a caller got has a receipt of its own: in the datasets, or anchored after the last of them. */
function checkReceipts({ datasets, sent, facts, deployment, late }: InvariantInput): Check {
  const ids = datasets.flatMap((dataset) => dataset.receipts.map(({ receipt }) => String(receipt['id'])));
  const answered = sent.filter((request) => request.ok);
  const given = answered.flatMap(({ receiptId }) => (receiptId === undefined ? [] : [receiptId]));
  const missing = missingIds(sent, datasets);
  const chain = { batches: facts.batches, deployment, from: datasets.length };
  const lost = missing.filter((id) => !isAnchoredLater(id, late.get(id), chain));
  const wrong: string[] = [];
  if (new Set(ids).size !== ids.length) wrong.push('a receipt is listed twice');
  if (given.length < answered.length) wrong.push(`${answered.length - given.length} answers came without a receipt`);
  if (new Set(given).size !== given.length) wrong.push('two answers share a receipt');
  if (lost.length > 0) wrong.push(`${lost.length} of ${answered.length} answers have no receipt on chain: ${lost[0]}`);
  const later = missing.length === 0 ? '' : `, ${missing.length} of them anchored in the epoch after`;
  const detail = `${given.length} of ${answered.length} answers have a receipt of their own on chain${later}`;
  return verdict('receipts', wrong, detail);
}

function verdict(name: string, wrong: readonly string[], detail: string): Check {
  return { name, ok: wrong.length === 0, detail: wrong.length === 0 ? detail : wrong.slice(0, 3).join('; ') };
}

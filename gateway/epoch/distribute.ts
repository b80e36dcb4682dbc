import { batchesHash, distributionHash, paramsHash } from '../protocol/commitments.ts';
import { epochAttestationDigest } from '../protocol/eip712.ts';
import type { SigningDomain } from '../protocol/eip712.ts';
import type { Signer } from '../protocol/signature.ts';
import type { Distribution, Hex } from '../protocol/types.ts';
import { datasetHead, datasetTail, receiptLines } from './dataset.ts';
import { createFold, roleTrees, tableRootOf } from './fold-epoch.ts';
import type { EpochFold, Fold } from './fold-epoch.ts';
import type {
  DatasetFiles,
  DatasetPart,
  DatasetWriter,
  EpochFacts,
  EpochFrame,
  GoldOutcome,
  StoredDistribution,
} from './ports.ts';

export type DistributeDeps = {
  readonly signer: Signer;
  readonly signingDomain: SigningDomain;
  readonly datasets: Pick<DatasetFiles, 'create'>;
};

/**
 * Folds an epoch's facts into a signed distribution, and writes its dataset on the way: every receipt is read once, and
 * none is held longer than its page. The dataset is on disk before its digest is signed.
 */
export async function distribute(
  facts: EpochFacts,
  history: readonly GoldOutcome[],
  round: number,
  deps: DistributeDeps,
): Promise<StoredDistribution> {
  const writer = await deps.datasets.create();
  try {
    const fold = createFold(facts);
    await writer.write(datasetHead(facts));
    const parts = await writeReceipts(facts, fold, writer);
    const result = fold.end(history);
    await writer.write(datasetTail(facts.golds, result));
    return { ...signed(facts, result, { round, dataHash: await writer.end() }, deps), parts };
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

async function writeReceipts(facts: EpochFacts, fold: Fold, writer: DatasetWriter): Promise<readonly DatasetPart[]> {
  const parts: DatasetPart[] = [];
  let start = await writer.cut();
  for (const batch of facts.batches) {
    for await (const receipts of facts.receiptsOf(batch)) {
      for (const receipt of receipts) fold.add(receipt);
      await writer.write(receiptLines(receipts));
    }
    const end = await writer.cut();
    parts.push({ batchId: batch.batchId, start, end });
    start = end;
  }
  return parts;
}

type Published = { readonly round: number; readonly dataHash: Hex };

function signed(
  { context, batches }: EpochFrame,
  fold: EpochFold,
  { round, dataHash }: Published,
  { signer, signingDomain }: Pick<DistributeDeps, 'signer' | 'signingDomain'>,
): Omit<StoredDistribution, 'parts'> {
  const domain = { chainId: context.chainId, contract: context.rewardDistributor };
  const [inference, evaluator, gateway] = roleTrees(fold.leaves, domain);
  const distribution: Distribution = {
    epoch: context.epoch,
    round,
    roots: [inference.tree.root, evaluator.tree.root, gateway.tree.root],
    totals: [inference.tree.total, evaluator.tree.total, gateway.tree.total],
    counts: [inference.tree.count, evaluator.tree.count, gateway.tree.count],
    paramsHash: paramsHash(context.params),
    tableRoot: tableRootOf(fold.tableLeaves, domain),
    batchesHash: batchesHash(batches.map(({ batchId }) => batchId)),
    dataHash,
  };
  const digest = epochAttestationDigest(signingDomain, {
    epoch: context.epoch,
    round,
    distributionHash: distributionHash(distribution),
  });
  return { distribution, signature: signer.sign(digest), ...fold };
}

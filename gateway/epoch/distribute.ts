import { batchesHash, distributionHash, paramsHash } from '../protocol/commitments.ts';
import { sha256Hex } from '../protocol/content.ts';
import { epochAttestationDigest } from '../protocol/eip712.ts';
import type { SigningDomain } from '../protocol/eip712.ts';
import type { Signer } from '../protocol/signature.ts';
import type { Distribution } from '../protocol/types.ts';
import { datasetText } from './dataset.ts';
import { foldEpoch, roleTrees, tableRootOf } from './fold-epoch.ts';
import type { EpochFacts, GoldOutcome, StoredDistribution } from './ports.ts';

export type DistributeDeps = { readonly signer: Signer; readonly signingDomain: SigningDomain };

/** Folds an epoch's facts into a signed distribution with its dataset. Pure but for the signature's randomness. */
export function distribute(
  facts: EpochFacts,
  history: readonly GoldOutcome[],
  round: number,
  { signer, signingDomain }: DistributeDeps,
): StoredDistribution {
  const { context } = facts;
  const fold = foldEpoch(facts, history);
  const domain = { chainId: context.chainId, contract: context.rewardDistributor };
  const [inference, evaluator, gateway] = roleTrees(fold.leaves, domain);
  const dataset = datasetText(facts, fold);
  const distribution: Distribution = {
    epoch: context.epoch,
    round,
    roots: [inference.tree.root, evaluator.tree.root, gateway.tree.root],
    totals: [inference.tree.total, evaluator.tree.total, gateway.tree.total],
    counts: [inference.tree.count, evaluator.tree.count, gateway.tree.count],
    paramsHash: paramsHash(context.params),
    tableRoot: tableRootOf(fold.tableLeaves, domain),
    batchesHash: batchesHash(facts.batches.map(({ batchId }) => batchId)),
    dataHash: sha256Hex(dataset),
  };
  const digest = epochAttestationDigest(signingDomain, {
    epoch: context.epoch,
    round,
    distributionHash: distributionHash(distribution),
  });
  return { distribution, signature: signer.sign(digest), ...fold, dataset };
}

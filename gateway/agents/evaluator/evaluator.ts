import { DgridError } from '../../errors.ts';
import { verifyBatchProof } from '../../protocol/batch-tree.ts';
import { canonicalJson } from '../../protocol/canonical-json.ts';
import { sha256Hex } from '../../protocol/content.ts';
import { Role } from '../../protocol/constants.ts';
import { commitSetDigest, evaluationCommitDigest, evaluationDigest } from '../../protocol/eip712.ts';
import type { SigningDomain } from '../../protocol/eip712.ts';
import { evaluationRequestDigest } from '../../protocol/evaluation-request.ts';
import { recoverSigner } from '../../protocol/signature.ts';
import type { Signer } from '../../protocol/signature.ts';
import { ZERO_HASH } from '../../protocol/types.ts';
import type { Address, Evaluation, EvaluationCommit, Hex } from '../../protocol/types.ts';
import type { ChainBatch, ChainReader } from '../chain.ts';
import { commitSetHash } from './commit-set.ts';
import type { Scorer, Scores } from './scorers/scorer.ts';
import type { EvaluationStore, StoredEvaluation } from './store.ts';
import type { EvaluationRequest, RevealRequest } from './wire.ts';

export type SignedCommit = { readonly commit: EvaluationCommit; readonly signature: Hex };
export type SignedReveal = { readonly evaluation: Evaluation; readonly signature: Hex };

/** Commit and reveal: what is signed has been written first, and nothing is ever said twice in two ways. */
export type Evaluator = {
  readonly evaluate: (request: EvaluationRequest) => Promise<SignedCommit>;
  readonly reveal: (request: RevealRequest) => Promise<SignedReveal>;
};

export type EvaluatorDeps = {
  readonly account: Address;
  readonly signer: Signer;
  readonly signingDomain: SigningDomain;
  readonly chain: ChainReader;
  readonly scorer: Scorer;
  readonly store: EvaluationStore;
  readonly nowMs: () => number;
  /** 32 random bytes: what keeps a commitment from being guessed. */
  readonly randomSalt: () => Hex;
  /** Runs a piece of work when there is room for it; rejects when too much is waiting. */
  readonly schedule: <T>(work: () => Promise<T>) => Promise<T>;
};

export function createEvaluator(deps: EvaluatorDeps): Evaluator {
  const underWay = new Map<string, Promise<StoredEvaluation>>();
  const batches = createBatchCache(deps.chain);
  const signers = createSignerCheck(deps);
  return {
    async evaluate(request) {
      if (
        !(await signers.signed(
          request.gateway,
          evaluationRequestDigest(deps.signingDomain, request),
          request.signature,
        ))
      )
        throw refused("The request is not signed by the gateway's registered signer.");
      const contentHash = hashContent(request);
      const key = `${request.receiptLeaf}${request.seed}`;
      const known = deps.store.find(request.receiptLeaf, request.seed) ?? (await underWay.get(key));
      if (known !== undefined) return signedCommit(deps, sameContent(known, contentHash));
      const work = deps.schedule(() => examine(deps, batches, request, contentHash));
      underWay.set(key, work);
      try {
        return signedCommit(deps, sameContent(await work, contentHash));
      } finally {
        underWay.delete(key);
      }
    },
    reveal: (request) => reveal(deps, signers, request),
  };
}

type BatchOf = (request: EvaluationRequest) => Promise<ChainBatch>;

async function examine(
  deps: EvaluatorDeps,
  batchOf: BatchOf,
  request: EvaluationRequest,
  contentHash: Hex,
): Promise<StoredEvaluation> {
  if (request.gateway === deps.account) throw refused('An account does not judge its own gateway.');
  const batch = await batchOf(request);
  if (batch.gateway !== request.gateway) throw refused('The batch was anchored by another gateway.');
  if (batch.seed === ZERO_HASH || batch.seed !== request.seed) throw refused('The seed is not the one on chain.');
  if (!verifyBatchProof(batch.root, request.receiptLeaf, request.proof))
    throw refused('The receipt is not in the anchored batch.');
  const { scorerId = deps.scorer.id, ...scores } = checkedScores(await deps.scorer.score(request));
  const { receiptLeaf, seed } = request;
  const identity = { receiptLeaf, seed, evaluator: deps.account, scorerId, salt: deps.randomSalt() };
  const evaluation = { ...identity, ...scores };
  const commitment = evaluationDigest(deps.signingDomain, evaluation);
  // From here on this is the only evaluation of the pair, whatever happens to the process.
  return deps.store.insert({ evaluation, gateway: request.gateway, contentHash, commitment });
}

function checkedScores({ accuracy, consistency, format, scorerId }: Scores): Scores {
  for (const value of [accuracy, consistency, format]) {
    if (!Number.isInteger(value) || value < 0 || value > 10_000)
      throw new TypeError(`the scorer answered ${value}: scores are integers from 0 to 10,000`);
  }
  return { accuracy, consistency, format, ...(scorerId === undefined ? {} : { scorerId }) };
}

function signedCommit(
  deps: EvaluatorDeps,
  { evaluation, commitment, commitSignature }: StoredEvaluation,
): SignedCommit {
  const { receiptLeaf, seed, evaluator } = evaluation;
  const commit = { receiptLeaf, seed, evaluator, commitment };
  const signature =
    commitSignature ??
    deps.store.keepCommitSignature(evaluation, deps.signer.sign(evaluationCommitDigest(deps.signingDomain, commit)));
  return { commit, signature };
}

function sameContent(stored: StoredEvaluation, contentHash: Hex): StoredEvaluation {
  if (stored.contentHash === contentHash) return stored;
  throw new DgridError('DGRID_EVALUATION_CONFLICT', 'This receipt was shown before with other content.');
}

function hashContent({ batchId, gateway, salt, request, response, peers }: EvaluationRequest): Hex {
  return sha256Hex(canonicalJson({ batchId: batchId.toString(), gateway, salt, request, response, peers }));
}

async function reveal(deps: EvaluatorDeps, signers: SignerCheck, request: RevealRequest): Promise<SignedReveal> {
  const { commitSet, evaluators, commitments, gateway } = request;
  const stored = deps.store.find(commitSet.receiptLeaf, commitSet.seed);
  if (stored === undefined) throw new DgridError('DGRID_UNKNOWN_EVALUATION', 'This receipt was never evaluated here.');
  if (stored.gateway !== gateway) throw refused('Another gateway asked for the evaluation.');
  if (evaluators.length !== commitSet.size || commitments.length !== commitSet.size)
    throw refused('The lists do not have the size of the commit set.');
  if (commitSetHash(evaluators, commitments) !== commitSet.commitmentsHash)
    throw refused('The lists do not hash to the commit set.');
  if (commitments[evaluators.indexOf(deps.account)] !== stored.commitment)
    throw refused('The commit set does not hold our commitment.');
  if (!(await signers.signed(gateway, commitSetDigest(deps.signingDomain, commitSet), request.signature)))
    throw refused("The commit set is not signed by the gateway's registered signer.");
  if (deps.store.keepCommitSet({ ...commitSet, signature: request.signature }) !== commitSet.commitmentsHash)
    throw new DgridError('DGRID_EVALUATION_CONFLICT', 'The gateway signed another commit set of this size before.');
  const signature =
    stored.revealSignature ?? deps.store.keepRevealSignature(stored.evaluation, deps.signer.sign(stored.commitment));
  return { evaluation: stored.evaluation, signature };
}

type SignerCheck = { readonly signed: (gateway: Address, digest: Hex, signature: Hex) => Promise<boolean> };

const MAX_GATEWAYS = 256;
const SIGNER_TRUSTED_MS = 30_000;

/** Whether a gateway's registered signer signed. A signer that is confirmed is not looked up again for a moment. */
function createSignerCheck({ chain, nowMs }: EvaluatorDeps): SignerCheck {
  const known = new Map<Address, { readonly signer: Address; readonly atMs: number }>();
  return {
    async signed(gateway, digest, signature) {
      const signer = recoverSigner(digest, signature);
      if (signer === undefined) return false;
      const seen = known.get(gateway);
      if (seen?.signer === signer && nowMs() - seen.atMs < SIGNER_TRUSTED_MS) return true;
      const registered = (await chain.nodeOf(gateway, Role.gateway))?.signer;
      if (registered !== signer) return false;
      if (known.size >= MAX_GATEWAYS) known.clear();
      known.set(gateway, { signer, atMs: nowMs() });
      return true;
    },
  };
}

const MAX_BATCHES = 256;

/** A batch is read once per seed: an answer that does not fit what the gateway says is asked for again. */
function createBatchCache(chain: ChainReader): BatchOf {
  const known = new Map<bigint, Promise<ChainBatch>>();
  return async ({ batchId, seed, gateway }) => {
    const cached = await known.get(batchId);
    if (cached?.seed === seed && cached.gateway === gateway) return cached;
    const asked = chain.batchOf(batchId);
    known.set(batchId, asked);
    asked.catch(() => known.delete(batchId));
    if (known.size > MAX_BATCHES) known.delete(known.keys().next().value ?? batchId);
    return asked;
  };
}

function refused(message: string): DgridError {
  return new DgridError('DGRID_EVALUATION_REFUSED', message);
}

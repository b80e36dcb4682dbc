import type { Handler, OutboxRow } from '../outbox/outbox.ts';
import { commitmentsHash } from '../protocol/commitments.ts';
import { commitSetDigest } from '../protocol/eip712.ts';
import type { SigningDomain } from '../protocol/eip712.ts';
import type { Signer } from '../protocol/signature.ts';
import { ZERO_ADDRESS, ZERO_HASH } from '../protocol/types.ts';
import type { Address, EvaluationEntry, Hex } from '../protocol/types.ts';
import { committeeSize, escalatedSize, needsEscalation, rankCommittee, revealQuorum } from '../poq/committee.ts';
import type { ProtocolParams } from '../protocol/params.ts';
import type { EvaluatorClient } from './evaluator-client.ts';
import type { EvaluatorNode, Examination, ExaminationLog, StoredCommitSet } from './ports.ts';

/**
 * Commit–reveal over one drawn receipt: ask the committee to commit, publish the set of commitments, collect reveals,
 * enlarge the committee once when it disagrees or too few revealed. Each step is an outbox row of its own.
 */
export type ExamineDeps = {
  readonly log: ExaminationLog;
  readonly client: EvaluatorClient;
  readonly signer: Signer;
  readonly signingDomain: SigningDomain;
  readonly params: ProtocolParams;
  /** Active evaluators of an epoch. */
  readonly evaluators: (epoch: bigint) => Promise<readonly EvaluatorNode[]>;
  /** Trust of an evaluator under the table in force in an epoch. */
  readonly trust: (epoch: bigint, evaluator: Address) => Promise<number>;
  /** How long a committee member has for one answer. */
  readonly answerTimeoutMs: number;
  readonly onMissing: (evaluator: Address, step: 'commit' | 'reveal', error: unknown) => void;
};

export type ExamineHandlers = { readonly commit: Handler; readonly reveal: Handler };

export function createExamine(deps: ExamineDeps): ExamineHandlers {
  return {
    commit: (row) => withExamination(deps, row, (examination) => commitStep(deps, row, examination)),
    reveal: (row) => withExamination(deps, row, (examination) => revealStep(deps, row, examination)),
  };
}

function eligible(evaluators: readonly EvaluatorNode[], examination: Examination): readonly Address[] {
  return rankCommittee({
    seed: examination.seed,
    receiptLeaf: examination.receiptLeaf,
    evaluators: evaluators.map(({ account }) => account),
    excluded: [examination.receipt.node, examination.receipt.gateway],
  });
}

/** A step may outlive its examination: it was running when the record window came too close. Then it just ends. */
async function withExamination(
  { log }: ExamineDeps,
  row: OutboxRow,
  step: (examination: Examination) => Promise<'finished'>,
): Promise<'finished'> {
  const examination = await log.examination(row.payload['receiptId'] as Hex);
  if (examination !== undefined) return step(examination);
  await log.close(row.key);
  return 'finished';
}

async function commitStep(deps: ExamineDeps, row: OutboxRow, examination: Examination): Promise<'finished'> {
  const evaluators = await deps.evaluators(examination.epoch);
  const ranked = eligible(evaluators, examination);
  const wanted = Number(row.payload['size']);
  const size = wanted === 0 ? committeeSize(ranked.length, deps.params) : wanted;
  // Signed before, on a fork that came back: another set under the same seed would be slashable.
  const signed = await deps.log.commitSet(examination, size);
  if (signed !== undefined) {
    await deps.log.saveCommitSet(row.key, examination, signed);
    return 'finished';
  }
  const members = ranked.slice(0, size);
  const commitments = await Promise.all(
    members.map((account) => commitmentOf(deps, examination, nodeOf(evaluators, account))),
  );
  const commitSet = {
    receiptLeaf: examination.receiptLeaf,
    seed: examination.seed,
    size,
    commitmentsHash: commitmentsHash(members, commitments),
  };
  const signature = deps.signer.sign(commitSetDigest(deps.signingDomain, commitSet));
  await deps.log.saveCommitSet(row.key, examination, {
    commitSet,
    signature,
    evaluators: members,
    commitments,
  });
  return 'finished';
}

/** A member that is not among the evaluators any more has no endpoint: it is silent, and nothing else stands still for it. */
function nodeOf(evaluators: readonly EvaluatorNode[], account: Address): EvaluatorNode {
  return evaluators.find((evaluator) => evaluator.account === account) ?? { account, signer: ZERO_ADDRESS };
}

/** A member that does not answer in time has a zero in the set: it loses the pay of this receipt, nothing else. */
async function commitmentOf(deps: ExamineDeps, examination: Examination, node: EvaluatorNode): Promise<Hex> {
  try {
    const commit = await deps.client.commit(node, examination, AbortSignal.timeout(deps.answerTimeoutMs));
    return commit.commitment;
  } catch (error) {
    deps.onMissing(node.account, 'commit', error);
    return ZERO_HASH;
  }
}

async function revealStep(deps: ExamineDeps, row: OutboxRow, examination: Examination): Promise<'finished'> {
  const size = Number(row.payload['size']);
  const set = await deps.log.commitSet(examination, size);
  if (set === undefined) throw new Error(`no commit set of size ${size} for ${examination.receiptId}`);
  const evaluators = await deps.evaluators(examination.epoch);
  const revealed = await Promise.all(
    set.evaluators.map((account) => entryOf(deps, examination, set, nodeOf(evaluators, account))),
  );
  const entries = revealed.filter((entry) => entry !== undefined);
  const outcome = {
    size,
    eligible: eligible(evaluators, examination).length,
    accuracies: entries.map(({ accuracy }) => accuracy),
  };
  if (needsEscalation(outcome, deps.params)) {
    const nextSize = escalatedSize(outcome.eligible, deps.params);
    // Should the record window close before the larger committee is done, the smaller one's word is better than none.
    const first = entries.length < revealQuorum(size) ? undefined : { size, entries };
    await deps.log.escalate(row.key, examination, nextSize, first);
  } else {
    await deps.log.finish(row.key, examination, size, entries);
  }
  return 'finished';
}

async function entryOf(
  deps: ExamineDeps,
  examination: Examination,
  set: StoredCommitSet,
  node: EvaluatorNode,
): Promise<EvaluationEntry | undefined> {
  const { account } = node;
  if (set.commitments[set.evaluators.indexOf(account)] === ZERO_HASH) return undefined;
  const trust = await deps.trust(examination.epoch, account); // not to know it is our fault, and no missing reveal
  try {
    const { evaluation, signature } = await deps.client.reveal(node, set, AbortSignal.timeout(deps.answerTimeoutMs));
    const { accuracy, consistency, format, scorerId, salt } = evaluation;
    return { evaluator: account, accuracy, consistency, format, trust, scorerId, salt, signature };
  } catch (error) {
    deps.onMissing(account, 'reveal', error);
    return undefined;
  }
}

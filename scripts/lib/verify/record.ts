import { AbiCoder, id, keccak256 } from 'ethers';

import { leafHash } from '../protocol/leaf.ts';
import { evaluationsHash } from '../protocol/lists.ts';
import type { Checks } from './checks.ts';
import { consensusOf } from './consensus.ts';
import type { Domain, Evaluation, ReceiptDocument, RecordPart } from './document.ts';
import { checkProof, fail, recover } from './receipt.ts';

/** Everything about a PoQ record that needs no chain. */

const STATUS = ['unexamined', 'scored', 'unscored'] as const;
const DIMENSIONS = [
  { name: 'accuracy', bit: 1 },
  { name: 'consistency', bit: 2 },
  { name: 'format', bit: 4 },
] as const;

export type RecordFindings = {
  readonly leaf: string;
  /** Signer of each evaluation by evaluator account; empty when the seed is not known. */
  readonly evaluationSigners: readonly { readonly evaluator: string; readonly signer: string }[];
};

export type RecordInput = {
  readonly domain: Domain;
  readonly document: ReceiptDocument;
  /** Leaf recomputed from the receipt, when the document holds one. */
  readonly receiptLeaf: string | undefined;
  readonly seed: string | undefined;
};

export function verifyRecord(checks: Checks, input: RecordInput): RecordFindings | undefined {
  const { domain, document, receiptLeaf, seed } = input;
  const part = document.record;
  if (part === undefined) {
    checks.that('record', () => fail('the document holds no record'));
    return undefined;
  }
  const { record } = part;
  let leaf: string | undefined;
  const at = { chainId: domain.chainId, contract: domain.proofRegistry };
  checks.that('record leaf', () => (leaf = leafHash('RecordLeaf', at, record)));
  if (leaf === undefined) return undefined;
  checks.equal('stated record leaf', part.leaf, leaf);
  if (receiptLeaf === undefined) checks.skip('record of this receipt', 'the document holds no receipt');
  else checks.equal('record of this receipt', record.receiptLeaf, receiptLeaf);
  if (document.receipt !== undefined) {
    checks.equal('record gateway', record.gateway, document.receipt.gateway);
    checks.equal('record serial', record.serial, document.receipt.serial);
  }
  checkProof(checks, 'record in the batch', { leaf, proof: part.proof, root: part.root });
  checkEvaluations(checks, part);
  return { leaf, evaluationSigners: checkSignatures(checks, domain, part, seed) };
}

function checkEvaluations(checks: Checks, { record, evaluations }: RecordPart): void {
  checks.that('evaluations', () => {
    const { hash } = evaluationsHash(evaluations);
    if (hash !== record.evaluationsHash.toLowerCase()) return fail(`they hash to ${hash}, the record says otherwise`);
    const accounts = new Set(evaluations.map(({ evaluator }) => evaluator.toLowerCase()));
    if (accounts.size !== evaluations.length) return fail('an evaluator is listed twice');
    if (evaluations.length > record.committeeSize) return fail('there are more than the committee has members');
    return `${evaluations.length} of ${record.committeeSize}`;
  });
  checks.that('status', () => checkStatus(record.status, record.committeeSize, evaluations.length));
  if (record.status === 1) checkConsensus(checks, record, evaluations);
}

function checkStatus(status: number, size: number, revealed: number): string {
  const needed = Math.max(4, Math.ceil((2 * size) / 3));
  if (status === 1 && revealed < needed) return fail(`scored by ${revealed}, but it takes ${needed}`);
  if (status === 0 && revealed > 0) return fail('unexamined, yet there are evaluations');
  return STATUS[status] ?? fail(`there is no status ${status}`);
}

function checkConsensus(checks: Checks, record: RecordPart['record'], evaluations: readonly Evaluation[]): void {
  for (const { name, bit } of DIMENSIONS) {
    checks.that(`consensus of ${name}`, () => {
      if ((record.activeMask & bit) === 0) return record[name] === 0 ? 'inactive' : fail('inactive, yet not zero');
      const value = consensusOf(
        evaluations.map((entry) => ({ score: BigInt(entry[name] ?? 0), trust: BigInt(entry['trust'] ?? 0) })),
      );
      return value === BigInt(record[name]) ? `${value}` : fail(`is ${record[name]}, the evaluations give ${value}`);
    });
  }
}

function checkSignatures(
  checks: Checks,
  domain: Domain,
  { record, evaluations }: RecordPart,
  seed: string | undefined,
) {
  if (evaluations.length === 0) return [];
  if (seed === undefined) {
    checks.skip('evaluation signatures', 'they are over the seed, which is not in the document');
    return [];
  }
  const signers: { evaluator: string; signer: string }[] = [];
  checks.that('evaluation signatures', () => {
    evaluations.forEach(({ evaluator, accuracy, consistency, format, scorerId, salt, signature }, index) => {
      const scores = { accuracy: accuracy ?? 0, consistency: consistency ?? 0, format: format ?? 0 };
      const value = {
        receiptLeaf: record.receiptLeaf,
        seed,
        evaluator,
        ...scores,
        scorerId: scorerId ?? '',
        salt: salt ?? '',
      };
      try {
        signers.push({ evaluator, signer: recover(domain, 'Evaluation', value, signature) });
      } catch (error) {
        fail(`evaluation ${index}: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
    return `${signers.length} recovered`;
  });
  checks.that('order of the committee', () => checkOrder(record.receiptLeaf, seed, evaluations));
  return signers;
}

const TAG = id('DGrid.committee.v1');

/** Rank of an evaluator for one receipt: the lowest make the committee. */
export function committeeRank(seed: string, receiptLeaf: string, evaluator: string): string {
  const types = ['bytes32', 'bytes32', 'bytes32', 'address'];
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, [TAG, seed, receiptLeaf, evaluator]));
}

function checkOrder(receiptLeaf: string, seed: string, evaluations: readonly Evaluation[]): string {
  const ranks = evaluations.map(({ evaluator }) => committeeRank(seed, receiptLeaf, evaluator));
  const misplaced = ranks.findIndex((rank, index) => index > 0 && rank <= (ranks[index - 1] ?? ''));
  return misplaced === -1 ? 'by rank' : fail(`evaluation ${misplaced} has a lower rank than the one before`);
}

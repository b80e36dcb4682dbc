import { DgridError } from '../../errors.ts';
import { decodeStruct } from '../../protocol/struct-json.ts';
import type { Address, CommitSet, Hex } from '../../protocol/types.ts';
import type { Evaluand } from './scorers/scorer.ts';

/** A gateway's two questions, read from untrusted JSON. */
export type EvaluationRequest = Evaluand & {
  readonly batchId: bigint;
  readonly proof: readonly Hex[];
  readonly gateway: Address;
  readonly salt: Hex;
  /** The gateway signer's, over `evaluationRequestDigest`. */
  readonly signature: Hex;
};

export type RevealRequest = {
  readonly commitSet: CommitSet;
  readonly signature: Hex;
  readonly gateway: Address;
  readonly evaluators: readonly Address[];
  readonly commitments: readonly Hex[];
};

type Fields = Readonly<Record<string, unknown>>;

const MAX_PROOF = 64;
const MAX_PEERS = 32;
const MAX_COMMITTEE = 64;
const HASH = /^0x[0-9a-f]{64}$/;
const ADDRESS = /^0x[0-9a-f]{40}$/;
const SIGNATURE = /^0x[0-9a-f]{130}$/;

/** @throws DgridError (400) naming the field that is missing or malformed */
export function readEvaluationRequest(body: unknown): EvaluationRequest {
  const fields = object(body, 'body');
  const batchId = text(fields, 'batchId');
  if (!/^[1-9]\d{0,18}$/.test(batchId)) throw invalid('batchId');
  return {
    batchId: BigInt(batchId),
    receiptLeaf: hex(fields, 'receiptLeaf', HASH),
    seed: hex(fields, 'seed', HASH),
    proof: hexList(fields, 'proof', HASH, MAX_PROOF),
    gateway: hex(fields, 'gateway', ADDRESS),
    signature: hex(fields, 'signature', SIGNATURE),
    salt: hex(fields, 'salt', /^0x[0-9a-f]{32}$/),
    request: text(fields, 'request'),
    response: text(fields, 'response'),
    peers: array(fields, 'peers', MAX_PEERS).map((peer) => {
      const item = object(peer, 'peers');
      return { account: hex(item, 'account', ADDRESS), family: text(item, 'family'), response: text(item, 'response') };
    }),
  };
}

/** @throws DgridError (400) */
export function readRevealRequest(body: unknown): RevealRequest {
  const fields = object(body, 'body');
  return {
    commitSet: commitSet(fields['commitSet']),
    signature: hex(fields, 'signature', SIGNATURE),
    gateway: hex(fields, 'gateway', ADDRESS),
    evaluators: hexList(fields, 'evaluators', ADDRESS, MAX_COMMITTEE),
    commitments: hexList(fields, 'commitments', HASH, MAX_COMMITTEE),
  };
}

function commitSet(value: unknown): CommitSet {
  try {
    return decodeStruct('commitSet', value);
  } catch (cause) {
    throw invalid('commitSet', cause);
  }
}

function object(value: unknown, param: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(param);
  return value as Fields;
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw invalid(name);
  return value;
}

function hex(fields: Fields, name: string, form: RegExp): Hex {
  const value = text(fields, name).toLowerCase();
  if (!form.test(value)) throw invalid(name);
  return value as Hex;
}

function array(fields: Fields, name: string, limit: number): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value) || value.length > limit) throw invalid(name);
  return value as readonly unknown[];
}

function hexList(fields: Fields, name: string, form: RegExp, limit: number): readonly Hex[] {
  return array(fields, name, limit).map((item) => hex({ [name]: item }, name, form));
}

function invalid(param: string, cause?: unknown): DgridError {
  return new DgridError('DGRID_INVALID_BODY', `The field ${param} is missing or malformed.`, {
    context: { param },
    cause,
  });
}

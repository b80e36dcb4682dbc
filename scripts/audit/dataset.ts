import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';

import { LEAF_TYPES, SIGNED_TYPES } from '../lib/protocol/schema.ts';
import type { GoldReceipt } from './facts.ts';
import { hex, integer, json, list, nullable, object, oneOf, optional, struct } from './shapes.ts';
import type { Json, Shape } from './shapes.ts';
import { paramsShape } from './params.ts';
import type { Params } from './params.ts';
import { within, wrong } from './wrong.ts';
import type { At } from './wrong.ts';

/** An epoch's dataset (docs/dataset.md), read strictly: one canonical line after the other, in the published order. */

export type Receipt = {
  readonly [Name in 'id' | 'gateway' | 'node' | 'requestHash' | 'responseHash' | 'model' | 'routeHash']: string;
} & {
  readonly [
    Name in
      | 'serial'
      | 'servedAt'
      | 'family'
      | 'complexity'
      | 'promptTokens'
      | 'completionTokens'
      | 'firstTokenMs'
      | 'totalMs'
      | 'priceMicroUsd'
      | 'units'
      | 'flags'
  ]: bigint;
};

export type PoqRecord = { readonly [Name in 'receiptLeaf' | 'gateway' | 'evaluationsHash']: string } & {
  readonly [
    Name in
      | 'serial'
      | 'status'
      | 'committeeSize'
      | 'activeMask'
      | 'accuracy'
      | 'consistency'
      | 'format'
      | 'cost'
      | 'quality'
      | 'score'
  ]: bigint;
};

export type Entry = { readonly [Name in 'evaluator' | 'scorerId' | 'salt' | 'signature']: string } & {
  readonly [Name in 'accuracy' | 'consistency' | 'format' | 'trust']: bigint;
};

export type CommitSet = {
  readonly commitSet: {
    readonly receiptLeaf: string;
    readonly seed: string;
    readonly size: bigint;
    readonly commitmentsHash: string;
  };
  readonly signature: string;
  readonly evaluators: readonly string[];
  readonly commitments: readonly string[];
};

export type Attestation = {
  readonly attestation: {
    readonly node: string;
    readonly gateway: string;
    readonly root: string;
    readonly count: bigint;
    readonly sequence: bigint;
  };
  readonly signature: string;
  readonly answer: { readonly [Name in keyof AnswerFields]: AnswerFields[Name] };
  readonly leaf: string;
  readonly proof: readonly string[];
};

type AnswerFields = Pick<
  Receipt,
  'gateway' | 'node' | 'requestHash' | 'responseHash' | 'model' | 'promptTokens' | 'completionTokens'
> & { readonly receiptId: string };

export type TableLeaf = {
  readonly kind: bigint;
  readonly account: string;
  readonly family: bigint;
  readonly value: bigint;
};

export type RewardLeaf = {
  readonly epoch: bigint;
  readonly role: bigint;
  readonly account: string;
  readonly quality: bigint;
  readonly volume: bigint;
  readonly difficulty: bigint;
  readonly feedback: bigint;
};

export type GoldLeaf = { readonly [Name in 'contentHash' | 'referenceHash' | 'checkerId' | 'salt']: string } & {
  readonly epoch: bigint;
  readonly index: bigint;
};

/** The line a value stands in, and the line as JSON: hashes over JSON are taken from what is written. */
type Line = { readonly line: number; readonly raw: Json };

export type EpochLine = Line & {
  readonly version: bigint;
  readonly epoch: bigint;
  readonly chainId: bigint;
  readonly nodeStaking: string;
  readonly proofRegistry: string;
  readonly rewardDistributor: string;
  readonly genesis: bigint;
  readonly epochDuration: bigint;
  readonly params: Params;
  readonly tableRoot: string;
  readonly tableEpoch: bigint;
  readonly evaluators: readonly string[];
  readonly nodes: readonly string[];
};

export type BatchLine = Line & {
  readonly batchId: bigint;
  readonly gateway: string;
  readonly fromSerial: bigint;
  readonly toSerial: bigint;
  readonly root: string;
  readonly count: bigint;
  readonly units: bigint;
  readonly dataHash: string;
  readonly anchorBlock: bigint;
  readonly anchoredAt: bigint;
  readonly seed: string;
  readonly recordsRoot: string;
  readonly recordsDataHash: string;
};

export type ReceiptLine = Line & {
  readonly batchId: bigint;
  readonly receipt: Receipt;
  readonly signature: string;
  readonly attestation: Attestation | null;
  readonly record: PoqRecord;
  readonly entries: readonly Entry[];
  readonly commitSets: readonly CommitSet[];
  readonly replays: readonly string[];
  readonly payer: string;
  /** The payer's word on the answer. */
  readonly vote?: 'good' | 'bad' | undefined;
};

export type GoldLine = Line & {
  readonly leaf: GoldLeaf;
  readonly task: Json;
  readonly used: { readonly receiptId: string; readonly truth: bigint } | null;
};

export type LeafLine<Leaf> = Line & { readonly leaf: Leaf };

/** All of a dataset but its receipts, of which only golds are kept. */
export type Dataset = {
  readonly epoch: EpochLine;
  readonly batches: readonly BatchLine[];
  readonly golds: readonly GoldLine[];
  readonly goldReceipts: readonly GoldReceipt[];
  readonly table: readonly LeafLine<TableLeaf>[];
  readonly rewards: readonly LeafLine<RewardLeaf>[];
  readonly lines: number;
  /** Line of the receipt with this id. */
  readonly lineOf: (receiptId: string) => number | undefined;
  /** sha256 of the whole text. */
  readonly dataHash: string;
};

const hash = hex(32);
const address = hex(20);
const signature = hex(65);

const entryShape = object<Entry>({
  evaluator: address,
  accuracy: integer(16),
  consistency: integer(16),
  format: integer(16),
  trust: integer(16),
  scorerId: hash,
  salt: hash,
  signature,
});

const commitSetShape = object<CommitSet>({
  commitSet: struct(SIGNED_TYPES.CommitSet),
  signature,
  evaluators: list(address),
  commitments: list(hash),
});

const attestationShape = object<Attestation>({
  attestation: struct(SIGNED_TYPES.NodeAttestation),
  signature,
  answer: struct(LEAF_TYPES.AnswerLeaf),
  leaf: hash,
  proof: list(hash),
});

const SHAPES = {
  epoch: object<Omit<EpochLine, keyof Line>>({
    version: integer(32),
    epoch: integer(64),
    chainId: integer(256),
    nodeStaking: address,
    proofRegistry: address,
    rewardDistributor: address,
    genesis: integer(64),
    epochDuration: integer(64),
    params: paramsShape,
    tableRoot: hash,
    tableEpoch: integer(64),
    evaluators: list(address),
    nodes: list(address),
  }),
  batch: object<Omit<BatchLine, keyof Line>>({
    batchId: integer(64),
    gateway: address,
    fromSerial: integer(64),
    toSerial: integer(64),
    root: hash,
    count: integer(32),
    units: integer(64),
    dataHash: hash,
    anchorBlock: integer(64),
    anchoredAt: integer(64),
    seed: hash,
    recordsRoot: hash,
    recordsDataHash: hash,
  }),
  receipt: object<Omit<ReceiptLine, keyof Line>>({
    batchId: integer(64),
    receipt: struct(LEAF_TYPES.Receipt),
    signature,
    attestation: nullable(attestationShape),
    record: struct(LEAF_TYPES.RecordLeaf),
    entries: list(entryShape),
    commitSets: list(commitSetShape),
    replays: list(hash),
    payer: hash,
    vote: optional(oneOf('good', 'bad')),
  }),
  gold: object<Omit<GoldLine, keyof Line>>({
    leaf: struct(LEAF_TYPES.GoldLeaf),
    task: json,
    used: nullable(object<{ receiptId: string; truth: bigint }>({ receiptId: hash, truth: integer(32) })),
  }),
  table: object<{ leaf: TableLeaf }>({ leaf: struct(LEAF_TYPES.TableLeaf) }),
  reward: object<{ leaf: RewardLeaf }>({ leaf: struct(LEAF_TYPES.RewardLeaf) }),
} as const;

export type Type = keyof typeof SHAPES;
export const ORDER = Object.keys(SHAPES) as readonly Type[];

/** @throws Wrong when the line is not canonical, not known, or of another form. */
export function parseLine(at: At, content: string): { readonly type: Type; readonly value: Line } {
  const raw = json(
    at,
    within(at, () => JSON.parse(content) as unknown),
  );
  if (!isCanonical(at, raw, content)) wrong(at, 'is not in RFC 8785 canonical form');
  const { type: name, ...fields } = raw;
  const type = ORDER.find((known) => known === name) ?? wrong({ ...at, field: 'type' }, 'is not known');
  if (type === 'epoch' && fields['version'] !== 1) wrong({ ...at, field: 'version' }, 'this program reads version 1');
  const shape = SHAPES[type] as Shape<object>;
  return { type, value: { ...shape(at, fields), line: at.line, raw } };
}

const MAX_DEPTH = 64;
const LONE_SURROGATE = /\\ud[89a-f]/;

/**
 * RFC 8785 is what `JSON.stringify` writes of sorted keys. Where that is not what stands there, or says what no text
 * can be, the library decides.
 */
function isCanonical(at: At, raw: Json, content: string): boolean {
  const isSorted = isSortedThroughout(at, raw, 0);
  if (isSorted && JSON.stringify(raw) === content && !LONE_SURROGATE.test(content)) return true;
  return canonical(at, raw) === content;
}

function isSortedThroughout(at: At, value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (depth > MAX_DEPTH) wrong(at, `is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.every((item) => isSortedThroughout(at, item, depth + 1));
  let before = '';
  return Object.entries(value).every(([name, item]) => {
    const isNext = before <= name;
    before = name;
    return isNext && isSortedThroughout(at, item, depth + 1);
  });
}

export function canonical(at: At, value: unknown): string {
  return within(at, () => canonicalize(value)) ?? wrong(at, 'is not a JSON value');
}

export function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return `0x${digest.digest('hex')}`;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ValidateFunction } from 'ajv/dist/2020.js';

import { ROOT } from '../artifacts.ts';
import { CommandError } from '../command.ts';
import type { Fields } from '../protocol/schema.ts';

/** A receipt document as docs/receipt.schema.json describes it. */
export type Domain = {
  readonly chainId: string;
  readonly nodeStaking: string;
  readonly proofRegistry: string;
  readonly rewardDistributor: string;
};

export type Evaluation = Fields & { readonly evaluator: string; readonly signature: string };

export type ReceiptDocument = {
  readonly id?: string;
  readonly state?: string;
  readonly model?: string;
  readonly domain?: Domain;
  readonly receipt?: ReceiptFields;
  readonly signature?: string | null;
  readonly signer?: string;
  readonly salt?: string;
  readonly content?: { readonly salt?: string; readonly request: unknown; readonly response: unknown };
  readonly attestation?: AttestationPart;
  readonly batch?: BatchPart;
  readonly record?: RecordPart;
};

export type ReceiptFields = Fields & {
  readonly id: string;
  readonly gateway: string;
  readonly node: string;
  readonly serial: string;
  readonly model: string;
  readonly requestHash: string;
  readonly responseHash: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly flags: number;
};

export type AttestationPart = {
  readonly attestation: Fields & { readonly node: string; readonly gateway: string; readonly root: string };
  readonly signature: string;
  readonly signer?: string;
  readonly answer?: Fields;
  readonly leaf: string;
  readonly proof: readonly string[];
};

export type BatchPart = {
  readonly id: string;
  readonly root?: string;
  readonly leaf?: string;
  readonly proof?: readonly string[];
  readonly seed?: string | null;
};

export type RecordFields = Fields & {
  readonly receiptLeaf: string;
  readonly gateway: string;
  readonly serial: string;
  readonly status: number;
  readonly committeeSize: number;
  readonly activeMask: number;
  readonly accuracy: number;
  readonly consistency: number;
  readonly format: number;
  readonly evaluationsHash: string;
};

export type RecordPart = {
  readonly record: RecordFields;
  readonly root: string;
  readonly leaf: string;
  readonly proof: readonly string[];
  readonly evaluations: readonly Evaluation[];
};

const SCHEMA = join(ROOT, 'docs/receipt.schema.json');

let validator: ValidateFunction<ReceiptDocument> | undefined;

function compiled(): ValidateFunction<ReceiptDocument> {
  validator ??= new Ajv2020({ strictRequired: false }).compile<ReceiptDocument>(
    JSON.parse(readFileSync(SCHEMA, 'utf8')) as Record<string, unknown>,
  );
  return validator;
}

/** @throws CommandError that names the first value of another form. */
export function parseReceiptDocument(value: unknown): ReceiptDocument {
  const validate = compiled();
  if (validate(value)) return value;
  const [error] = validate.errors ?? [];
  throw new CommandError(`${error?.instancePath || 'the document'} ${error?.message ?? 'has another form'}`);
}

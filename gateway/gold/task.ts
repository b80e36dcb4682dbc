import { createHash } from 'node:crypto';

import { asRecord, readAnswer, readRequest } from '../poq/dimensions/request-view.ts';
import { accuracyWithReference } from '../poq/dimensions/reference.ts';
import type { Reference } from '../poq/dimensions/reference.ts';
import { bytesToHex, hexToBytes } from '../protocol/bytes.ts';
import { canonicalJson } from '../protocol/canonical-json.ts';
import type { JsonValue } from '../protocol/canonical-json.ts';
import { FAMILIES } from '../protocol/constants.ts';
import type { FamilyName } from '../protocol/constants.ts';
import { requestContent } from '../protocol/content.ts';
import type { JsonObject } from '../protocol/content.ts';
import { keccakText } from '../protocol/keccak.ts';
import type { GoldLeaf, Hex } from '../protocol/types.ts';

/** A hidden task: a request like any other, and what its right answer is. */
export type GoldTask = {
  readonly family: FamilyName;
  /** OpenAI body without `model`, which is every request's own affair. `stream` decides how it is sent. */
  readonly body: JsonObject;
  readonly reference: Reference;
};

/** How a reference is checked. The id in the leaf fixes the rule before the answer is known. */
export const CHECKERS = {
  number: 'dgrid.gold.number.v1',
  choice: 'dgrid.gold.choice.v1',
  json: 'dgrid.gold.json.v1',
  text: 'dgrid.gold.text.v1',
} as const satisfies Readonly<Record<Reference['kind'], string>>;

export function checkerId(reference: Reference): Hex {
  return keccakText(CHECKERS[reference.kind]);
}

/** The task as it is stored, anchored and, after its epoch, published. */
export function goldTaskJson(task: GoldTask): JsonObject {
  const { family, body, reference } = task;
  return { family, body, reference: { ...reference } satisfies JsonValue };
}

/** @throws TypeError when the object is not a gold task. */
export function parseGoldTask(task: JsonObject): GoldTask {
  const { family, body, reference } = task;
  const name = FAMILIES.find((known) => known === family);
  if (name === undefined) throw new TypeError(`a gold task's family must be one of ${FAMILIES.join(', ')}`);
  if (!Array.isArray(asRecord(body)['messages'])) throw new TypeError("a gold task's body must have messages");
  return { family: name, body: asRecord(body), reference: parseReference(asRecord(reference)) };
}

function parseReference(reference: JsonObject): Reference {
  const { kind } = reference;
  const parsed = isKind(kind) ? REFERENCE_READERS[kind](reference) : undefined;
  if (parsed === undefined) throw new TypeError(`not a reference: ${canonicalJson(reference).slice(0, 100)}`);
  return parsed;
}

const REFERENCE_READERS: Readonly<Record<Reference['kind'], (fields: JsonObject) => Reference | undefined>> = {
  number: ({ value, tolerance }) => {
    if (typeof value !== 'number') return undefined;
    return typeof tolerance === 'number' ? { kind: 'number', value, tolerance } : { kind: 'number', value };
  },
  choice: ({ value, options }) =>
    typeof value === 'string' && isTexts(options) ? { kind: 'choice', value, options } : undefined,
  json: ({ value }) => (value === undefined ? undefined : { kind: 'json', value }),
  text: ({ answers }) => (isTexts(answers) ? { kind: 'text', answers } : undefined),
};

function isKind(kind: unknown): kind is Reference['kind'] {
  return typeof kind === 'string' && Object.hasOwn(REFERENCE_READERS, kind);
}

function isTexts(value: JsonValue | undefined): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
}

/** The request as a caller would send it. */
export function goldRequestBody(task: JsonObject): JsonObject {
  return { ...parseGoldTask(task).body, model: 'auto' };
}

/**
 * Leaf of a gold task. Both hashes are salted with the leaf's own 32 bytes, and leave out the model, which routing
 * decides, and how the answer is delivered.
 */
export function goldLeafOf(task: JsonObject, epoch: bigint, index: number, salt: Hex): GoldLeaf {
  const { body, reference } = parseGoldTask(task);
  const { model: _model, ...content } = body;
  return {
    epoch,
    index,
    contentHash: saltedHash(salt, requestContent(content)),
    referenceHash: saltedHash(salt, canonicalJson({ ...reference })),
    checkerId: checkerId(reference),
    salt,
  };
}

function saltedHash(salt: Hex, text: string): Hex {
  const bytes = hexToBytes(salt);
  if (bytes.length !== 32) throw new RangeError(`a gold salt has 32 bytes, got ${bytes.length}`);
  return bytesToHex(createHash('sha256').update(bytes).update(text, 'utf8').digest());
}

/** Exact accuracy, 0…10,000, of a canonical response to a gold task. */
export function goldTruth(task: JsonObject, response: string): number {
  const { body, reference } = parseGoldTask(task);
  return accuracyWithReference({
    question: readRequest(canonicalJson(body)).prompt,
    answer: readAnswer(response),
    reference,
  });
}

/** Same prompt, same key: what a store remembers of a gold that has been used. */
export function goldKey(task: GoldTask): Hex {
  return bytesToHex(
    createHash('sha256')
      .update(canonicalJson(task.body['messages'] ?? null))
      .digest(),
  );
}

import { Flag } from '../protocol/constants.ts';
import type { JsonObject } from '../protocol/content.ts';
import { keccakText } from '../protocol/keccak.ts';
import type { Address, Hex, Receipt } from '../protocol/types.ts';
import { priceMicroUsd, workUnits } from '../protocol/units.ts';

export type ReceiptInput = {
  readonly id: Hex;
  readonly gateway: Address;
  readonly node: Address;
  readonly servedAt: bigint;
  readonly modelId: string;
  /** Micro-USD per million tokens. */
  readonly price: { readonly input: number; readonly output: number };
  readonly family: number;
  readonly complexity: number;
  readonly maxTokens: number | undefined;
  readonly firstTokenMs: number;
  readonly totalMs: number;
  readonly flags: number;
  readonly measured: {
    readonly requestHash: Hex;
    readonly responseHash: Hex;
    readonly routeHash: Hex;
    readonly promptTokens: number;
    readonly completionTokens: number;
  };
};

const UINT32_MAX = 4_294_967_295;
const uint32 = (value: number): number => Math.min(Math.max(Math.round(value), 0), UINT32_MAX);

/**
 * The receipt of an answer. Two things are still to come: its serial, given by the durable write (0 here), and flag 64
 * when the node's attestation stays overdue.
 */
export function buildReceipt(input: ReceiptInput): Receipt {
  const { measured } = input;
  const tokens = { prompt: uint32(measured.promptTokens), completion: uint32(measured.completionTokens) };
  return {
    id: input.id,
    gateway: input.gateway,
    node: input.node,
    serial: 0n,
    servedAt: input.servedAt,
    requestHash: measured.requestHash,
    responseHash: measured.responseHash,
    model: keccakText(input.modelId),
    family: input.family,
    complexity: input.complexity,
    promptTokens: tokens.prompt,
    completionTokens: tokens.completion,
    firstTokenMs: uint32(input.firstTokenMs),
    totalMs: uint32(input.totalMs),
    priceMicroUsd: priceMicroUsd({ input: BigInt(input.price.input), output: BigInt(input.price.output) }, tokens),
    units: workUnits(tokens, input.maxTokens),
    flags: input.flags,
    routeHash: measured.routeHash,
  };
}

type FlagInput = {
  /** What the caller of the pipeline set: gold, replay. */
  readonly preset: number;
  readonly pinned: boolean;
  readonly isPrivate: boolean;
  readonly formatConstrained: boolean;
};

export function receiptFlags(input: FlagInput): number {
  return (
    input.preset |
    (input.pinned ? Flag.pinned : 0) |
    (input.isPrivate ? Flag.private : 0) |
    (input.formatConstrained ? Flag.formatConstrained : 0)
  );
}

/** Whether the body itself states a format that can be checked by a program. */
export function statesFormat(body: JsonObject): boolean {
  const { response_format: format, dgrid } = body;
  const type = isObject(format) ? format['type'] : undefined;
  return type === 'json_object' || type === 'json_schema' || (isObject(dgrid) && dgrid['format'] !== undefined);
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

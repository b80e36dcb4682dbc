import { DgridError } from '../errors.ts';
import type { JsonObject } from '../protocol/content.ts';

/** What the caller wants of routing, out of the body's `model`, `models`, `provider` and our own fields. */
export type Preset = 'balanced' | 'quality' | 'cheap' | 'fast';

export type Preferences = {
  readonly preset: Preset;
  /** Model ids in order of preference; empty: any (`auto`). */
  readonly models: readonly string[];
  /** Node accounts or names. */
  readonly order: readonly string[];
  readonly only: readonly string[] | undefined;
  readonly ignore: readonly string[];
  /** Micro-USD per million tokens. */
  readonly maxInputPrice: number | undefined;
  readonly maxOutputPrice: number | undefined;
  /** Most that the whole answer may be expected to cost, micro-USD. */
  readonly maxCostMicroUsd: number | undefined;
  /** What a perfect answer is worth more than a useless one, micro-USD: takes the place of the preset's taste in prices. */
  readonly payMicroUsd: number | undefined;
  readonly minQualityBps: number;
  readonly allowFallbacks: boolean;
  readonly requireParameters: boolean;
  /** Whether turns of one conversation should go to one node, which then has its start in its cache. */
  readonly sticky: boolean;
  readonly isPrivate: boolean;
};

/** Fields of the body that are ours or OpenRouter's: they never reach a node. `dgrid.format` does: it is part of the task. */
const OURS = ['provider', 'models', 'private', 'task', 'min_quality', 'max_cost', 'willingness_to_pay'] as const;

export function stripPreferences(body: JsonObject, modelId: string): JsonObject {
  const kept: Record<string, JsonObject[string]> = { ...body, model: modelId };
  for (const name of OURS) delete kept[name];
  return kept;
}

const PRESETS: Readonly<Record<string, Preset>> = {
  auto: 'balanced',
  'auto:balanced': 'balanced',
  'auto:quality': 'quality',
  'auto:cheap': 'cheap',
  'auto:fast': 'fast',
};
const SORTS: Readonly<Record<string, Preset>> = {
  price: 'cheap',
  latency: 'fast',
  throughput: 'fast',
  quality: 'quality',
};

/** @param body a body whose shapes the HTTP schema has already checked. @throws DgridError for values it cannot know. */
export function readPreferences(body: JsonObject): Preferences {
  const { preset, models } = readModel(body['model']);
  const provider = (body['provider'] ?? {}) as JsonObject;
  const { sort, only } = provider;
  const maxPrice = (provider['max_price'] ?? {}) as JsonObject;
  const minQuality = body['min_quality'];
  return {
    preset: (typeof sort === 'string' ? SORTS[sort] : undefined) ?? preset,
    models: [...models, ...texts(body['models'])],
    order: texts(provider['order']),
    only: only === undefined ? undefined : texts(only),
    ignore: texts(provider['ignore']),
    maxInputPrice: microUsd(maxPrice['prompt']),
    maxOutputPrice: microUsd(maxPrice['completion']),
    maxCostMicroUsd: microUsd(body['max_cost']),
    payMicroUsd: microUsd(body['willingness_to_pay']),
    minQualityBps: typeof minQuality === 'number' ? Math.floor(minQuality * 10_000) : 0,
    allowFallbacks: provider['allow_fallbacks'] !== false,
    requireParameters: provider['require_parameters'] === true,
    sticky: provider['sticky'] === true,
    isPrivate: body['private'] === true,
  };
}

/** `auto`, `auto:<preset>`, or the id of a model. */
function readModel(model: JsonObject[string]): { preset: Preset; models: readonly string[] } {
  const name = typeof model === 'string' ? model : 'auto';
  if (name !== 'auto' && !name.startsWith('auto:')) return { preset: 'balanced', models: [name] };
  const preset = Object.hasOwn(PRESETS, name) ? PRESETS[name] : undefined;
  if (preset !== undefined) return { preset, models: [] };
  throw new DgridError(
    'DGRID_INVALID_PREFERENCE',
    `There is no preset "${name.slice(0, 100)}"; use auto, auto:quality, auto:cheap or auto:fast.`,
    { context: { param: 'model' } },
  );
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

/** USD as callers write it (per million tokens, as OpenRouter does) in the integers we compare. */
const microUsd = (value: unknown): number | undefined =>
  typeof value === 'number' ? Math.round(value * 1_000_000) : undefined;

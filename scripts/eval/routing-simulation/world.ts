import { createRandom } from './random.ts';
import type { Random } from './random.ts';

/** A made-up network whose truth is known: what no router can see, and what it does to answers. */
export type World = {
  readonly nodes: readonly WorldNode[];
  readonly requests: readonly WorldRequest[];
  readonly seed: number;
};

export type WorldRequest = {
  readonly atMs: number;
  readonly family: number;
  /** 0…10,000 */
  readonly complexity: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  readonly expectedTokens: number;
};

export type WorldNode = {
  readonly id: number;
  readonly modelId: string;
  readonly joinsMs: number;
  /** Micro-USD per million tokens from a time on, oldest first. */
  readonly prices: readonly { readonly fromMs: number; readonly input: number; readonly output: number }[];
  /** True quality per family, before complexity. */
  readonly quality: readonly number[];
  /** What the hardest task costs of it. */
  readonly slope: number;
  readonly drops: readonly Spell[];
  readonly outages: readonly Spell[];
  readonly firstTokenMs: number;
  readonly msPerToken: number;
  readonly slowdowns: readonly Spell[];
  /** Requests it serves at once without getting slower by much. */
  readonly capacity: number;
  readonly failureRate: number;
};

/** From when to when, and how much: quality lost, or factor of slowness. */
export type Spell = { readonly fromMs: number; readonly toMs: number; readonly size: number };

export type WorldOptions = { readonly nodes: number; readonly requests: number; readonly seed: number };

export const SIM_FAMILIES = 4;
const MODELS = 8;
/** Requests per second and node, up to a rate that one gateway may well see. */
const RATE_PER_NODE = 0.6;
const MOST_PER_SECOND = 50;

export function createWorld({ nodes, requests, seed }: WorldOptions): World {
  const random = createRandom(seed);
  const perMs = Math.min(MOST_PER_SECOND, RATE_PER_NODE * nodes) / 1_000;
  const list: WorldRequest[] = [];
  let atMs = 0;
  for (let index = 0; index < requests; index += 1) {
    atMs += -Math.log(1 - random.uniform()) / perMs;
    list.push(requestAt(atMs, random));
  }
  const models = Array.from({ length: MODELS }, (_, index) => modelOf(index, random));
  return { nodes: Array.from({ length: nodes }, (_, id) => nodeOf(id, models, atMs, random)), requests: list, seed };
}

function requestAt(atMs: number, random: Random): WorldRequest {
  const expectedTokens = random.uniform() < 0.3 ? 600 : 200;
  return {
    atMs,
    family: Math.floor(random.uniform() * SIM_FAMILIES),
    complexity: Math.floor(10_000 * random.uniform()),
    promptTokens: Math.round(100 * Math.exp(random.normal())),
    outputTokens: Math.max(1, Math.round(expectedTokens * Math.exp(0.4 * random.normal()))),
    expectedTokens,
  };
}

type Model = {
  readonly id: string;
  readonly quality: readonly number[];
  readonly slope: number;
  readonly price: number;
};

function modelOf(index: number, random: Random): Model {
  const strength = random.uniform();
  const quality = Array.from({ length: SIM_FAMILIES }, () => 0.55 + 0.33 * strength + 0.05 * random.normal());
  // Dearer models are better on the whole, and not one by one.
  const price = 60_000 * Math.exp(3.2 * strength + 0.5 * random.normal());
  return { id: `model-${index}`, quality, slope: 0.3 - 0.2 * strength, price };
}

function nodeOf(id: number, list: readonly Model[], endMs: number, random: Random): WorldNode {
  const model = list[id % list.length] ?? modelOf(0, random);
  const own = 0.04 * random.normal();
  const chance = (share: number): boolean => random.uniform() < share;
  const spell = (least: number, most: number, size: number): Spell => {
    const length = endMs * (least + (most - least) * random.uniform());
    const fromMs = endMs * random.uniform();
    return { fromMs, toMs: fromMs + length, size };
  };
  const price = model.price * Math.exp(0.3 * random.normal());
  const joinsMs = id >= list.length && chance(0.2) ? endMs * 0.8 * random.uniform() : 0;
  const prices = [{ fromMs: 0, input: price, output: 4 * price }];
  for (let move = 0; chance(0.3) && move < 3; move += 1) {
    const factor = Math.exp(0.5 * random.normal());
    prices.push({ fromMs: endMs * random.uniform(), input: price * factor, output: 4 * price * factor });
  }
  return {
    id,
    modelId: model.id,
    joinsMs,
    prices: prices.toSorted((a, b) => a.fromMs - b.fromMs),
    quality: model.quality.map((value) => value + own),
    slope: model.slope,
    drops: chance(0.35) ? [spell(0.1, 0.4, 0.1 + 0.3 * random.uniform())] : [],
    outages: chance(0.4) ? [spell(0.005, 0.05, 1), ...(chance(0.3) ? [spell(0.005, 0.05, 1)] : [])] : [],
    firstTokenMs: 300 * Math.exp(0.6 * random.normal()),
    msPerToken: 12 * Math.exp(0.5 * random.normal()),
    slowdowns: chance(0.3) ? [spell(0.02, 0.2, 1.5 + 3 * random.uniform())] : [],
    capacity: 4 + Math.floor(28 * random.uniform()),
    failureRate: 0.03 * random.uniform() ** 3,
  };
}

const within = (spells: readonly Spell[], atMs: number): number =>
  spells.reduce((size, { fromMs, toMs, size: own }) => (fromMs <= atMs && atMs < toMs ? size + own : size), 0);

export const isUp = (node: WorldNode, atMs: number): boolean => within(node.outages, atMs) === 0;

/** A node that has so many times its capacity in flight refuses more. */
const FULL = 3;

export const takesMore = (node: WorldNode, inFlight: number, atMs: number): boolean =>
  isUp(node, atMs) && inFlight < FULL * node.capacity;

export function qualityAt(node: WorldNode, { family, complexity }: WorldRequest, atMs: number): number {
  const base = (node.quality[family] ?? 0) - node.slope * (complexity / 10_000 - 0.5) - within(node.drops, atMs);
  return Math.max(0, Math.min(1, base));
}

export function priceAt(node: WorldNode, atMs: number): { readonly input: number; readonly output: number } {
  let current = node.prices[0] ?? { input: 0, output: 0 };
  for (const price of node.prices) if (price.fromMs <= atMs) current = price;
  return current;
}

/** Slower the more there is to do at once: twice as slow at twice its capacity, five times at four times. */
const loadFactor = (node: WorldNode, inFlight: number): number => 1 + (inFlight / node.capacity) ** 2 / 4;

export function paceAt(node: WorldNode, inFlight: number, atMs: number): { firstTokenMs: number; msPerToken: number } {
  const slower = Math.max(1, within(node.slowdowns, atMs)) * loadFactor(node, inFlight);
  return { firstTokenMs: node.firstTokenMs * slower, msPerToken: node.msPerToken * slower };
}

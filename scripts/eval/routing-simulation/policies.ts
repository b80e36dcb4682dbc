import { beta, createRandom } from './random.ts';
import { paceAt, priceAt, qualityAt, takesMore } from './world.ts';
import type { World, WorldRequest } from './world.ts';
import { utilityOf } from './utility.ts';
import type { Wish } from './utility.ts';

/** How an attempt ended, as a gateway sees it. */
export type Ended = {
  readonly node: number;
  readonly ok: boolean;
  readonly firstTokenMs: number;
  readonly totalMs: number;
  readonly tokens: number;
};

/** What evaluators said of an answer, some time later. */
export type Examined = { readonly node: number; readonly request: WorldRequest; readonly quality: number };

/** What a policy may look at when it chooses. */
export type Sight = {
  readonly nowMs: number;
  readonly request: WorldRequest;
  /** Nodes that have joined and that no breaker keeps out. */
  readonly open: readonly number[];
};

/** A way to choose: best first, the others are asked when it fails. */
export type Policy = {
  readonly name: string;
  readonly order: (sight: Sight) => readonly number[];
  readonly began?: (node: number) => void;
  readonly ended?: (ended: Ended) => void;
  readonly examined?: (examined: Examined) => void;
};

/** So many are named for one request; some of them may be closed when their turn comes. */
const NAMED = 16;

/** The few with the least value, best first. */
function least(open: readonly number[], valueOf: (node: number) => number): number[] {
  const top: { node: number; value: number }[] = [];
  for (const node of open) {
    const value = valueOf(node);
    if (top.length === NAMED && value >= (top.at(-1)?.value ?? 0)) continue;
    const at = top.findIndex((other) => value < other.value);
    top.splice(at === -1 ? top.length : at, 0, { node, value });
    if (top.length > NAMED) top.pop();
  }
  return top.map(({ node }) => node);
}

export function createRoundRobin(): Policy {
  let turn = 0;
  return {
    name: 'round-robin',
    order({ open }) {
      turn += 1;
      return Array.from({ length: Math.min(NAMED, open.length) }, (_, more) => open[(turn + more) % open.length] ?? 0);
    },
  };
}

const costOf = (world: World, node: number, request: WorldRequest, nowMs: number): number => {
  const { input, output } = priceAt(world.nodes[node] ?? missing(), nowMs);
  return (input * request.promptTokens + output * request.expectedTokens) / 1_000_000;
};

const missing = (): never => {
  throw new RangeError('no such node');
};

export const createCheapest = (world: World): Policy => ({
  name: 'cheapest',
  order: ({ open, request, nowMs }) => least(open, (node) => costOf(world, node, request, nowMs)),
});

/** Mean of the last ten latencies per token, a thousand seconds for a failure, whoever is unknown first: as LiteLLM has it. */
export function createLowestLatency(world: World): Policy {
  const latest = world.nodes.map((): number[] => []);
  const means = new Float64Array(world.nodes.length);
  return {
    name: 'lowest latency',
    order: ({ open }) => least(open, (node) => means[node] ?? 0),
    ended({ node, ok, totalMs, tokens }) {
      const kept = latest[node] ?? [];
      kept.push(ok ? totalMs / Math.max(1, tokens) : 1_000_000);
      if (kept.length > 10) kept.shift();
      means[node] = kept.reduce((sum, value) => sum + value, 0) / kept.length;
    },
  };
}

/** Beta posteriors per node and family, .7 of a draw of quality and .3 of cheapness, deaf after 200 samples: LiteLLM's. */
export function createThompson(world: World): Policy {
  const random = createRandom(world.seed ^ 0x7405);
  const cells = world.nodes.map(() => new Map<number, { good: number; bad: number }>());
  const cellOf = (node: number, family: number): { good: number; bad: number } => {
    const known = cells[node]?.get(family);
    if (known !== undefined) return known;
    const fresh = { good: 5, bad: 5 };
    cells[node]?.set(family, fresh);
    return fresh;
  };
  return {
    name: 'Thompson',
    order({ open, request, nowMs }) {
      const costs = open.map((node) => costOf(world, node, request, nowMs));
      const [low, high] = costs.reduce(([a, b], cost) => [Math.min(a, cost), Math.max(b, cost)], [Infinity, 0]);
      const costAt = new Map(open.map((node, index) => [node, costs[index] ?? 0]));
      return least(open, (node) => {
        const { good, bad } = cellOf(node, request.family);
        const cheapness = high === low ? 0.5 : 1 - ((costAt.get(node) ?? 0) - low) / (high - low);
        return -(0.7 * beta(random, good, bad) + 0.3 * cheapness);
      });
    },
    examined({ node, request, quality }) {
      const cell = cellOf(node, request.family);
      if (cell.good + cell.bad + 1 > 200) return;
      cell.good += quality;
      cell.bad += 1 - quality;
    },
  };
}

/** Knows quality, load, outages and how long each answer would take, and takes the best of them now. */
export function createOracle(world: World, wish: Wish): Policy {
  const inFlight = new Int32Array(world.nodes.length);
  return {
    name: 'oracle',
    order: ({ open, request, nowMs }) =>
      least(
        open.filter((node) => takesMore(world.nodes[node] ?? missing(), inFlight[node] ?? 0, nowMs)),
        (at) => {
          const node = world.nodes[at] ?? missing();
          const { firstTokenMs, msPerToken } = paceAt(node, inFlight[at] ?? 0, nowMs);
          const { input, output } = priceAt(node, nowMs);
          return -utilityOf(wish, {
            quality: qualityAt(node, request, nowMs) * (1 - node.failureRate),
            costMicroUsd: (input * request.promptTokens + output * request.outputTokens) / 1_000_000,
            latencyMs: firstTokenMs + msPerToken * request.outputTokens,
          });
        },
      ),
    began(node) {
      inFlight[node] = (inFlight[node] ?? 0) + 1;
    },
    ended({ node }) {
      inFlight[node] = (inFlight[node] ?? 0) - 1;
    },
  };
}

import { createLiveView } from '../../../gateway/wiring/live-view.ts';
import type { Breaker } from '../../../gateway/execute/breaker.ts';
import { keccakText } from '../../../gateway/protocol/keccak.ts';
import type { Address } from '../../../gateway/protocol/types.ts';
import { createConditionBook } from '../../../gateway/registry/conditions.ts';
import type { CallEnd } from '../../../gateway/registry/conditions.ts';
import { createQualityBook } from '../../../gateway/registry/quality-book.ts';
import type { Candidate } from '../../../gateway/route/candidate.ts';
import { decide } from '../../../gateway/route/decide.ts';
import { readPreferences } from '../../../gateway/route/preferences.ts';
import type { Policy, Sight } from './policies.ts';
import { createRandom } from './random.ts';
import { priceAt } from './world.ts';
import type { World, WorldNode } from './world.ts';
import type { Wish } from './utility.ts';

export const accountOf = (id: number): Address => `0x${(id + 1).toString(16).padStart(40, '0')}`;

export type OursDeps = {
  readonly world: World;
  readonly wish: Wish;
  readonly breaker: Breaker;
  readonly nowMs: () => number;
  readonly exploreBps: number;
};

/** What plays no part here: everybody is staked and active, and no record is kept. */
const FIXED = {
  maxTokens: undefined,
  epoch: 0n,
  minimumStake: 0n,
  pin: undefined,
  exclude: undefined,
  complete: false,
  traceId: undefined,
} as const;

/** The gateway's own router with its own books, on the simulation's clock. */
export function createOurs({ world, wish, breaker, nowMs, exploreBps }: OursDeps): Policy {
  const conditions = createConditionBook(nowMs);
  const quality = createQualityBook();
  const view = createLiveView({ conditions, quality, breaker, nowMs });
  const random = createRandom(world.seed ^ 0x0515);
  const listed = createList(world);
  const preferences = readPreferences({
    model: `auto:${wish.preset}`,
    ...(wish.taste.payMicroUsd === undefined ? {} : { willingness_to_pay: wish.taste.payMicroUsd / 1_000_000 }),
  });
  const ends = new Map<number, ((end: CallEnd) => void)[]>();
  const modelOf = (node: number): string => world.nodes[node]?.modelId ?? '';

  return {
    name: 'DGrid',
    order(sight: Sight) {
      const { candidates, ids } = listed(sight.nowMs);
      const { family, complexity, promptTokens, expectedTokens } = sight.request;
      const profile = { family, complexity, promptTokens, expectedTokens, needs: [] };
      view.glance();
      const decision = decide({
        ...FIXED,
        candidates,
        live: (candidate, index) => view.live(candidate, profile, index),
        profile,
        preferences,
        draw: { explore: random.uint32(), pick: random.uint32(), second: random.uint32() },
        exploreBps,
      });
      view.passOver(decision.passedOver);
      return decision.order.map(({ index }) => ids[index] ?? 0);
    },
    began(node) {
      const waiting = ends.get(node) ?? [];
      ends.set(node, waiting);
      waiting.push(conditions.begin(accountOf(node), modelOf(node)));
    },
    ended({ node, ok, firstTokenMs, totalMs, tokens }) {
      ends.get(node)?.shift()?.(ok ? { ok, firstTokenMs } : { ok, failureClass: 'node' });
      if (!ok) return;
      conditions.measured(accountOf(node), modelOf(node), { firstTokenMs, totalMs, completionTokens: tokens });
    },
    examined({ node, request: { family, complexity }, quality: share }) {
      const bps = Math.round(10_000 * share);
      const model = keccakText(modelOf(node));
      quality.recordScore({ node: accountOf(node), model, family, complexity, score: bps, quality: bps });
    },
  };
}

type Listed = { readonly candidates: readonly Candidate[]; readonly ids: readonly number[] };

/** The list of candidates, another one only when somebody joins or changes a price: as the directory does it. */
function createList(world: World): (nowMs: number) => Listed {
  const changes = world.nodes
    .flatMap(({ joinsMs, prices }) => [joinsMs, ...prices.map(({ fromMs }) => fromMs)])
    .toSorted((a, b) => a - b);
  const known = new Map<number, Candidate>();
  let listed: Listed = { candidates: [], ids: [] };
  let passed = 0;
  return (nowMs) => {
    const before = passed;
    while ((changes[passed] ?? Infinity) <= nowMs) passed += 1;
    if (passed === before) return listed;
    const there = world.nodes.filter(({ joinsMs }) => joinsMs <= nowMs);
    listed = { ids: there.map(({ id }) => id), candidates: there.map((node) => candidateOf(node, nowMs, known)) };
    return listed;
  };
}

function candidateOf(node: WorldNode, nowMs: number, known: Map<number, Candidate>): Candidate {
  const { input, output } = priceAt(node, nowMs);
  const before = known.get(node.id);
  if (before?.model.price.input === input && before.model.price.output === output) return before;
  const candidate: Candidate = {
    node: {
      account: accountOf(node.id),
      stake: 1n,
      activeFromEpoch: 0n,
      inactiveFromEpoch: 1n,
      metadata: { name: `node-${node.id}`, endpoint: 'https://node.invalid' },
    },
    model: {
      id: node.modelId,
      contextLength: 1_000_000,
      maxOutputTokens: 1_000_000,
      capabilities: [],
      price: { input, output },
    },
  };
  known.set(node.id, candidate);
  return candidate;
}

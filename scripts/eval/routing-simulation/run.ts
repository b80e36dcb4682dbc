import { BREAKER_DEFAULTS, createBreaker } from '../../../gateway/execute/breaker.ts';
import type { Breaker } from '../../../gateway/execute/breaker.ts';
import type { Policy } from './policies.ts';
import { createQueue } from './queue.ts';
import { createRandom } from './random.ts';
import { utilityOf } from './utility.ts';
import type { Got, Wish } from './utility.ts';
import { isUp, paceAt, priceAt, qualityAt, takesMore } from './world.ts';
import type { World, WorldNode, WorldRequest } from './world.ts';

export type RunDeps = { readonly breaker: Breaker; readonly nowMs: () => number };

export type Outcome = {
  /** Mean utility per request, by wish. */
  readonly utility: Readonly<Record<string, number>>;
  readonly quality: number;
  readonly costMicroUsd: number;
  readonly latencyMs: number;
  readonly failed: number;
};

/** Nodes that are asked for one request. */
const ATTEMPTS = 3;
/** Share of answers that evaluators are asked about, how long that takes, and how far off they are. */
const EXAMINED = 0.1;
const VERDICT_MS = 60_000;
const VERDICT_NOISE = 0.12;
/** Half of the calls to a node that is down are refused at once, the others wait for this. */
const REFUSED_MS = 50;
const TIMEOUT_MS = 5_000;
/** How long a node that has too much to do asks to be left alone. */
const BUSY_MS = 1_000;

/** Sends a world's requests through a policy. Every policy has the gateway's breaker and as many attempts. */
export function run(world: World, policyOf: (deps: RunDeps) => Policy, wishes: readonly Wish[]): Outcome {
  let clockMs = 0;
  const nowMs = (): number => clockMs;
  const breaker = createBreaker(BREAKER_DEFAULTS, nowMs);
  const policy = policyOf({ breaker, nowMs });
  const queue = createQueue();
  const tally = createTally(wishes);
  const keys = world.nodes.map(({ id, modelId }) => `${id}/${modelId}`);
  const key = (node: number): string => keys[node] ?? '';
  const inFlight = new Int32Array(world.nodes.length);

  const attempt = (going: Going, tried: number): void => {
    const free = (id: number): boolean => !going.asked.has(id) && breaker.enter(key(id));
    const at = tried < ATTEMPTS ? going.order.find(free) : undefined;
    const node = at === undefined ? undefined : world.nodes[at];
    if (node === undefined) return tally.add({ ...going.got, quality: 0, latencyMs: clockMs - going.request.atMs });
    going.asked.add(node.id);
    const call = callOf(node, going, inFlight[node.id] ?? 0, clockMs);
    inFlight[node.id] = (inFlight[node.id] ?? 0) + 1;
    policy.began?.(node.id);
    queue.push(clockMs + call.totalMs, () => {
      inFlight[node.id] = (inFlight[node.id] ?? 0) - 1;
      policy.ended?.({ node: node.id, tokens: going.request.outputTokens, ...call });
      settle(breaker, key(node.id), call);
      const got = { ...call.got, latencyMs: clockMs - going.request.atMs };
      if (!call.ok) return attempt({ ...going, got }, tried + 1);
      tally.add(got);
      const seen = verdictOf(going.random, call.got.quality);
      if (seen === undefined) return;
      queue.push(clockMs + VERDICT_MS, () => policy.examined?.({ ...going, node: node.id, quality: seen }));
    });
  };
  const advance = (toMs: number): void => {
    for (let next = queue.popUntil(toMs); next !== undefined; next = queue.popUntil(toMs)) {
      clockMs = next.atMs;
      next.run();
    }
    clockMs = toMs;
  };
  world.requests.forEach((request, index) => {
    advance(request.atMs);
    const open = openNodes(world, clockMs, (id) => !breaker.isTroubled(key(id)) || isClosed(breaker, key(id)));
    const order = open.length === 0 ? [] : policy.order({ nowMs: clockMs, request, open });
    attempt({ ...newGoing(world, index), request, order }, 0);
  });
  advance(Number.MAX_SAFE_INTEGER);
  return tally.result();
}

/** What evaluators see in an answer, if they are asked. */
function verdictOf(random: Going['random'], quality: number): number | undefined {
  if (random.uniform() >= EXAMINED) return undefined;
  return Math.max(0, Math.min(1, quality + VERDICT_NOISE * random.normal()));
}

const isClosed = (breaker: Breaker, key: string): boolean => breaker.stateOf(key).state === 'closed';

const openNodes = ({ nodes }: World, nowMs: number, isOpen: (id: number) => boolean): number[] =>
  nodes.filter(({ id, joinsMs }) => joinsMs <= nowMs && isOpen(id)).map(({ id }) => id);

/** As the gateway does: whoever is busy is given the pause it asks for, and is not called broken. */
function settle(breaker: Breaker, key: string, { ok, busy }: { readonly ok: boolean; readonly busy: boolean }): void {
  if (ok) return breaker.succeed(key);
  if (!busy) return breaker.fail(key);
  breaker.leave(key);
  breaker.pause(key, BUSY_MS);
}

type Going = {
  readonly request: WorldRequest;
  readonly order: readonly number[];
  readonly asked: Set<number>;
  /** The same for every policy: chance favours nobody. */
  readonly random: ReturnType<typeof createRandom>;
  readonly got: Got;
};

const newGoing = ({ seed }: World, index: number): Pick<Going, 'random' | 'asked' | 'got'> => ({
  random: createRandom(seed + 7_919 * index),
  asked: new Set(),
  got: NOTHING,
});

const NOTHING: Got = { quality: 0, costMicroUsd: 0, latencyMs: 0 };

function callOf(node: WorldNode, { request, random }: Going, inFlight: number, nowMs: number) {
  const { input, output } = priceAt(node, nowMs);
  const costMicroUsd = (input * request.promptTokens + output * request.outputTokens) / 1_000_000;
  const got: Got = { quality: qualityAt(node, request, nowMs), costMicroUsd, latencyMs: 0 };
  const isDown = !isUp(node, nowMs);
  if (!isDown && !takesMore(node, inFlight, nowMs))
    return { ok: false as const, busy: true, firstTokenMs: REFUSED_MS, totalMs: REFUSED_MS, got };
  const fails = random.uniform() < node.failureRate;
  const noise = Math.exp(0.2 * random.normal());
  if (isDown || fails) {
    const totalMs = random.uniform() < 0.5 ? REFUSED_MS : TIMEOUT_MS;
    return { ok: false as const, busy: false, firstTokenMs: totalMs, totalMs, got };
  }
  const { firstTokenMs, msPerToken } = paceAt(node, inFlight, nowMs);
  const totalMs = (firstTokenMs + msPerToken * request.outputTokens) * noise;
  return { ok: true as const, busy: false, firstTokenMs: firstTokenMs * noise, totalMs, got };
}

function createTally(wishes: readonly Wish[]) {
  const sums = new Float64Array(wishes.length);
  let [count, failed, quality, cost, latency] = [0, 0, 0, 0, 0];
  return {
    add(got: Got): void {
      count += 1;
      if (got.quality === 0) failed += 1;
      quality += got.quality;
      cost += got.costMicroUsd;
      latency += got.latencyMs;
      wishes.forEach((wish, index) => {
        sums[index] = (sums[index] ?? 0) + utilityOf(wish, got);
      });
    },
    result: (): Outcome => ({
      utility: Object.fromEntries(wishes.map(({ name }, index) => [name, (sums[index] ?? 0) / count])),
      quality: quality / count,
      costMicroUsd: cost / count,
      latencyMs: latency / count,
      failed: failed / count,
    }),
  };
}

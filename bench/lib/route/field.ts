import { BREAKER_DEFAULTS, createBreaker } from '../../../gateway/execute/breaker.ts';
import { circuitKey } from '../../../gateway/execute/execute.ts';
import { keccakText } from '../../../gateway/protocol/keccak.ts';
import { createConditionBook } from '../../../gateway/registry/conditions.ts';
import { createQualityBook } from '../../../gateway/registry/quality-book.ts';
import type { Candidate } from '../../../gateway/route/candidate.ts';
import { decide } from '../../../gateway/route/decide.ts';
import { planRoute } from '../../../gateway/route/plan.ts';
import type { PlanInput } from '../../../gateway/route/plan.ts';
import { readPreferences } from '../../../gateway/route/preferences.ts';
import { createLiveView } from '../../../gateway/wiring/live-view.ts';

export type BenchField = {
  /** From the body: task profile, wishes, decision. */
  readonly plan: (turn: number) => unknown;
  /** The decision alone. */
  readonly decide: (turn: number) => unknown;
  /** The decision with a record of all candidates. */
  readonly complete: (turn: number) => unknown;
  /** A draw by fixed weights. */
  readonly baseline: (turn: number) => unknown;
};

const MODELS = 20;
const QUESTIONS = [
  'Who wrote Faust, and when was the second part published?',
  'Write a Python function that returns the longest palindrome in a string, with tests.',
  'Translate into French: the meeting was moved to Thursday because of the storm.',
  'Anna has 12 apples, gives away a third and buys 7 more. How many has she now?',
];

function numbers(start: number): () => number {
  let state = start;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
}

const candidateAt = (index: number, random: () => number): Candidate => ({
  node: {
    account: `0x${(index + 1).toString(16).padStart(40, '0')}`,
    stake: 10n ** 22n + BigInt(random()),
    activeFromEpoch: 1n,
    inactiveFromEpoch: 2n ** 63n,
    metadata: { name: `node-${index}`, endpoint: `https://node-${index}.invalid` },
  },
  model: {
    id: `model-${index % MODELS}`,
    contextLength: 32_768,
    maxOutputTokens: 4_096,
    capabilities: ['chat', 'json', 'tools'],
    price: { input: 50_000 + (random() % 1_000_000), output: 200_000 + (random() % 4_000_000) },
  },
});

/** Nodes that have been at work: most answered and were examined, one in twenty is in trouble. */
function createBooks(candidates: readonly Candidate[], random: () => number) {
  const nowMs = (): number => performance.now();
  const conditions = createConditionBook(nowMs);
  const quality = createQualityBook();
  const breaker = createBreaker(BREAKER_DEFAULTS, nowMs);
  candidates.forEach(({ node, model }, index) => {
    for (let call = 0; call < 5; call += 1) {
      conditions.begin(node.account, model.id)({ ok: true, firstTokenMs: 100 + (random() % 500) });
      const pace = { firstTokenMs: 100, totalMs: 1_000 + (random() % 4_000), completionTokens: 200 };
      conditions.measured(node.account, model.id, pace);
      const bps = 5_000 + (random() % 4_000);
      const report = { node: node.account, model: keccakText(model.id), score: bps, quality: bps };
      quality.recordScore({ ...report, family: random() % 12, complexity: random() % 10_000 });
    }
    if (index % 20 === 19) breaker.pause(circuitKey(node.account, model.id), 3_600_000);
  });
  return createLiveView({ conditions, quality, breaker, nowMs });
}

export function createField(size: number): BenchField {
  const random = numbers(size);
  const candidates = Array.from({ length: size }, (_, index) => candidateAt(index, random));
  const view = createBooks(candidates, random);
  const bodies = QUESTIONS.map((content) => ({ model: 'auto', messages: [{ role: 'user', content }] }));
  const bodyAt = (turn: number) => bodies[turn % bodies.length] ?? {};
  const input = (turn: number): PlanInput => ({
    body: bodyAt(turn),
    needs: ['chat'],
    candidates,
    live: view.live,
    epoch: 5n,
    minimumStake: 10n ** 22n,
    pin: undefined,
    exclude: undefined,
    draw: { explore: random(), pick: random(), second: random() },
    exploreBps: 700,
    complete: false,
    traceId: undefined,
  });
  const profile = { family: 1, complexity: 3_000, promptTokens: 100, expectedTokens: 200, needs: ['chat'] };
  const preferences = readPreferences(bodyAt(0));
  const weights = Float64Array.from(candidates, () => random() % 1_000);
  const seen = (turn: number): PlanInput => {
    view.glance();
    return input(turn);
  };
  const alone = (turn: number) => ({
    ...seen(turn),
    live: (candidate: Candidate, index: number) => view.live(candidate, profile, index),
    profile,
    preferences,
    maxTokens: undefined,
  });
  return {
    plan: (turn) => planRoute(seen(turn)),
    decide: (turn) => decide(alone(turn)),
    complete: (turn) => decide({ ...alone(turn), complete: true }),
    baseline() {
      let total = 0;
      for (const weight of weights) total += weight;
      let left = (random() / 2 ** 32) * total;
      return candidates[weights.findIndex((weight) => (left -= weight) < 0)];
    },
  };
}

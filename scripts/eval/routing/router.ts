import type { Candidate, LiveConditions } from '../../../gateway/route/candidate.ts';
import type { Eligible } from '../../../gateway/route/eligibility.ts';
import { profileTask } from '../../../gateway/route/task-profile.ts';
import type { TaskProfile } from '../../../gateway/route/task-profile.ts';
import { weighField } from '../../../gateway/route/score.ts';
import type { Taste } from '../../../gateway/route/score.ts';
import type { Price } from './prices.ts';

/** Nodes that differ in nothing but model, predicted quality and price: what remains is what routing knows. */
const LIVE: LiveConditions = {
  inFlight: 0,
  samples: 1,
  firstTokenMs: undefined,
  msPerToken: undefined,
  successBps: 10_000,
  qualityBps: 0,
  breaker: 'closed',
  blockedMs: 0,
};

const LONGEST = 1_000_000;

function candidateOf(id: string, index: number, { input, output }: Price): Candidate {
  return {
    node: {
      account: `0x${(index + 1).toString(16).padStart(40, '0')}`,
      stake: 1n,
      activeFromEpoch: 0n,
      inactiveFromEpoch: 2n,
      metadata: { name: id, endpoint: 'https://node.invalid' },
    },
    model: {
      id,
      contextLength: LONGEST,
      maxOutputTokens: LONGEST,
      capabilities: [],
      price: { input: 1_000_000 * input, output: 1_000_000 * output },
    },
  };
}

export type FieldRouter = {
  /** The router's draw weight of each model, in the order of `models`. */
  readonly weigh: (question: string, predicted: ArrayLike<number>, taste: Taste) => Float64Array;
};

/** The router's own scoring over one node per model. */
export function createFieldRouter(models: readonly string[], prices: ReadonlyMap<string, Price>): FieldRouter {
  const candidates = models.map((id, index) => candidateOf(id, index, prices.get(id) ?? { input: 0, output: 0 }));
  const profiles = new Map<string, TaskProfile>();
  const profileOf = (question: string): TaskProfile => {
    const profile = profiles.get(question) ?? profileTask({ messages: [{ role: 'user', content: question }] });
    profiles.set(question, profile);
    return profile;
  };
  return {
    weigh(question, predicted, taste) {
      const profile = profileOf(question);
      const field: Eligible[] = candidates.map((candidate, index) => ({
        candidate,
        index,
        stake: 1,
        inputPrice: candidate.model.price.input,
        outputPrice: candidate.model.price.output,
        live: { ...LIVE, qualityBps: Math.round(10_000 * (predicted[index] ?? 0)) },
      }));
      return weighField(field, profile, taste).weight;
    },
  };
}

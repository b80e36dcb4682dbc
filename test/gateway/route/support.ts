import type { JsonObject } from '../../../gateway/protocol/content.ts';
import type { Address } from '../../../gateway/protocol/types.ts';
import type { Candidate, LiveConditions } from '../../../gateway/route/candidate.ts';
import type { PlanInput } from '../../../gateway/route/plan.ts';

export const account = (index: number): Address => `0x${(index + 1).toString(16).padStart(40, '0')}`;

type Changes = Partial<Candidate['node']> & { readonly model?: Partial<Candidate['model']> };

export function candidate(index: number, { model, ...node }: Changes = {}): Candidate {
  return {
    node: {
      account: account(index),
      stake: 10_000n,
      activeFromEpoch: 0n,
      inactiveFromEpoch: 100n,
      metadata: { name: `node-${index}`, endpoint: `http://node-${index}` },
      ...node,
    },
    model: {
      id: 'demo',
      contextLength: 4_096,
      maxOutputTokens: 1_024,
      capabilities: ['json'],
      price: { input: 100_000, output: 400_000 },
      ...model,
    },
  };
}

export const LIVE: LiveConditions = {
  inFlight: 0,
  samples: 10,
  firstTokenMs: 200,
  msPerToken: 10,
  successBps: 10_000,
  qualityBps: 7_000,
  breaker: 'closed',
  blockedMs: 0,
};

export const BODY: JsonObject = { model: 'demo', messages: [{ role: 'user', content: 'Who wrote Faust?' }] };

export function planInput(candidates: readonly Candidate[], changes: Partial<PlanInput> = {}): PlanInput {
  return {
    body: BODY,
    candidates,
    live: () => LIVE,
    epoch: 5n,
    minimumStake: 10_000n,
    pin: undefined,
    exclude: undefined,
    draw: { explore: 2 ** 32 - 1, pick: 0 },
    exploreBps: 700,
    complete: false,
    traceId: undefined,
    ...changes,
  };
}

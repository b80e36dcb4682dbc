import { FAMILIES, ROLE_NAMES, Role } from '../protocol/constants.ts';
import { keccakText } from '../protocol/keccak.ts';
import type { ConditionBook } from './conditions.ts';
import type { ServedModel } from './directory.ts';
import { kinOf } from './model-kin.ts';
import type { RegisteredNode } from './ports.ts';
import type { Predicted, QualityBook } from './quality-book.ts';

/** What the network looks like from here, for the API. */

export type ModelSummary = {
  readonly id: string;
  readonly contextLength: number;
  readonly maxOutputTokens: number;
  readonly capabilities: readonly string[];
  readonly price: { readonly input: number; readonly output: number };
  readonly nodes: number;
};

/** One row per model id: the widest limits, the union of capabilities, the lowest price of those that serve it. */
export function modelViews(served: readonly ServedModel[]): readonly ModelSummary[] {
  const models = new Map<string, ModelSummary>();
  for (const { model } of served) {
    const known = models.get(model.id);
    models.set(model.id, known === undefined ? { ...model, nodes: 1 } : merged(known, model));
  }
  return [...models.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

const merged = (known: ModelSummary, model: ServedModel['model']): ModelSummary => ({
  id: known.id,
  contextLength: Math.max(known.contextLength, model.contextLength),
  maxOutputTokens: Math.max(known.maxOutputTokens, model.maxOutputTokens),
  capabilities: [...new Set([...known.capabilities, ...model.capabilities])].toSorted(),
  price: {
    input: Math.min(known.price.input, model.price.input),
    output: Math.min(known.price.output, model.price.output),
  },
  nodes: known.nodes + 1,
});

export function nodeViews(
  nodes: readonly RegisteredNode[],
  conditions: ConditionBook,
  quality: QualityBook,
): readonly object[] {
  return nodes.map((node) => ({
    account: node.account,
    role: ROLE_NAMES[node.role],
    signer: node.signer,
    stake: node.stake,
    activeFromEpoch: node.activeFromEpoch,
    inactiveFromEpoch: node.inactiveFromEpoch,
    name: node.metadata.name,
    ...(node.role === Role.inference ? inferenceView(node, conditions, quality) : {}),
  }));
}

function inferenceView(node: RegisteredNode, conditions: ConditionBook, quality: QualityBook): object {
  return {
    models: node.metadata.models.map((model) => ({ ...model, live: conditions.of(node.account, model.id) })),
    quality: Object.fromEntries(
      FAMILIES.map((family, index) => [family, bestKnown(node, index, quality)] as const).filter(
        ([, { examined }]) => examined > 0,
      ),
    ),
  };
}

/** Of a task of middling complexity, with that of its models that was examined most. */
const MIDDLING = 5_000;

function bestKnown({ account, metadata }: RegisteredNode, family: number, quality: QualityBook): Predicted {
  const ofModels = metadata.models.map(({ id }) =>
    quality.predict({ node: account, model: keccakText(id), kin: kinOf(id), family, complexity: MIDDLING }),
  );
  return ofModels.reduce((best, one) => (one.examined > best.examined ? one : best), { qualityBps: 0, examined: 0 });
}

import type { Address } from '../protocol/types.ts';
import type { ScoreReport } from './ports.ts';

/** What PoQ has said of each node per task family: the history that routing predicts from. */
export type QualityBook = {
  /** The one way in for results of examined receipts. */
  readonly recordScore: (report: ScoreReport) => void;
  /** Predicted quality in bps, and how many examined receipts it rests on. */
  readonly predict: (node: Address, family: number) => { readonly qualityBps: number; readonly examined: number };
};

/** Where a node without history starts: a little below what an honest one reaches, so that a record is worth having. */
const PRIOR_BPS = 7_000;
/** How many examined receipts the prior is worth. */
const PRIOR_COUNT = 6;
/** Older results fade once there are this many: a node that gets worse is noticed within as many. */
const MEMORY = 40;
const MAX_NODES = 20_000;

type Mean = { sum: number; count: number };

export function createQualityBook(): QualityBook {
  const nodes = new Map<Address, { readonly all: Mean; readonly families: Map<number, Mean> }>();

  return {
    recordScore({ node, family, score }) {
      const known = nodes.get(node) ?? { all: { sum: 0, count: 0 }, families: new Map<number, Mean>() };
      if (!nodes.has(node) && nodes.size >= MAX_NODES) nodes.delete(nodes.keys().next().value ?? node);
      nodes.set(node, known);
      const mean = known.families.get(family) ?? { sum: 0, count: 0 };
      known.families.set(family, mean);
      add(mean, score);
      add(known.all, score);
    },
    predict(node, family) {
      const known = nodes.get(node);
      if (known === undefined) return { qualityBps: PRIOR_BPS, examined: 0 };
      // First to the node's own mean over families, then that to the common prior.
      const general = shrink(known.all, PRIOR_BPS);
      const mean = known.families.get(family) ?? { sum: 0, count: 0 };
      return { qualityBps: Math.round(shrink(mean, general)), examined: Math.round(mean.count) };
    },
  };
}

function add(mean: Mean, value: number): void {
  const keep = mean.count < MEMORY ? 1 : (MEMORY - 1) / MEMORY;
  mean.sum = mean.sum * keep + value;
  mean.count = mean.count * keep + 1;
}

const shrink = (mean: Mean, prior: number): number => (mean.sum + PRIOR_COUNT * prior) / (mean.count + PRIOR_COUNT);

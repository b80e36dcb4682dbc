import type { Address } from '../protocol/types.ts';
import type { ScoreReport } from './ports.ts';

/** What is to be predicted: whose quality, with which model, at what kind of task. */
export type QualityQuery = {
  readonly node: Address;
  /** Hash of the model's id, as receipts carry it. */
  readonly model: string;
  readonly family: number;
  /** 0…10,000 */
  readonly complexity: number;
  /** Which models it is akin to (`kinOf`): where it has no history of its own, theirs is what is expected. */
  readonly kin?: string;
};

export type Predicted = {
  readonly qualityBps: number;
  /** Examined receipts of the node in the family that it rests on. */
  readonly examined: number;
};

/** What PoQ has said of each node and model per task family: the history that routing predicts from. */
export type QualityBook = {
  /** The one way in for results of examined receipts. */
  readonly recordScore: (report: ScoreReport) => void;
  readonly predict: (query: QualityQuery) => Predicted;
  /** Changes whenever a prediction may have: between two changes predictions can be kept. */
  readonly version: () => number;
};

/** Where a model starts of which nothing is known, nor of its kin. */
const PRIOR_BPS = 7_000;
/** What a node has to make up for before it is taken to be as good as others with its model: a record is worth having. */
const STRANGER_BPS = 200;
/** How many examined receipts a prior is worth. */
const PRIOR_COUNT = 6;
const MAX_NODES = 20_000;
const MAX_MODELS = 2_000;
export const COMPLEXITY_BANDS = 4;

type Model = { readonly all: Mean; readonly families: Map<number, Mean>; readonly bands: readonly Mean[] };
type Node = {
  /** By how much it is better or worse than its models' other nodes. */
  readonly offset: Mean;
  readonly families: Map<string, Mean>;
};

export function createQualityBook(): QualityBook {
  const nodes = new Map<Address, Node>();
  const models = new Map<string, Model>();
  const kinship = createKinship(models);
  let version = 0;

  return {
    recordScore({ node, model, family, complexity, quality }) {
      version += 1;
      const ofModel = entryOf(models, model, newModel, MAX_MODELS);
      const ofNode = entryOf(nodes, node, newNode, MAX_NODES);
      const usual = usualFor(ofModel, family, kinship.priorOf(model));
      const band = bandOf(complexity);
      const expected = usual + shrink(ofModel.bands[band], 0);
      // A fault of its own does not make a task hard: what is easy or hard is told by what others would not have reached.
      ofNode.offset.add(quality - expected);
      const own = meanIn(ofNode.families, `${model}/${family}`);
      own.add(quality - shrink(ofModel.bands[band], 0));
      ofModel.bands[band]?.add(quality - shrink(own, usual + shrink(ofNode.offset, 0)));
      ofModel.all.add(quality);
      meanIn(ofModel.families, family).add(quality);
    },
    predict({ node, model, family, complexity, kin }) {
      if (kin !== undefined) kinship.note(model, kin);
      const prior = kinship.priorOf(model);
      const ofModel = models.get(model);
      const ofNode = nodes.get(node);
      const usual = ofModel === undefined ? prior : usualFor(ofModel, family, prior);
      const harder = shrink(ofModel?.bands[bandOf(complexity)], 0);
      const own = ofNode?.families.get(`${model}/${family}`);
      // From the model's mean to the node's own offset from it, to what the node does in this family.
      const general = usual + (ofNode === undefined ? -STRANGER_BPS : shrink(ofNode.offset, -STRANGER_BPS));
      const qualityBps = Math.round(shrink(own, general) + harder);
      return { qualityBps: Math.max(0, Math.min(10_000, qualityBps)), examined: own?.examined() ?? 0 };
    },
    version: () => version,
  };
}

export const bandOf = (complexity: number): number =>
  Math.max(0, Math.min(COMPLEXITY_BANDS - 1, Math.floor((complexity * COMPLEXITY_BANDS) / 10_000)));

function usualFor(model: Model, family: number, prior: number): number {
  return shrink(model.families.get(family), shrink(model.all, prior));
}

/** Which models are akin, as far as anybody has asked, and what one may expect of a model by the others. */
function createKinship(models: ReadonlyMap<string, Model>) {
  const kinOf = new Map<string, string>();
  const members = new Map<string, Set<string>>();
  const note = (model: string, kin: string): void => {
    if (kinOf.has(model) || kinOf.size >= MAX_MODELS) return;
    kinOf.set(model, kin);
    members.set(kin, (members.get(kin) ?? new Set()).add(model));
  };
  /** Each counts as much as a prior does, however well known it is: one kinsman is one case. */
  const priorOf = (model: string): number => {
    let [sum, count] = [PRIOR_COUNT * PRIOR_BPS, PRIOR_COUNT];
    for (const member of members.get(kinOf.get(model) ?? '') ?? []) {
      const known = member === model ? undefined : models.get(member)?.all;
      if (known === undefined || known.count() === 0) continue;
      const worth = Math.min(PRIOR_COUNT, known.count());
      sum += (worth * known.sum()) / known.count();
      count += worth;
    }
    return sum / count;
  };
  return { note, priorOf };
}

const newNode = (): Node => ({ offset: createMean(), families: new Map() });
const newModel = (): Model => ({
  all: createMean(),
  families: new Map(),
  bands: Array.from({ length: COMPLEXITY_BANDS }, createMean),
});

function entryOf<Key, Entry>(entries: Map<Key, Entry>, key: Key, make: () => Entry, most: number): Entry {
  const known = entries.get(key);
  if (known !== undefined) return known;
  const [oldest] = entries.size < most ? [] : entries.keys();
  if (oldest !== undefined) entries.delete(oldest);
  const fresh = make();
  entries.set(key, fresh);
  return fresh;
}

function meanIn<Key>(means: Map<Key, Mean>, key: Key): Mean {
  const known = means.get(key);
  if (known !== undefined) return known;
  const fresh = createMean();
  means.set(key, fresh);
  return fresh;
}

const shrink = (mean: Mean | undefined, prior: number): number =>
  mean === undefined ? prior : (mean.sum() + PRIOR_COUNT * prior) / (mean.count() + PRIOR_COUNT);

/** Older results fade once there are this many. */
const MEMORY = 80;
/** So many of the latest results are held against what came before. */
const LATEST = 12;
/** Standard errors by which they must differ: then what came before is forgotten, for the node has become another. */
const CHANGED = 4.5;
/** Results of one and the same node differ at least so much, bps. */
const LEAST_DEVIATION = 500;

type Mean = {
  readonly add: (value: number) => void;
  readonly sum: () => number;
  readonly count: () => number;
  readonly examined: () => number;
};

/** A mean that fades, and starts again when the latest results show that something has changed. */
function createMean(): Mean {
  const latest: number[] = [];
  let [sum, squares, count, examined] = [0, 0, 0, 0];

  const take = (value: number): void => {
    const keep = count < MEMORY ? 1 : (MEMORY - 1) / MEMORY;
    sum = sum * keep + value;
    squares = squares * keep + value * value;
    count = count * keep + 1;
  };
  const hasChanged = (): boolean => {
    if (count < LATEST || latest.length < LATEST) return false;
    const before = sum / count;
    const deviation = Math.sqrt(Math.max(LEAST_DEVIATION ** 2, squares / count - before ** 2));
    const now = latest.reduce((total, value) => total + value, 0) / latest.length;
    return Math.abs(now - before) > CHANGED * deviation * Math.sqrt(1 / latest.length + 1 / count);
  };

  return {
    add(value) {
      examined += 1;
      latest.push(value);
      if (hasChanged()) [sum, squares, count] = [0, 0, 0];
      if (count === 0 && latest.length > LATEST) latest.splice(0).forEach(take);
      else if (latest.length > LATEST) take(latest.shift() ?? 0);
    },
    sum: () => sum + latest.reduce((total, value) => total + value, 0),
    count: () => count + latest.length,
    examined: () => examined,
  };
}

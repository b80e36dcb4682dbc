import type { Address } from '../protocol/types.ts';
import type { Candidate, LiveConditions } from './candidate.ts';
import type { Eligible } from './eligibility.ts';

/**
 * What a list of candidates says of itself, as numbers in columns: worked out once per list, so that a decision over a
 * thousand of them compares no big integers and looks up no strings.
 */
export type Field = {
  readonly candidates: readonly Candidate[];
  /** Position in `models` and in `accounts`. */
  readonly model: Int32Array;
  readonly account: Int32Array;
  readonly models: readonly string[];
  readonly accounts: readonly Address[];
  readonly stake: Float64Array;
  readonly inputPrice: Float64Array;
  readonly outputPrice: Float64Array;
  readonly contextLength: Float64Array;
  readonly maxOutputTokens: Float64Array;
  /** 1 where a model declares the capability. */
  readonly able: (need: string) => Uint8Array;
  /** 1 where a model names no languages, or names this one. */
  readonly speaks: (language: string) => Uint8Array;
  /** The candidate at an index with its conditions: the same object as long as those are kept in the same one. */
  readonly entry: (index: number, live: LiveConditions) => Eligible;
  /** Place of each candidate by account and model: who comes first where nothing else decides. */
  readonly ranks: () => Int32Array;
  /** By epoch and least stake: 0 in order, 1 inactive, 2 too little stake. */
  readonly chain: (epoch: bigint, minimumStake: bigint) => Uint8Array;
};

const fields = new WeakMap<readonly Candidate[], Field>();

/** The same list has the same field: lists are never changed in place. */
export function fieldOf(candidates: readonly Candidate[]): Field {
  const known = fields.get(candidates);
  if (known !== undefined) return known;
  const field = createField(candidates);
  fields.set(candidates, field);
  return field;
}

function createField(candidates: readonly Candidate[]): Field {
  const models = createTable<string>();
  const accounts = createTable<Address>();
  const stake = Float64Array.from(candidates, ({ node }) => Number(node.stake));
  const column = (valueOf: (candidate: Candidate) => number): Float64Array => Float64Array.from(candidates, valueOf);
  return {
    candidates,
    model: Int32Array.from(candidates, ({ model }) => models.place(model.id)),
    account: Int32Array.from(candidates, ({ node }) => accounts.place(node.account)),
    models: models.list,
    accounts: accounts.list,
    stake,
    entry: createEntries(candidates),
    inputPrice: column(({ model }) => model.price.input),
    outputPrice: column(({ model }) => model.price.output),
    contextLength: column(({ model }) => model.contextLength),
    maxOutputTokens: column(({ model }) => model.maxOutputTokens),
    able: createColumns(candidates, (capabilities, need) => capabilities.includes(need)),
    speaks: createColumns(candidates, isSpoken),
    ranks: createRanks(candidates),
    chain: createChainFacts(candidates),
  };
}

function createTable<Name extends string>() {
  const places = new Map<Name, number>();
  const list: Name[] = [];
  const place = (name: Name): number => {
    const known = places.get(name);
    if (known !== undefined) return known;
    places.set(name, list.length);
    return list.push(name) - 1;
  };
  return { list, place };
}

/** A thousand small objects per decision would keep the collector busier than the decision is. */
function createEntries(candidates: readonly Candidate[]): Field['entry'] {
  const entries: Eligible[] = [];
  return (index, live) => {
    const known = entries[index];
    if (known?.live === live) return known;
    const candidate = candidates[index];
    if (candidate === undefined) throw new RangeError('no such candidate');
    const { input: inputPrice, output: outputPrice } = candidate.model.price;
    const fresh: Eligible = { candidate, live, stake: Number(candidate.node.stake), inputPrice, outputPrice, index };
    entries[index] = fresh;
    return fresh;
  };
}

/** Needs and languages are the few that task profiles know of, so the columns are few. */
function createColumns(
  candidates: readonly Candidate[],
  holds: (capabilities: readonly string[], name: string) => boolean,
): (name: string) => Uint8Array {
  const columns = new Map<string, Uint8Array>();
  return (name) => {
    const known = columns.get(name);
    if (known !== undefined) return known;
    const column = Uint8Array.from(candidates, ({ model }) => Number(holds(model.capabilities, name)));
    columns.set(name, column);
    return column;
  };
}

/** A model that is good in a few languages only says so: `language:de`. */
const LANGUAGE = 'language:';

const isSpoken = (capabilities: readonly string[], language: string): boolean =>
  capabilities.includes(`${LANGUAGE}${language}`) || !capabilities.some((name) => name.startsWith(LANGUAGE));

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Numbers instead of texts: in a large field most weights are equal, and every decision would compare all the names. */
function createRanks(candidates: readonly Candidate[]): Field['ranks'] {
  let ranks: Int32Array | undefined;
  return () => {
    if (ranks !== undefined) return ranks;
    const sorted = candidates
      .map(({ node, model }, index) => ({ account: node.account, model: model.id, index }))
      .sort((a, b) => byText(a.account, b.account) || byText(a.model, b.model));
    ranks = new Int32Array(candidates.length);
    for (let place = 0; place < sorted.length; place += 1) ranks[sorted[place]?.index ?? 0] = place;
    return ranks;
  };
}

function createChainFacts(candidates: readonly Candidate[]): Field['chain'] {
  let last: { readonly epoch: bigint; readonly minimumStake: bigint; readonly column: Uint8Array } | undefined;
  return (epoch, minimumStake) => {
    if (last?.epoch === epoch && last.minimumStake === minimumStake) return last.column;
    const column = Uint8Array.from(candidates, ({ node }) => {
      if (node.activeFromEpoch > epoch || node.inactiveFromEpoch <= epoch) return 1;
      return node.stake < minimumStake ? 2 : 0;
    });
    last = { epoch, minimumStake, column };
    return column;
  };
}

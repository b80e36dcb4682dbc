import { needsEscalation, revealQuorum } from '../../../gateway/poq/committee.ts';
import { foldEvaluators, weightOf } from '../../../gateway/poq/fold.ts';
import type { ScoredGold, Share } from '../../../gateway/poq/fold.ts';
import { scoreReceipt } from '../../../gateway/poq/score.ts';
import { createTable, tableLeaves } from '../../../gateway/poq/table.ts';
import type { Table } from '../../../gateway/poq/table.ts';
import { trustTable } from '../../../gateway/poq/trust.ts';
import type { GoldSample } from '../../../gateway/poq/trust.ts';
import type { Address, EvaluationEntry } from '../../../gateway/protocol/types.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import { lie } from './liars.ts';
import type { Attack } from './liars.ts';
import { FAMILY, PARAMS, RECEIPT, gatewayOf, nodeIncome } from './node-income.ts';
import type { Examined } from './node-income.ts';
import { createAdaptive, createOracle, engineConsensus, mean, median, trimmedMean } from './rules.ts';
import type { Aggregate, Member, Rule } from './rules.ts';
import { EVALUATORS, NODES, evaluatorAccounts, nodeAccounts } from './world.ts';
import type { World, WorldReceipt } from './world.ts';

export type TrustRule = (samples: readonly GoldSample[], evaluators: readonly Address[]) => Map<Address, number>;

/** Golds that the attackers see through, and say the truth about. */
export type GoldKnowledge = 'none' | 'suspicious' | 'first-gateway' | 'all';

export type Scenario = {
  readonly attack: Attack;
  readonly ratio: number;
  readonly committee: number;
  /** Whether a committee that disagrees calls a larger one, as the default parameters have it. */
  readonly escalates?: boolean;
  /** Trust by golds, in place of the engine's own rule. */
  readonly trustRule?: TrustRule;
  readonly knows?: GoldKnowledge;
  /** How far the liars move a score, in place of the attack's own figure. */
  readonly push?: number;
  /** Epochs after which the liars come back under new accounts, of which no gold knows anything. */
  readonly renewal?: number;
};

/** Epochs before the first table that golds have made is in force: nobody is told apart yet. */
export const START_UP = 2;

export type Outcome = {
  /** Per rule: sum of squared errors on live receipts, by epoch. */
  readonly squares: Readonly<Record<Rule, readonly number[]>>;
  readonly live: readonly number[];
  /** Mean pay of a liar and of an honest evaluator, 10,000 being an equal share of the evaluators' pool. */
  readonly pay: Readonly<Record<Rule, { readonly attacker: number; readonly honest: number }>>;
  /** By epoch: share of the inference pool (bps) that the attackers' nodes get, and would get by true accuracy. */
  readonly ownNodes: { readonly paid: readonly number[]; readonly due: readonly number[] };
  /** Receipts for which a larger committee was called, by epoch. */
  readonly escalated: readonly number[];
  /** Mean trust in the last epoch's table. */
  readonly trust: { readonly attacker: number; readonly honest: number };
};

/** Runs one scenario through the engine, epoch by epoch, and every other rule on the same scores beside it. */
export function simulate(world: World, scenario: Scenario): Outcome {
  const liars = new Set(world.order.slice(0, Math.round(scenario.ratio * EVALUATORS)));
  const state = createState(world, scenario, liars);
  world.epochs.forEach((receipts, epoch) => runEpoch(state, receipts, epoch));
  return outcomeOf(state);
}

type Closeness = { sum: number[]; count: number[] };
type Others = Exclude<Rule, 'poq'>;

function createState(world: World, scenario: Scenario, liars: ReadonlySet<number>) {
  const perEpoch = (): number[] => world.epochs.map(() => 0);
  const closeness = (): Closeness => ({ sum: evaluatorAccounts.map(() => 0), count: evaluatorAccounts.map(() => 0) });
  const onScores = (aggregate: (scores: readonly number[]) => number): Aggregate => {
    return (members) => aggregate(members.map(({ score }) => score));
  };
  const others: Readonly<Record<Others, Aggregate>> = {
    mean: onScores(mean),
    median: onScores(median),
    trimmed: onScores(trimmedMean),
    adaptive: createAdaptive(),
    oracle: createOracle(),
  };
  return {
    world,
    scenario,
    liars,
    ownNodes: Math.round(scenario.ratio * NODES),
    others,
    squares: {
      poq: perEpoch(),
      mean: perEpoch(),
      median: perEpoch(),
      trimmed: perEpoch(),
      adaptive: perEpoch(),
      oracle: perEpoch(),
    },
    live: perEpoch(),
    escalated: perEpoch(),
    closeness: {
      mean: closeness(),
      median: closeness(),
      trimmed: closeness(),
      adaptive: closeness(),
      oracle: closeness(),
    },
    golds: [] as (readonly ScoredGold[])[],
    tables: [] as Table[],
    pays: [] as number[][],
    ownPaid: [] as number[],
    ownDue: [] as number[],
    lastOfNode: nodeAccounts.map(() => 5_000),
    truths: { sum: 5_000, count: 1 },
  };
}

type State = ReturnType<typeof createState>;

const NO_TABLE = createTable([]);

function runEpoch(state: State, receipts: readonly WorldReceipt[], epoch: number): void {
  const table = state.tables[epoch - START_UP] ?? NO_TABLE;
  const accounts = accountsIn(state, epoch);
  const examined = receipts.map((receipt) => examine(state, { receipt, table, epoch, accounts }));
  const golds = examined.filter(({ receipt }) => receipt.isGold);
  const scored = golds.map(({ receipt, entries }): ScoredGold => ({
    gateway: gatewayOf(receipt),
    truth: receipt.truth,
    entries,
  }));
  state.golds.push(scored);
  const known = state.golds.slice(-PARAMS.goldWindowEpochs).flat();
  state.tables.push(tableAfter(state, known, accounts));
  state.pays.push(payOf(foldEvaluators({ records: examined, golds: known }), accounts));
  const { paid, due } = nodeIncome(state.ownNodes, examined);
  state.ownPaid.push(paid);
  state.ownDue.push(due);
  for (const { receipt, record } of examined) state.lastOfNode[receipt.node] = record.accuracy;
  for (const { truth } of scored) {
    state.truths.sum += truth;
    state.truths.count += 1;
  }
}

/** Account of every evaluator in an epoch. */
function accountsIn({ liars, scenario }: State, epoch: number): readonly Address[] {
  const life = scenario.renewal === undefined ? 0 : Math.floor(epoch / scenario.renewal);
  return evaluatorAccounts.map((account, index): Address =>
    life > 0 && liars.has(index) ? `0x${(16 * life + 15).toString(16).padStart(4, '0')}${account.slice(6)}` : account,
  );
}

type Examination = {
  readonly receipt: WorldReceipt;
  readonly table: Table;
  readonly epoch: number;
  readonly accounts: readonly Address[];
};

function examine(state: State, { receipt, table, epoch, accounts }: Examination): Examined {
  const accountOf = (evaluator: number): Address => accounts[evaluator] ?? '0x';
  const call = (size: number): Member[] =>
    receipt.ranked.slice(0, size).map((evaluator) => {
      return memberOf(state, receipt, evaluator, table.trustOf(accountOf(evaluator)));
    });
  const first = call(state.scenario.committee);
  const isLarger = mustEscalate(state.scenario, first);
  const members = isLarger ? call(PARAMS.escalatedSize) : first;
  if (isLarger) state.escalated[epoch] = (state.escalated[epoch] ?? 0) + 1;
  const committee = members.length;
  const entries = members.map((member) => entryOf(member, accountOf(member.evaluator)));
  const scored = scoreReceipt({
    receipt: RECEIPT,
    examination: { committeeSize: committee, entries },
    tableMask: table.maskOf(FAMILY),
    comparable: false,
    params: PARAMS,
  });
  // The engine scores nothing with fewer than four reveals; the aggregation itself can still be looked at.
  const record = committee < revealQuorum(committee) ? { ...scored, accuracy: engineConsensus(members) } : scored;
  compare(state, { receipt, members, epoch, result: record.accuracy });
  return { receipt, entries, record };
}

function mustEscalate({ escalates = false }: Scenario, members: readonly Member[]): boolean {
  const accuracies = members.map(({ score }) => score);
  return escalates && needsEscalation({ size: members.length, eligible: EVALUATORS, accuracies }, PARAMS);
}

function memberOf(state: State, receipt: WorldReceipt, evaluator: number, trust: number): Member {
  const isLiar = state.liars.has(evaluator);
  return {
    evaluator,
    score: isLiar ? scoreOfLiar(state, receipt, evaluator) : (receipt.honest[evaluator] ?? 0),
    trust,
    isLiar,
  };
}

function scoreOfLiar(state: State, receipt: WorldReceipt, evaluator: number): number {
  const { attack, knows = 'none', push } = state.scenario;
  if (isKnown(receipt, knows)) return knows === 'suspicious' ? (receipt.honest[evaluator] ?? 0) : receipt.truth;
  return lie(attack, {
    receipt,
    evaluator,
    isOwnNode: receipt.node >= NODES - state.ownNodes,
    lastOfNode: state.lastOfNode[receipt.node] ?? 5_000,
    meanTruth: state.truths.sum / state.truths.count,
    push,
  });
}

function isKnown(receipt: WorldReceipt, knows: GoldKnowledge): boolean {
  switch (knows) {
    case 'none':
      return false;
    case 'suspicious':
      return receipt.isSuspicious;
    case 'first-gateway':
      return receipt.isGold && receipt.gateway === 0;
    case 'all':
      return receipt.isGold;
  }
}

type Comparison = {
  readonly receipt: WorldReceipt;
  readonly members: readonly Member[];
  readonly epoch: number;
  readonly result: number;
};

function compare(state: State, { receipt, members, epoch, result }: Comparison): void {
  const add = (rule: Rule, value: number): void => {
    if (!receipt.isGold) state.squares[rule][epoch] = (state.squares[rule][epoch] ?? 0) + (value - receipt.truth) ** 2;
  };
  if (!receipt.isGold) state.live[epoch] = (state.live[epoch] ?? 0) + 1;
  add('poq', result);
  for (const rule of ['mean', 'median', 'trimmed', 'adaptive', 'oracle'] as const) {
    const value = state.others[rule](members);
    add(rule, value);
    const { sum, count } = state.closeness[rule];
    for (const { evaluator, score } of members) {
      sum[evaluator] = (sum[evaluator] ?? 0) + 1 - Math.abs(score - value) / 10_000;
      count[evaluator] = (count[evaluator] ?? 0) + 1;
    }
  }
}

/** Trust by the golds of the window's epochs, written to a table and read back as its users would. */
function tableAfter({ scenario }: State, golds: readonly ScoredGold[], accounts: readonly Address[]): Table {
  const samples = golds.flatMap(({ gateway, truth, entries }) =>
    entries.map(({ evaluator, accuracy }) => ({ gateway, evaluator, accuracy, truth })),
  );
  const trust = (scenario.trustRule ?? trustTable)(samples, accounts);
  const counted = new Map(nodeAccounts.map((account) => [account, 100]));
  return createTable(
    tableLeaves({
      evaluators: accounts,
      nodes: nodeAccounts,
      trust,
      counted,
      masks: new Map(),
      floorRateBps: PARAMS.floorRateBps,
    }),
  );
}

/** Each evaluator's part of the pool, 10,000 being an equal part. */
function payOf(shares: readonly Share[], accounts: readonly Address[]): number[] {
  const weights = new Map(shares.map((share) => [share.account, Number(weightOf(share))]));
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  return accounts.map((account) => (total === 0 ? 0 : ((weights.get(account) ?? 0) * EVALUATORS * 10_000) / total));
}

function outcomeOf(state: State): Outcome {
  const split = (values: readonly number[]): { attacker: number; honest: number } => ({
    attacker: mean(values.filter((_, index) => state.liars.has(index))),
    honest: mean(values.filter((_, index) => !state.liars.has(index))),
  });
  const own = split(
    evaluatorAccounts.map((_, index) => mean(state.pays.slice(START_UP).map((pays) => pays[index] ?? 0))),
  );
  const byCloseness = (rule: Others): { attacker: number; honest: number } => {
    const { sum, count } = state.closeness[rule];
    const total = sum.reduce((all, value) => all + value, 0);
    const even = count.reduce((all, value) => all + value, 0) / EVALUATORS;
    return split(
      sum.map((value, index) => ((value / Math.max(1, count[index] ?? 1)) * even * EVALUATORS * 10_000) / total),
    );
  };
  const table = state.tables.at(-1) ?? NO_TABLE;
  return {
    squares: state.squares,
    live: state.live,
    escalated: state.escalated,
    pay: {
      poq: own,
      oracle: own,
      mean: byCloseness('mean'),
      median: byCloseness('median'),
      trimmed: byCloseness('trimmed'),
      adaptive: byCloseness('adaptive'),
    },
    ownNodes: { paid: state.ownPaid, due: state.ownDue },
    trust: split(accountsIn(state, state.world.epochs.length - 1).map((account) => table.trustOf(account))),
  };
}

function entryOf({ score, trust }: Member, evaluator: Address): EvaluationEntry {
  return {
    evaluator,
    accuracy: score,
    consistency: 0,
    format: 0,
    trust,
    scorerId: ZERO_HASH,
    salt: ZERO_HASH,
    signature: '0x',
  };
}

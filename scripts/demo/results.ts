import { volumeUnits } from '../../gateway/protocol/units.ts';
import type { ChainFacts, ClaimEvent, EpochInfo } from './chain-facts.ts';
import type { Dataset } from './dataset.ts';
import { weightOf } from './invariants.ts';
import type { EvaluatorMember, Member, Members, NodeMember } from './members.ts';
import type { Sent } from './traffic.ts';

/** One operator's share in the run, over all its epochs. Shares and scores are in basis points. */
export type OperatorResult = {
  readonly name: string;
  readonly note: string;
  readonly account: string;
  readonly role: number;
  /** Callers' requests that it answered (nodes), receipts it examined (evaluators), receipts it wrote (gateway). */
  readonly requests: number;
  readonly examined: number;
  /** Mean quality of its reward leaves, weighted by volume; undefined when it has none. */
  readonly scoreBps: number | undefined;
  readonly volume: bigint;
  readonly difficultyBps: number | undefined;
  /** Its part of the role's weight, mean over the epochs. */
  readonly shareBps: number;
  /** What its weight alone would give, what the claims paid, and what the cap took off in between. */
  readonly earned: bigint;
  readonly claimed: bigint;
  readonly capped: bigint;
  readonly perEpoch: readonly bigint[];
  /** Measured by the demo against the tasks' references; nodes only. */
  readonly accuracyBps: number | undefined;
  /** Trust that its golds have earned by the last epoch's table, 1,000 is neutral; evaluators only. */
  readonly trust: number | undefined;
};

export type ResultsInput = {
  readonly members: Members;
  readonly datasets: readonly Dataset[];
  readonly facts: ChainFacts;
  readonly sent: readonly Sent[];
};

export function operatorResults(input: ResultsInput): OperatorResult[] {
  const { nodes, evaluators, gateway } = input.members;
  return [
    ...nodes.map((node) => nodeResult(input, node)),
    ...evaluators.map((evaluator) => evaluatorResult(input, evaluator)),
    gatewayResult(input, gateway),
  ];
}

function addressOf({ account }: Member): string {
  return account.address.toLowerCase();
}

function nodeResult(input: ResultsInput, node: NodeMember): OperatorResult {
  const account = addressOf(node);
  const receipts = input.datasets
    .flatMap((dataset) => dataset.receipts)
    .filter(({ receipt }) => receipt['node'] === account);
  const answered = input.sent.filter((request) => request.ok && request.node === account);
  const measured = answered.flatMap(({ accuracyBps }) => (accuracyBps === undefined ? [] : [accuracyBps]));
  return {
    ...shared(input, node, node.profile === undefined ? node.backend.model : ''),
    requests: answered.length,
    examined: receipts.filter(({ record }) => record['status'] !== 0).length,
    accuracyBps: mean(measured),
    trust: undefined,
  };
}

function evaluatorResult(input: ResultsInput, evaluator: EvaluatorMember): OperatorResult {
  const account = addressOf(evaluator);
  const receipts = input.datasets.flatMap((dataset) => dataset.receipts);
  const reveals = sum(input.datasets.map((dataset) => revealsOf(dataset, account)));
  const trust = input.datasets.at(-1)?.table.find((leaf) => leaf['kind'] === 0 && leaf['account'] === account)?.[
    'value'
  ];
  return {
    ...shared(input, evaluator, evaluator.lies ? 'lies' : ''),
    requests: receipts.filter(({ record }) => record['status'] !== 0).length,
    examined: Number(reveals),
    accuracyBps: undefined,
    trust: trust === undefined ? undefined : Number(trust),
  };
}

function entryOf(entry: unknown): string | undefined {
  return typeof entry === 'object' && entry !== null && 'evaluator' in entry
    ? String(entry.evaluator).toLowerCase()
    : undefined;
}

function gatewayResult(input: ResultsInput, gateway: Member): OperatorResult {
  const receipts = input.datasets.flatMap((dataset) => dataset.receipts);
  return {
    ...shared(input, gateway, ''),
    requests: receipts.length,
    examined: receipts.filter(({ record }) => record['status'] !== 0).length,
    accuracyBps: undefined,
    trust: undefined,
  };
}

type Leaf = Readonly<Record<string, string | number>>;

function shared(input: ResultsInput, member: Member, note: string) {
  const account = addressOf(member);
  const leaves = input.datasets.map((dataset) => leafOf(dataset, account, member.role));
  const claims = input.facts.claims.filter((claim) => claim.account === account && claim.role === member.role);
  const worked = leaves.filter((leaf) => leaf !== undefined);
  return {
    name: member.name,
    note,
    account,
    role: member.role,
    volume: sum(worked.map((leaf) => BigInt(leaf['volume'] ?? 0))),
    scoreBps: weighted(worked, 'quality'),
    difficultyBps: weighted(worked, 'difficulty'),
    shareBps: mean(leaves.map((leaf, epoch) => shareOf(leaf, input.facts.epochs[epoch]))) ?? 0,
    earned: sum(leaves.map((leaf, epoch) => uncapped(leaf, input.facts.epochs[epoch]))),
    claimed: sum(claims.map(({ amount }) => amount)),
    capped: sum(claims.map(({ returned }) => returned)),
    perEpoch: leaves.map((_, epoch) => amountIn(claims, epoch)),
  };
}

/** An operator whose weight is zero has no leaf in the tree; its work is in the dataset all the same. */
function leafOf(dataset: Dataset, account: string, role: number): Leaf | undefined {
  const leaf = dataset.rewards.find((entry) => entry['account'] === account && entry['role'] === role);
  if (leaf !== undefined || role === 2) return leaf;
  const volume = role === 0 ? unitsOf(dataset, account) : revealsOf(dataset, account);
  return volume === 0n
    ? undefined
    : { account, role, quality: 0, volume: volume.toString(), difficulty: 10_000, feedback: 10_000 };
}

function unitsOf({ receipts }: Dataset, node: string): bigint {
  const own = receipts.filter(({ receipt, record }) => receipt['node'] === node && record['status'] !== 0);
  return sum(
    own.map(({ receipt }) => volumeUnits({ units: BigInt(receipt['units'] ?? 0), flags: Number(receipt['flags']) })),
  );
}

function revealsOf({ receipts }: Dataset, evaluator: string): bigint {
  return BigInt(receipts.filter(({ entries }) => entries.some((entry) => entryOf(entry) === evaluator)).length);
}

function amountIn(claims: readonly ClaimEvent[], epoch: number): bigint {
  return sum(claims.filter((claim) => claim.epoch === BigInt(epoch)).map(({ amount }) => amount));
}

function uncapped(leaf: Leaf | undefined, info: EpochInfo | undefined): bigint {
  if (leaf === undefined || info === undefined) return 0n;
  const role = Number(leaf['role']);
  const [pool = 0n, total = 0n] = [info.pools[role], info.totals[role]];
  return total === 0n ? 0n : (pool * weightOf(leaf)) / total;
}

function shareOf(leaf: Leaf | undefined, info: EpochInfo | undefined): number {
  const total = leaf === undefined ? 0n : (info?.totals[Number(leaf['role'])] ?? 0n);
  return leaf === undefined || total === 0n ? 0 : Number((weightOf(leaf) * 10_000n) / total);
}

function weighted(leaves: readonly Leaf[], field: string): number | undefined {
  const volume = sum(leaves.map((leaf) => BigInt(leaf['volume'] ?? 0)));
  if (volume === 0n) return undefined;
  return Number(sum(leaves.map((leaf) => BigInt(leaf['volume'] ?? 0) * BigInt(leaf[field] ?? 0))) / volume);
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((total, value) => total + value, 0n);
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0
    ? undefined
    : Math.round(values.reduce((total, value) => total + value, 0) / values.length);
}

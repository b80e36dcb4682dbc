import { createSeededRandomInt } from '../../../gateway/gold/random.ts';
import { generateGold } from '../../../gateway/gold/source.ts';
import type { GoldTask } from '../../../gateway/gold/task.ts';
import { rankCommittee } from '../../../gateway/poq/committee.ts';
import type { CountedReceipt } from '../../../gateway/poq/counting.ts';
import { consistencyScore, isComparable } from '../../../gateway/poq/dimensions/consistency.ts';
import type { Constraint } from '../../../gateway/poq/dimensions/constraint.ts';
import { constraintsOf } from '../../../gateway/poq/dimensions/constraints-of.ts';
import { formatScore } from '../../../gateway/poq/dimensions/format.ts';
import { accuracyWithReference } from '../../../gateway/poq/dimensions/reference.ts';
import { accuracyWithoutReference } from '../../../gateway/poq/dimensions/reference-free.ts';
import { readRequest } from '../../../gateway/poq/dimensions/request-view.ts';
import { createSchemaCheck } from '../../../gateway/poq/dimensions/schema-check.ts';
import { readTask } from '../../../gateway/poq/dimensions/task.ts';
import type { Task } from '../../../gateway/poq/dimensions/task.ts';
import { foldInference } from '../../../gateway/poq/fold.ts';
import type { Share } from '../../../gateway/poq/fold.ts';
import { DEFAULT_PARAMS } from '../../../gateway/poq/params.ts';
import { goldScore, scoreReceipt } from '../../../gateway/poq/score.ts';
import type { ScoredReceipt } from '../../../gateway/poq/cost.ts';
import { isDrawn, isReplayed, samplingRate } from '../../../gateway/poq/sampling.ts';
import { canonicalJson } from '../../../gateway/protocol/canonical-json.ts';
import { FAMILIES, Flag, TABLE_DEFAULTS } from '../../../gateway/protocol/constants.ts';
import { keccakText } from '../../../gateway/protocol/keccak.ts';
import type { Address, EvaluationEntry } from '../../../gateway/protocol/types.ts';
import { ZERO_HASH } from '../../../gateway/protocol/types.ts';
import { workUnits } from '../../../gateway/protocol/units.ts';
import { evaluatorAccounts, gatewayAccounts } from './world.ts';

/**
 * An epoch of real answers: nodes answer generated tasks, honest evaluators with the default scorer judge them, and the
 * engine draws, replays, scores, carries and folds. Only the clock is made up: a fixed time and price per token.
 */
export type MarketNode = {
  readonly account: Address;
  /** Model family, as replays are grouped by. */
  readonly family: string;
  readonly answer: (task: Prompted) => string;
  /** Times the usual latency. */
  readonly slowness?: number;
};

export type Prompted = { readonly gold: GoldTask; readonly task: Task; readonly constraints: readonly Constraint[] };

export const COMMITTEE = 5;
const MS_PER_TOKEN = 20;
const MICRO_USD_PER_TOKEN = 1;
const checkSchema = createSchemaCheck();

export function generateTasks(seed: string, count: number): Prompted[] {
  const random = createSeededRandomInt(seed);
  return Array.from({ length: count }, () => {
    const gold = generateGold(random);
    const view = readRequest(canonicalJson(gold.body));
    return { gold, task: readTask(view), constraints: constraintsOf(view) };
  });
}

/** About four characters make a token. */
const tokensOf = (text: string): number => Math.ceil(text.length / 4);

export type Epoch = {
  readonly seed: string;
  readonly tasks: readonly Prompted[];
  /** The first so many tasks are golds. */
  readonly golds: number;
  readonly nodes: readonly MarketNode[];
};

/** A receipt as it is scored and counted. */
type MarketReceipt = ScoredReceipt & Pick<CountedReceipt, 'promptTokens'>;

/** What the epoch's fold gives each node. */
export function runMarket(epoch: Epoch): readonly Share[] {
  const receipts = epoch.nodes.flatMap((node) => epoch.tasks.map((_, index) => countedReceipt(epoch, node, index)));
  return foldInference({ receipts, feedback: new Map(), minQualityBps: DEFAULT_PARAMS.minQualityBps });
}

function countedReceipt(epoch: Epoch, node: MarketNode, index: number): CountedReceipt {
  const prompted = epoch.tasks[index];
  if (prompted === undefined) throw new RangeError('no such task');
  const answer = node.answer(prompted);
  const isGold = index < epoch.golds;
  const receipt = receiptOf(prompted, answer, node.slowness ?? 1, isGold);
  const record = recordOf(epoch, node, { index, prompted, answer, receipt });
  const truth = truthOf(prompted, answer);
  return {
    gateway: gatewayAccounts[0] ?? '0x',
    node: node.account,
    complexity: 5_000,
    ...receipt,
    ...record,
    ...(isGold ? { exactScore: goldScore({ receipt, record, truth, params: DEFAULT_PARAMS }) } : {}),
  };
}

export function truthOf({ gold, task }: Prompted, answer: string): number {
  return accuracyWithReference({ question: task.prompt, answer, reference: gold.reference });
}

function receiptOf(
  { gold, task, constraints }: Prompted,
  answer: string,
  slowness: number,
  isGold: boolean,
): MarketReceipt {
  const tokens = { prompt: tokensOf(task.prompt), completion: tokensOf(answer) };
  const limit = gold.body['max_tokens'];
  return {
    family: FAMILIES.indexOf(gold.family),
    flags: (isGold ? Flag.gold : 0) | (constraints.length > 0 ? Flag.formatConstrained : 0),
    promptTokens: tokens.prompt,
    units: workUnits(tokens, typeof limit === 'number' ? limit : undefined),
    priceMicroUsd: BigInt((tokens.prompt + 4 * tokens.completion) * MICRO_USD_PER_TOKEN),
    totalMs: Math.round((200 + MS_PER_TOKEN * tokens.completion) * slowness),
  };
}

type Served = {
  readonly index: number;
  readonly prompted: Prompted;
  readonly answer: string;
  readonly receipt: MarketReceipt;
};

function recordOf(epoch: Epoch, node: MarketNode, { index, prompted, answer, receipt }: Served) {
  const receiptLeaf = keccakText(`leaf ${epoch.seed} ${node.account} ${index}`);
  const seed = keccakText(`seed ${epoch.seed}`);
  const live = epoch.tasks.length;
  const isExamined = isDrawn(seed, receiptLeaf, samplingRate(DEFAULT_PARAMS.floorRateBps, live));
  const isCompared = isExamined && isReplayed(seed, receiptLeaf, DEFAULT_PARAMS.replayRateBps);
  const peers = isCompared ? replaysOf(epoch, node, { seed, receiptLeaf, prompted }) : [];
  return scoreReceipt({
    receipt,
    examination: isExamined
      ? {
          committeeSize: COMMITTEE,
          entries: Array(COMMITTEE).fill(entryOf(prompted, answer, peers)) as EvaluationEntry[],
        }
      : undefined,
    tableMask: TABLE_DEFAULTS.mask | 2,
    comparable: isComparable(peers),
    params: DEFAULT_PARAMS,
  });
}

type Peer = { readonly account: string; readonly family: string; readonly text: string };

function replaysOf(
  epoch: Epoch,
  node: MarketNode,
  {
    seed,
    receiptLeaf,
    prompted,
  }: { readonly seed: `0x${string}`; readonly receiptLeaf: `0x${string}`; readonly prompted: Prompted },
): Peer[] {
  const accounts = epoch.nodes.map(({ account }) => account);
  const ranked = rankCommittee({ seed, receiptLeaf, evaluators: accounts, excluded: [node.account] });
  return ranked.slice(0, DEFAULT_PARAMS.replayPeers).flatMap((account) => {
    const peer = epoch.nodes.find((one) => one.account === account);
    return peer === undefined ? [] : [{ account, family: peer.family, text: peer.answer(prompted) }];
  });
}

/** What an honest evaluator with the default scorer says. */
export function judge({ task, constraints }: Prompted, answer: string, peers: readonly Peer[]) {
  return {
    accuracy: accuracyWithoutReference({ task, answer, peers }),
    consistency: consistencyScore(answer, peers, task),
    format: formatScore(answer, constraints, checkSchema),
  };
}

function entryOf(prompted: Prompted, answer: string, peers: readonly Peer[]): EvaluationEntry {
  return {
    evaluator: evaluatorAccounts[0] ?? '0x',
    ...judge(prompted, answer, peers),
    trust: TABLE_DEFAULTS.trust,
    scorerId: ZERO_HASH,
    salt: ZERO_HASH,
    signature: '0x',
  };
}

import { rankCommittee } from '../../../gateway/poq/committee.ts';
import { keccakText } from '../../../gateway/protocol/keccak.ts';
import type { Address, Hex } from '../../../gateway/protocol/types.ts';
import { below, createRandom } from '../../demo/random.ts';
import type { Random } from '../../demo/random.ts';

/**
 * What every rule is shown alike: receipts with a true accuracy, the committee that the engine draws for each, and what
 * every evaluator would say of it if it were honest. Attack, ratio and rule change nothing here, so cells of one seed
 * differ by their rule alone.
 */
export const EVALUATORS = 20;
export const NODES = 5;
const LARGEST_COMMITTEE = 9;

export type WorldOptions = {
  readonly seed: number;
  readonly epochs: number;
  /** Drawn receipts per epoch, golds included, and the golds among them. */
  readonly receipts: number;
  readonly golds: number;
  readonly gateways: number;
};

export type WorldReceipt = {
  readonly node: number;
  readonly gateway: number;
  readonly isGold: boolean;
  /** Whether somebody who looks for golds would notice this one; drawn for half of them. */
  readonly isSuspicious: boolean;
  readonly truth: number;
  /** Evaluators by rank in the committee draw. */
  readonly ranked: readonly number[];
  /** Per evaluator: its honest score, a score out of thin air, a coin in [0, 1). */
  readonly honest: readonly number[];
  readonly random: readonly number[];
  readonly coin: readonly number[];
};

export type World = {
  readonly options: WorldOptions;
  /** Evaluators in the order in which they turn into attackers. */
  readonly order: readonly number[];
  readonly epochs: readonly (readonly WorldReceipt[])[];
};

export const evaluatorAccounts: readonly Address[] = accounts('e', EVALUATORS);
export const nodeAccounts: readonly Address[] = accounts('d', NODES);
export const gatewayAccounts: readonly Address[] = accounts('a', 9);

const indexOf = new Map(evaluatorAccounts.map((account, index) => [account, index]));

function accounts(prefix: string, count: number): Address[] {
  return Array.from({ length: count }, (_, index): Address => {
    return `0x${prefix}${index.toString(16).padStart(39, '0')}`;
  });
}

export function createWorld(options: WorldOptions): World {
  const random = createRandom('attacks', options.seed);
  const skills = evaluatorAccounts.map(() => 600 + below(random, 901));
  const order = evaluatorAccounts
    .map((_, index) => ({ index, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ index }) => index);
  const epochs = Array.from({ length: options.epochs }, (_, epoch) =>
    Array.from({ length: options.receipts }, (_, index) => {
      return createReceipt({ options, random, skills, epoch, index });
    }),
  );
  return { options, order, epochs };
}

type ReceiptInputs = {
  readonly options: WorldOptions;
  readonly random: Random;
  readonly skills: readonly number[];
  readonly epoch: number;
  readonly index: number;
};

function createReceipt({ options, random, skills, epoch, index }: ReceiptInputs): WorldReceipt {
  const node = below(random, NODES);
  const truth = trueAccuracy(random, node);
  const isGold = index < options.golds;
  return {
    node,
    gateway: index % options.gateways,
    isGold,
    isSuspicious: isGold && random() < 0.5,
    truth,
    ranked: drawCommittee(options.seed, epoch, index),
    honest: skills.map((deviation) => clampBps(truth + deviation * normal(random))),
    random: skills.map(() => below(random, 10_001)),
    coin: skills.map(() => random()),
  };
}

/** Nodes are right in 90, 80, 70, 60 and 50 % of cases; the rest is partly right (60 %) or wrong. */
function trueAccuracy(random: Random, node: number): number {
  if (random() < 0.9 - 0.1 * node) return 8_000 + below(random, 2_001);
  return random() < 0.6 ? 2_000 + below(random, 6_001) : below(random, 2_001);
}

function drawCommittee(seed: number, epoch: number, index: number): number[] {
  const hash = (name: string): Hex => keccakText(`${name} ${seed} ${epoch} ${index}`);
  return rankCommittee({ seed: hash('seed'), receiptLeaf: hash('leaf'), evaluators: evaluatorAccounts, excluded: [] })
    .slice(0, LARGEST_COMMITTEE)
    .map((account) => indexOf.get(account) ?? 0);
}

export function clampBps(value: number): number {
  return Math.min(10_000, Math.max(0, Math.round(value)));
}

/** Box–Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

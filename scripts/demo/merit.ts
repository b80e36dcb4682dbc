import { dgai } from '../lib/units.ts';
import type { Check } from './invariants.ts';
import type { OperatorResult } from './results.ts';

/** Fewer answers than this say little about how good a node is. */
const MIN_REQUESTS = 10;
/** Nodes nearer to each other than this are not told apart by a run of this size. */
const CLEARLY_APART_BPS = 2_500;

/** Whether pay followed work. Known only for the demo's own cast: there it is measured who works well and who lies. */
export function checkMerit(results: readonly OperatorResult[], liar: string): Check[] {
  return [
    checkNodes(results.filter(({ role }) => role === 0)),
    checkLiar(
      results.filter(({ role }) => role === 1),
      liar,
    ),
  ];
}

type Worker = OperatorResult & { readonly accuracyBps: number };

/** Of any two nodes that are clearly apart, the one that was right more often earns more per unit. */
function checkNodes(nodes: readonly OperatorResult[]): Check {
  const name = 'better work earns more';
  const worked = nodes.filter(isWorker).toSorted((a, b) => b.accuracyBps - a.accuracyBps);
  const pairs = worked.flatMap((better, index) =>
    worked
      .slice(index + 1)
      .filter(({ accuracyBps }) => better.accuracyBps - accuracyBps >= CLEARLY_APART_BPS)
      .map((worse) => [better, worse] as const),
  );
  const wrong = pairs.filter(([better, worse]) => perUnit(better) <= perUnit(worse));
  if (wrong.length > 0) return { name, ok: false, detail: wrong.map(([a, b]) => `${pay(a)}, ${pay(b)}`).join('; ') };
  const [best, worst] = [worked[0], worked.at(-1)];
  if (pairs.length === 0 || best === undefined || worst === undefined)
    return { name, ok: false, detail: 'no two nodes with work were clearly apart' };
  return { name, ok: true, detail: `in all ${pairs.length} pairs that are clearly apart: ${pay(best)}, ${pay(worst)}` };
}

function isWorker(node: OperatorResult): node is Worker {
  return node.accuracyBps !== undefined && node.volume > 0n && node.requests >= MIN_REQUESTS;
}

/** What the weight gives, before the cap: the cap limits concentration, it does not judge work. */
function perUnit({ earned, volume }: Worker): bigint {
  return earned / volume;
}

function pay(node: Worker): string {
  return `${node.name} (${percent(node.accuracyBps)} right) gets ${dgai(perUnit(node))} per unit`;
}

/**
 * The first epoch runs on equal trust. In each later one the liar gets less than every honest evaluator, and less than
 * the least of them in sum. An honest one whose few golds of an epoch were all alike gets nothing for it, so nothing
 * beside nothing is no fault of that epoch.
 */
function checkLiar(evaluators: readonly OperatorResult[], liarName: string): Check {
  const name = 'lying does not pay';
  const liar = evaluators.find((evaluator) => evaluator.name === liarName);
  const honest = evaluators.filter((evaluator) => evaluator !== liar);
  if (liar === undefined || honest.length === 0) return { name, ok: false, detail: 'nobody to compare' };
  const wrong = liar.perEpoch.flatMap((lied, epoch) => {
    const paid = honest.map(({ perEpoch }) => perEpoch[epoch] ?? 0n);
    const least = paid.toSorted(ascending)[0] ?? 0n;
    return epoch > 0 && lied > 0n && lied >= least
      ? [`${dgai(lied)} in epoch ${epoch}, an honest one ${dgai(least)}`]
      : [];
  });
  const lied = total(liar.perEpoch.slice(1));
  const least = honest.map(({ perEpoch }) => total(perEpoch.slice(1))).toSorted(ascending)[0] ?? 0n;
  const detail = `${liarName} gets ${dgai(lied)} after the first epoch, the least of the honest ones ${dgai(least)}`;
  return { name, ok: wrong.length === 0 && lied < least, detail: [detail, ...wrong].join('; ') };
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function total(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}

function percent(bps: number): string {
  return `${Math.round(bps / 100)} %`;
}

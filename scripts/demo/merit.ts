import { dgai } from '../lib/units.ts';
import type { Check } from './invariants.ts';
import type { OperatorResult } from './results.ts';

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

/** Of the nodes with work, the one that was right most often earns more per unit than the one that was least often. */
function checkNodes(nodes: readonly OperatorResult[]): Check {
  const name = 'better work earns more';
  const worked = nodes.flatMap((node) =>
    node.accuracyBps === undefined || node.volume === 0n ? [] : [{ ...node, accuracyBps: node.accuracyBps }],
  );
  const ranked = worked.toSorted((a, b) => b.accuracyBps - a.accuracyBps);
  const [best, worst] = [ranked[0], ranked.at(-1)];
  if (best === undefined || worst === undefined || best === worst)
    return { name, ok: false, detail: 'fewer than two nodes had work' };
  const [more, less] = [perUnit(best), perUnit(worst)];
  const detail = `${best.name} was right in ${percent(best.accuracyBps)} and gets ${dgai(more)} per unit, ${worst.name} in ${percent(worst.accuracyBps)} and gets ${dgai(less)}`;
  return { name, ok: more > less, detail };
}

/** What the weight gives, before the cap: the cap limits concentration, it does not judge work. */
function perUnit({ earned, volume }: OperatorResult): bigint {
  return volume === 0n ? 0n : earned / volume;
}

/** From the second epoch on the liar gets less than every honest evaluator's mean: the first runs on equal trust. */
function checkLiar(evaluators: readonly OperatorResult[], liarName: string): Check {
  const later = evaluators.map(({ name, perEpoch }) => ({ name, amount: total(perEpoch.slice(1)) }));
  const lied = later.find(({ name }) => name === liarName)?.amount ?? 0n;
  const honest = later.filter(({ name }) => name !== liarName).map(({ amount }) => amount);
  const mean = honest.length === 0 ? 0n : total(honest) / BigInt(honest.length);
  const detail = `${liarName} gets ${dgai(lied)} after the first epoch, the honest ones ${dgai(mean)} on average`;
  return { name: 'lying does not pay', ok: lied < mean, detail };
}

function total(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}

function percent(bps: number): string {
  return `${Math.round(bps / 100)} %`;
}

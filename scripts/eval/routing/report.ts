import { textTable } from '../attacks/text-table.ts';
import type { Evaluation, Point } from './evaluate.ts';

const numbers = ({ accuracy, usdPerMillion }: Point): string[] => [accuracy.toFixed(4), usdPerMillion.toFixed(4)];
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export function reportLines({ presets, baselines, curve, curveArea, bootstrap }: Evaluation, rows: number): string[] {
  const models = Object.entries(baselines.models).toSorted(([, a], [, b]) => b.accuracy - a.accuracy);
  const [bestName = '', best = baselines.random] = models[0] ?? [];
  const beside = ({ accuracy, usdPerMillion }: Point): string[] => [
    percent(accuracy / Math.max(best.accuracy, 1e-9)),
    percent(usdPerMillion / Math.max(best.usdPerMillion, 1e-9)),
  ];
  const line = (name: string, at: Point): string[] => [name, ...numbers(at), ...beside(at)];
  const sampled = curve.filter((_, index) => index % Math.ceil(curve.length / 16) === 0 || index === curve.length - 1);
  return [
    `${rows} questions, ${models.length} models; best single model: ${bestName}`,
    '',
    ...textTable(
      ['', 'accuracy', 'USD per million', 'of the best: accuracy', 'price'],
      [
        ...presets.map(({ name, ...at }) => line(`router, ${name}`, at)),
        line('random', baselines.random),
        line('oracle', baselines.oracle),
        ...models.map(([name, at]) => line(name, at)),
      ],
    ),
    '',
    `quality against the best single model: ${signed(bootstrap.difference)}, 95 % of paired resamples from ${signed(bootstrap.low)} to ${signed(bootstrap.high)}`,
    `area under the recovered gap over the price from the cheapest to the best model: ${curveArea.toFixed(4)}`,
    '',
    ...textTable(
      ['curve: USD per million', 'accuracy'],
      sampled.map((at) => numbers(at).toReversed()),
    ),
  ];
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;

import type { Load, LoadResult } from './load.ts';
import type { Rig, System, SystemName } from './systems.ts';

/** One combination of load; every system gets the same. */
export type Case = {
  readonly kind: 'plain' | 'stream';
  readonly bodyKb: number;
  readonly connections: number;
};

export const METRICS = ['rps', 'p50Ms', 'p99Ms', 'ttftP50Ms', 'cpuUsPerRequest', 'rssMb'] as const;
export type Metric = (typeof METRICS)[number];
export type Figures = Readonly<Record<Metric, number>>;

/** A median with the least and the greatest of its samples. */
export type Run = { readonly system: SystemName; readonly case: Case['kind'] } & Omit<Case, 'kind'> &
  Figures & { readonly samples: number; readonly range: Readonly<Record<Metric, readonly [number, number]>> };

/** @throws when an answer was not what the upstream sent: figures of a system that fails mean nothing. */
export async function sample(rig: Rig, system: System, one: Case, ms: number): Promise<Figures> {
  const load: Load = {
    port: system.port,
    path: '/v1/chat/completions',
    headers: system.headers,
    model: 'bench-model',
    bodyBytes: Math.round(one.bodyKb * 1_000),
    stream: one.kind === 'stream',
    connections: one.connections,
    ms,
  };
  const before = await system.child.usage();
  const result = await rig.load.ask<LoadResult>({ load }, 'result');
  const after = await system.child.usage();
  if (result.requests === 0 || result.errors > result.requests / 1_000)
    throw new Error(
      `${system.name}: ${result.errors} of ${result.requests + result.errors} answers were wrong: ${result.firstError}`,
    );
  return {
    rps: (1_000 * result.requests) / result.elapsedMs,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    ttftP50Ms: result.ttftP50Ms,
    cpuUsPerRequest: (after.cpuUs - before.cpuUs) / result.requests,
    rssMb: after.rssBytes / 1_048_576,
  };
}

const round = (value: number): number => Number(value.toPrecision(4));

export function summarise(system: SystemName, { kind, ...one }: Case, samples: readonly Figures[]): Run {
  const sorted = (metric: Metric): readonly number[] =>
    samples.map((figures) => figures[metric]).toSorted((a, b) => a - b);
  const median = (metric: Metric): number => {
    const values = sorted(metric);
    const half = values.length >> 1;
    return round(values.length % 2 === 1 ? (values[half] ?? 0) : ((values[half - 1] ?? 0) + (values[half] ?? 0)) / 2);
  };
  const figures = Object.fromEntries(METRICS.map((metric) => [metric, median(metric)])) as Figures;
  const rangeOf = (metric: Metric): readonly [number, number] => {
    const values = sorted(metric);
    return [round(values[0] ?? 0), round(values.at(-1) ?? 0)];
  };
  const entries: readonly (readonly [Metric, readonly [number, number]])[] = METRICS.map((m) => [m, rangeOf(m)]);
  const range = Object.fromEntries(entries) as Run['range'];
  return { system, case: kind, ...one, ...figures, samples: samples.length, range };
}

/** What the goals are stated in: this gateway against the others in the same case of the same run. */
export type Ratio = {
  readonly case: string;
  readonly cpuToBare: number | undefined;
  readonly cpuToPortkey: number | undefined;
  readonly rpsToPortkey: number | undefined;
  readonly addedP50Ms: number | undefined;
  readonly addedTtftMs: number | undefined;
  readonly portkeyAddedTtftMs: number | undefined;
};

export function ratiosOf(runs: readonly Run[]): readonly Ratio[] {
  return runs
    .filter(({ system }) => system === 'dgrid')
    .map((own) => {
      const other = (name: SystemName): Run | undefined =>
        runs.find(
          (run) =>
            run.system === name &&
            run.case === own.case &&
            run.bodyKb === own.bodyKb &&
            run.connections === own.connections,
        );
      const ratio = (a: number | undefined, b: number | undefined): number | undefined =>
        a === undefined || b === undefined ? undefined : round(a / b);
      const added = (a: number | undefined, b: number | undefined): number | undefined =>
        a === undefined || b === undefined ? undefined : round(a - b);
      const [direct, bare, portkey] = [other('direct'), other('bare'), other('portkey')];
      return {
        case: `${own.case} ${own.bodyKb} KB × ${own.connections}`,
        cpuToBare: ratio(own.cpuUsPerRequest, bare?.cpuUsPerRequest),
        cpuToPortkey: ratio(own.cpuUsPerRequest, portkey?.cpuUsPerRequest),
        rpsToPortkey: ratio(own.rps, portkey?.rps),
        addedP50Ms: added(own.p50Ms, direct?.p50Ms),
        addedTtftMs: added(own.ttftP50Ms, direct?.ttftP50Ms),
        portkeyAddedTtftMs: added(portkey?.ttftP50Ms, direct?.ttftP50Ms),
      };
    });
}

import type { Candidate, Mutant, Operator } from './mutation.ts';
import { EXPLAINED } from './explained.ts';
import type { Verdict } from './worker.ts';

export type Judged = { readonly mutant: Mutant; readonly line: number; readonly verdict: Verdict };

const survived = ({ verdict }: Judged): boolean => verdict.killedBy.length === 0;

/** One line of source text, shortened. */
export const brief = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 100 ? `${line.slice(0, 97)}…` : line;
};

/** Why no test can see the change; undefined if nobody has said so. */
export function explanationOf({ scope, original, replacement }: Candidate): string | undefined {
  return EXPLAINED.find(
    (one) => one.scope === scope && one.original === brief(original) && one.replacement === brief(replacement),
  )?.why;
}

export function describe({ mutant, line }: Judged): string {
  const { id, operator, file, scope, original, replacement } = mutant;
  const change = replacement === '' ? 'removed' : `→ ${brief(replacement)}`;
  return `#${id} ${scope} (${file}:${line}) ${operator}: ${brief(original)} ${change}`;
}

function counted(judged: readonly Judged[], keyOf: (one: Judged) => string): readonly string[] {
  const keys = [...new Set(judged.map(keyOf))].sort();
  return keys.map((key) => {
    const own = judged.filter((one) => keyOf(one) === key);
    return `  ${key.padEnd(44)} ${String(own.length - own.filter(survived).length).padStart(4)} of ${own.length}`;
  });
}

export type Summary = {
  readonly mutants: number;
  readonly killed: number;
  readonly killedPercent: number;
  readonly survivors: readonly Judged[];
  readonly unexplained: readonly Judged[];
};

export function summarise(judged: readonly Judged[]): Summary {
  const survivors = judged.filter(survived);
  const killed = judged.length - survivors.length;
  return {
    mutants: judged.length,
    killed,
    killedPercent: judged.length === 0 ? 0 : Math.floor((10_000 * killed) / judged.length) / 100,
    survivors,
    unexplained: survivors.filter(({ mutant }) => explanationOf(mutant) === undefined),
  };
}

export function reportLines(judged: readonly Judged[]): readonly string[] {
  const { mutants, killed, killedPercent, survivors, unexplained } = summarise(judged);
  return [
    '',
    'killed by file',
    ...counted(judged, ({ mutant }) => mutant.file),
    '',
    'killed by operator',
    ...counted(judged, ({ mutant }): Operator => mutant.operator),
    '',
    `survivors (${survivors.length}, ${unexplained.length} of them unexplained)`,
    ...survivors.map((one) => {
      const why = explanationOf(one.mutant);
      return `  ${describe(one)}\n    ${why === undefined ? 'UNEXPLAINED' : why}`;
    }),
    '',
    `${killed} of ${mutants} mutants killed (${killedPercent} %)`,
  ];
}

import { compileFile } from './compile.ts';
import type { Sources } from './compile.ts';
import { createEngine } from './edr.ts';
import type { Engine, FuzzConfig } from './edr.ts';
import { likelyFirst, toCompiled } from './suites.ts';
import type { Codes, Suite } from './suites.ts';

/** One of the processes that compile and test; a mutant that never returns is ended together with its process. */

export type Request =
  | { readonly kind: 'compile'; readonly sources: Sources; readonly file: string }
  | { readonly kind: 'load'; readonly root: string; readonly codes: Codes; readonly config: FuzzConfig }
  | { readonly kind: 'run'; readonly mutant: number; readonly file: string };

export type Verdict = {
  readonly killedBy: readonly string[];
  readonly tests: number;
  readonly milliseconds: number;
};

type Loaded = { readonly engine: Engine; readonly suites: readonly Suite[] };
let loaded: Loaded | undefined;

const QUICK = '^test_';
const SLOW = '^(testFuzz|invariant)';

/** Unit tests of the likeliest suite, of the others, then the fuzzed ones and the invariants; stops where one fails. */
async function judge({ engine, suites }: Loaded, mutant: number, file: string): Promise<Verdict> {
  const startedAt = performance.now();
  const ordered = likelyFirst(suites, file);
  let tests = 0;
  for (const pattern of [QUICK, SLOW]) {
    const wanted = new RegExp(pattern);
    // The engine never reports on a suite in which nothing is left to run.
    for (const { id } of ordered.filter((suite) => suite.tests.some((test) => wanted.test(test)))) {
      const { failed, passed } = await engine.run(id, mutant, pattern);
      tests += failed.length + passed;
      if (failed.length > 0) {
        return { killedBy: failed, tests, milliseconds: Math.round(performance.now() - startedAt) };
      }
    }
  }
  return { killedBy: [], tests, milliseconds: Math.round(performance.now() - startedAt) };
}

async function answer(request: Request): Promise<unknown> {
  if (request.kind === 'compile') return compileFile(request.sources, request.file);
  if (request.kind === 'load') {
    const { artifacts, suites } = toCompiled(request.codes);
    loaded = { engine: await createEngine(request.root, artifacts, request.config), suites };
    return suites.length;
  }
  if (loaded === undefined) throw new Error('nothing is loaded');
  return judge(loaded, request.mutant, request.file);
}

process.on('message', (request: Request) => {
  answer(request).then(
    (value) => process.send?.({ value }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});

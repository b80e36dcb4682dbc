import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { Scorer } from './scorer.ts';

/** Loads a scorer that somebody else wrote; rejects when the module has no `createScorer` or that gives no scorer. */
export async function loadScorerModule(path: string): Promise<Scorer> {
  const module = (await import(pathToFileURL(resolve(path)).href)) as { readonly createScorer?: unknown };
  if (typeof module.createScorer !== 'function') throw new Error('exports no createScorer');
  const scorer: unknown = await (module.createScorer as () => unknown)();
  if (!isScorer(scorer)) throw new Error('createScorer gives no { id: 32 bytes in hex, score(evaluand) }');
  return scorer;
}

function isScorer(value: unknown): value is Scorer {
  if (typeof value !== 'object' || value === null || !('id' in value) || !('score' in value)) return false;
  return typeof value.id === 'string' && /^0x[0-9a-f]{64}$/.test(value.id) && typeof value.score === 'function';
}

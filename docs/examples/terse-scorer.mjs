// A scorer of one's own, for DGRID_EVALUATOR_SCORER: likes answers that are there, unlike their question, and short.
// It imports nothing of the gateway, and the engine knows nothing of it but this module's two exports in one object.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const CONFIG = { name: 'example.terse', enoughWords: 40 };

const wordsOf = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

export function createScorer() {
  // Whatever decides a score goes into the id: the source, the configuration, weights if there are any.
  const hash = createHash('sha256')
    .update(readFileSync(new URL(import.meta.url)))
    .update(JSON.stringify(CONFIG));
  return {
    id: `0x${hash.digest('hex')}`,
    async score({ request, response }) {
      const asked = new Set(wordsOf(JSON.parse(request).messages?.at(-1)?.content ?? ''));
      const said = wordsOf(JSON.parse(response).choices?.[0]?.message?.content ?? '');
      const news = said.filter((word) => !asked.has(word)).length;
      const terse = Math.min(1, CONFIG.enoughWords / Math.max(1, said.length));
      const accuracy = Math.round(10_000 * Math.min(1, news / 2) * terse);
      return { accuracy, consistency: 0, format: 10_000 };
    },
  };
}

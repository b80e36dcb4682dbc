import { TASTES } from '../../../gateway/route/score.ts';
import type { Preset } from '../../../gateway/route/preferences.ts';
import { createQualityPredictor } from '../../../gateway/route/quality/predictor.ts';
import type { QualityModel } from '../../../gateway/route/quality/predictor.ts';
import { createFeatureReader } from '../../../gateway/route/text/features.ts';
import { bestOf } from './evaluate.ts';
import type { Prices } from './prices.ts';
import { createFieldRouter } from './router.ts';

/** Small changes that leave the task what it is. */
export const REWORDINGS: readonly { readonly name: string; readonly change: (text: string) => string }[] = [
  { name: 'please first', change: (text) => `Please answer this: ${text}` },
  { name: 'thanks last', change: (text) => `${text}\n\nThanks!` },
  { name: 'lower case', change: (text) => text.toLowerCase() },
  { name: 'no end mark', change: (text) => text.replace(/[\s.?!:]+$/, '') },
  { name: 'blank lines', change: (text) => `\n${text.replaceAll('\n', '\n\n')}\n` },
  { name: 'a typing error', change: (text) => text.replace(/([a-z])([a-z])(?=[a-z]{2}\b)/, '$2$1') },
];

export type Flips = { readonly name: string; readonly flipped: number };

/** Share of texts, over all rewordings, for which the likeliest choice is another model than for the text as it was. */
export function choiceFlips(model: QualityModel, prices: Prices, texts: readonly string[], preset: Preset): Flips[] {
  const reader = createFeatureReader();
  const predictor = createQualityPredictor(model);
  const router = createFieldRouter(model.models, prices);
  const choice = (text: string): number =>
    bestOf(Array.from(router.weigh(text, predictor.predict(reader.read(text)), TASTES[preset])));
  const asWritten = texts.map(choice);
  return REWORDINGS.map(({ name, change }) => ({
    name,
    flipped:
      texts.filter((text, index) => choice(change(text)) !== asWritten[index]).length / Math.max(1, texts.length),
  }));
}

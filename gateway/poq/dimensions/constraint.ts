import type { JsonValue } from '../../protocol/canonical-json.ts';

/** What a request demands of an answer's form. Everything here can be decided by a program, without an opinion. */
export type Constraint =
  /** `raw`: nothing but JSON; otherwise one code fence around it is accepted. */
  | { readonly kind: 'json'; readonly raw: boolean; readonly objectOnly: boolean; readonly schema?: JsonValue }
  | { readonly kind: 'count'; readonly unit: CountUnit; readonly min?: number; readonly max?: number }
  | { readonly kind: 'list'; readonly style: 'bullet' | 'number' | 'any'; readonly items?: number }
  | { readonly kind: 'language'; readonly code: LanguageCode }
  | { readonly kind: 'codeFence'; readonly language?: string }
  | ({ readonly kind: 'include'; readonly text: string } & Amount)
  | { readonly kind: 'exclude'; readonly text: string }
  | { readonly kind: 'case'; readonly form: 'upper' | 'lower' }
  | { readonly kind: 'startsWith'; readonly text: string }
  | { readonly kind: 'endsWith'; readonly text: string }
  | { readonly kind: 'pattern'; readonly source: string }
  | { readonly kind: 'choice'; readonly options: readonly string[] }
  | ({ readonly kind: 'letter'; readonly letter: string } & Amount)
  /** `distinct`: no two parts are the same. */
  | { readonly kind: 'parts'; readonly separator: string; readonly count: number; readonly distinct?: boolean }
  /** Counted from 1, or from the end by -1. */
  | { readonly kind: 'paragraphStart'; readonly index: number; readonly text: string }
  | ({ readonly kind: 'placeholders' } & Amount)
  | { readonly kind: 'postscript'; readonly marker: string }
  | ({ readonly kind: 'highlights' } & Amount)
  | ({ readonly kind: 'sections'; readonly marker: string } & Amount)
  | { readonly kind: 'title' }
  | ({ readonly kind: 'capitalWords' } & Amount)
  | { readonly kind: 'quoted' }
  | { readonly kind: 'without'; readonly characters: string }
  | { readonly kind: 'repeat'; readonly text: string };

type Amount = { readonly min?: number; readonly max?: number };

export const COUNT_UNITS = ['words', 'sentences', 'paragraphs', 'lines', 'characters'] as const;
export type CountUnit = (typeof COUNT_UNITS)[number];

/** ISO 639-1 codes of the languages that `language.ts` can tell apart. */
export const LANGUAGE_CODES = [
  'en',
  'fr',
  'de',
  'es',
  'it',
  'pt',
  'nl',
  'ru',
  'zh',
  'ja',
  'ko',
  'ar',
  'hi',
  'el',
  'he',
  'th',
] as const;
export type LanguageCode = (typeof LANGUAGE_CODES)[number];

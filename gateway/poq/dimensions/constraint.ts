import type { JsonValue } from '../../protocol/canonical-json.ts';

/** What a request demands of an answer's form. Everything here can be decided by a program, without an opinion. */
export type Constraint =
  /** `raw`: nothing but JSON; otherwise one code fence around it is accepted. */
  | { readonly kind: 'json'; readonly raw: boolean; readonly objectOnly: boolean; readonly schema?: JsonValue }
  | { readonly kind: 'count'; readonly unit: CountUnit; readonly min?: number; readonly max?: number }
  | { readonly kind: 'list'; readonly style: 'bullet' | 'number' | 'any'; readonly items?: number }
  | { readonly kind: 'language'; readonly code: LanguageCode }
  | { readonly kind: 'codeFence'; readonly language?: string }
  | { readonly kind: 'include'; readonly text: string; readonly min?: number }
  | { readonly kind: 'exclude'; readonly text: string }
  | { readonly kind: 'case'; readonly form: 'upper' | 'lower' }
  | { readonly kind: 'startsWith'; readonly text: string }
  | { readonly kind: 'endsWith'; readonly text: string }
  | { readonly kind: 'pattern'; readonly source: string }
  | { readonly kind: 'choice'; readonly options: readonly string[] };

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

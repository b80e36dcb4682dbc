import fc from 'fast-check';

/** Texts that no scorer may fail on. */
export const HOSTILE: readonly string[] = [
  '',
  ' \n\t\u0000\u0007',
  'x'.repeat(1_000_000),
  'word '.repeat(200_000),
  '{"a":'.repeat(20_000),
  '['.repeat(100_000),
  '(1+'.repeat(5_000),
  '=1=1=1+1=2'.repeat(5_000),
  '1,'.repeat(50_000),
  '9'.repeat(10_000),
  '👩‍👩‍👧‍👦'.repeat(5_000),
  '\ud800\udc00\ud800 lone \udfff surrogates',
  'שלום עולם \u202eevil\u202c مرحبا',
  'é'.repeat(3_000),
  '```json\n'.repeat(3_000),
  'one of: a or '.repeat(3_000),
  '\n \n'.repeat(30_000),
  `\n${' '.repeat(100_000)}x`,
  'İSTANBUL ﬁ ẞ ǆ',
  '##### boxed{ \\boxed{ #### '.repeat(2_000),
  '__proto__ constructor hasOwnProperty toString valueOf',
  '{"__proto__":{"x":1},"constructor":null}',
];

export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.json(),
  fc.lorem({ maxCount: 40 }),
  fc.constantFrom(...HOSTILE.map((text) => text.slice(0, 2_000))),
);

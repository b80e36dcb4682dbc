/** Amounts as prompts put them: "at least three", "5 or more". */

const SMALL: { readonly [word: string]: number } = {
  a: 1,
  one: 1,
  two: 2,
  three: 3,
  four: 4,
  five: 5,
  six: 6,
  seven: 7,
  eight: 8,
  nine: 9,
  ten: 10,
  twelve: 12,
  fifteen: 15,
  twenty: 20,
};

export const NUMBER = '(\\d{1,5}|a|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty)';
export const numberOf = (word: string | undefined): number => SMALL[(word ?? '').toLowerCase()] ?? Number(word);

/** Two groups: the relation, and the number. */
export const AMOUNT = `(at least |no fewer than |no less than |a minimum of |at most |no more than |not more than |up to |a maximum of |less than |fewer than |more than |exactly )?${NUMBER}(?: or more)?`;

export type Bounds = { readonly min?: number; readonly max?: number };

/** A number without a relation is what there must be at least: nobody minds more of what was asked for. */
export function boundsOf(relation: string | undefined, number: string | undefined): Bounds {
  const amount = numberOf(number);
  const words = (relation ?? '').trim().toLowerCase();
  if (words === 'exactly') return { min: amount, max: amount };
  if (/^(?:less|fewer)/.test(words)) return { max: Math.max(0, amount - 1) };
  if (/^(?:at most|no more|not more|up to|a max)/.test(words)) return { max: amount };
  return { min: words === 'more than' ? amount + 1 : amount };
}

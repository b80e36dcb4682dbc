import { between, pickOne } from './random.ts';
import type { RandomInt } from './random.ts';

/** Material for generated tasks. Names are put together from syllables, so that there is no list to learn by heart. */
const FIRST_NAMES =
  'Ada Bruno Clara Dario Elin Farid Greta Hugo Iris Jonas Katya Liam Mina Noor Otto Paula Rafael Selma Theo Uma Victor Wanda Yara Zoran'.split(
    ' ',
  );
const STARTS =
  'Bal Cor Dren El Far Gal Hol Ister Jor Kel Lum Mar Nor Ost Per Quen Ros Sil Tor Ulm Ver Wen Yor Zal'.split(' ');
const MIDDLES = ['', '', 'a', 'en', 'i', 'o', 'er', 'and'];
const PERSON_ENDS = 'berg mann sen ski ova etti ström wood ley dahl aro enko'.split(' ');
const PLACE_ENDS = 'ton ford haven burg mouth field by stad wick dale minster port'.split(' ');

const compound = (random: RandomInt, ends: readonly string[]): string =>
  `${pickOne(random, STARTS)}${pickOne(random, MIDDLES)}${pickOne(random, ends)}`;

export const firstName = (random: RandomInt): string => pickOne(random, FIRST_NAMES);
export const personName = (random: RandomInt): string => `${firstName(random)} ${compound(random, PERSON_ENDS)}`;
export const placeName = (random: RandomInt): string => compound(random, PLACE_ENDS);

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

export type MadeDate = { readonly iso: string; readonly written: string };

export function madeDate(random: RandomInt): MadeDate {
  const [year, month, day] = [between(random, 2015, 2029), random(12), between(random, 1, 28)];
  const name = MONTHS[month] ?? '';
  const iso = `${year}-${String(month + 1).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
  return { iso, written: pickOne(random, [`${day} ${name} ${year}`, `${name} ${day}, ${year}`, iso]) };
}

export const GOODS = [
  'apples',
  'bolts',
  'candles',
  'chairs',
  'eggs',
  'lamps',
  'notebooks',
  'oranges',
  'pencils',
  'plates',
  'stamps',
  'tiles',
  'towels',
  'tulips',
] as const;
export const CONTAINERS = ['bag', 'basket', 'box', 'carton', 'crate', 'drawer', 'packet', 'tray'] as const;

export function plural(noun: string): string {
  return /(?:x|s|sh|ch)$/.test(noun) ? `${noun}es` : `${noun}s`;
}

/** A code such as `RX-40718`. */
export function reference(random: RandomInt): string {
  const letters = Array.from({ length: 2 }, () => String.fromCharCode(65 + random(26))).join('');
  return `${letters}-${between(random, 10_000, 99_999)}`;
}

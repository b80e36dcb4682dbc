/**
 * One spelling for what is written in several ways, before words are compared: abbreviations, ranges of years, words
 * and note numbers that lost the space between them. Applied to both sides of every comparison.
 */
const UNITED_STATES = /\bU\.\s?S\.(?:\s?A\.)?|\bUSA?\b/g;
/** "wasMontezuma", as text copied from marked-up pages reads. */
const GLUED = /\b(a|an|the|is|was|are|were|of|in|on|at|by|to|and|for|from|as|with|his|her|its)(?=[A-Z])/g;
/** The note mark at the end of "29,0321" and of "in 20161." */
const NOTE_AFTER_THOUSANDS = /(\d{1,3}(?:,\d{3})+)\d(?!\d)/g;
const NOTE_AFTER_YEAR = /\b((?:1[5-9]|20)\d\d)[1-9]{1,2}(?=\.(?:\s|$))/g;
/** "1632–53" and "1985-1993"; the century of the second year is that of the first. */
const YEARS = /\b(1\d|20)(\d\d)\s?[-–—]\s?(\d\d)(?!\d)/g;

export function respell(text: string): string {
  const known = text.includes('U') ? text.replace(UNITED_STATES, 'United States') : text;
  const spaced = /[a-z][A-Z]/.test(known) ? known.replace(GLUED, '$1 ') : known;
  if (!/\d\d/.test(spaced)) return spaced;
  const years = spaced.replace(NOTE_AFTER_YEAR, '$1').replace(YEARS, '$1$2 $1$3');
  return years.includes(',') ? years.replace(NOTE_AFTER_THOUSANDS, '$1') : years;
}

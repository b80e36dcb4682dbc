/** How far into a text is read, from either end: ten megabytes cost no more than these few kilobytes. */
const PREFIX = 3_072;
const SUFFIX = 1_024;
export const WINDOW = PREFIX + SUFFIX;

export const bounded = (text: string): string =>
  text.length <= WINDOW ? text : `${text.slice(0, PREFIX)}\n${text.slice(-SUFFIX)}`;

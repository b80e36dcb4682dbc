/** Whether all texts and numbers in a JSON value are together no longer than `most` characters; stops where they are. */
export function isWithin(value: unknown, most: number): boolean {
  return left(value, most) >= 0;
}

function left(value: unknown, most: number): number {
  if (most < 0) return most;
  if (typeof value === 'string') return most - value.length;
  if (typeof value !== 'object' || value === null) return most - 1;
  let rest = most;
  if (Array.isArray(value)) for (const item of value) rest = left(item, rest);
  else for (const item of Object.values(value)) rest = left(item, rest);
  return rest;
}

/** Nesting that nobody needs and that recursive writers of JSON do not survive. */
export const MAX_JSON_DEPTH = 100;

/** Whether parsed JSON is nested more than `limit` levels deep; looks no deeper than that itself. */
export function isDeeperThan(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (limit === 0) return true;
  for (const item of Object.values(value)) if (isDeeperThan(item, limit - 1)) return true;
  return false;
}

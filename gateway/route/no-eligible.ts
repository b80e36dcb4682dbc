import { DgridError } from '../errors.ts';
import type { Reason, ReasonCounts } from './candidate.ts';
import type { Eligibility, EligibilityInput } from './eligibility.ts';

/** Reasons that lie in the request itself: waiting does not help, other wishes do. */
const WISHES: ReadonlySet<string> = new Set<Reason>([
  'capability',
  'context',
  'output',
  'not_allowed',
  'ignored',
  'price',
  'cost',
  'quality',
]);

/** With what kept each candidate out, by its position in the list: operators want to know it of refusals too. */
export class NobodyEligible extends DgridError {
  readonly reasonAt: Eligibility['reasonAt'];

  constructor(error: DgridError, reasonAt: Eligibility['reasonAt']) {
    super(error.code, error.message, { context: error.context });
    this.reasonAt = reasonAt;
  }
}

export const noEligibleError = (input: EligibilityInput, eligibility: Eligibility): NobodyEligible =>
  new NobodyEligible(errorOf(input, eligibility), eligibility.reasonAt);

function errorOf(input: EligibilityInput, { removed, blockedMs }: Eligibility): DgridError {
  const known = [...new Set(input.candidates.map((candidate) => candidate.model.id))];
  const wanted = input.preferences.models;
  if (wanted.length > 0 && known.length > 0 && !wanted.some((id) => known.includes(id))) {
    const nearest = nearestNames(wanted[0] ?? '', known);
    return new DgridError('DGRID_UNKNOWN_MODEL', `No node serves ${quoted(wanted)}. Nearest: ${quoted(nearest)}.`, {
      context: { param: 'model', nearest },
    });
  }
  const { language } = input.profile;
  const needs = [...input.profile.needs, ...(language === undefined ? [] : [`language ${language}`])];
  const asked = removed.capability === undefined ? '' : `; the request needs ${needs.join(', ')}`;
  const counts = `${describe(removed)}${asked}`;
  // Whoever does not serve the model was never a choice: what decides is why those that do serve it fell out.
  const waiting = Object.keys(removed).some((reason) => reason !== 'model' && !WISHES.has(reason));
  if (!waiting && Object.keys(removed).some((reason) => WISHES.has(reason)))
    return new DgridError('DGRID_UNSATISFIABLE', `No node meets the request's conditions; removed: ${counts}.`, {
      context: { param: 'provider', removed },
    });
  const retryAfterMs = Math.max(1_000, blockedMs ?? 5_000);
  return new DgridError('DGRID_NO_ELIGIBLE_NODE', `No node can take this request now; removed: ${counts}.`, {
    context: { removed, retryAfterMs },
  });
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name.slice(0, 100)}"`).join(', ');

const describe = (removed: ReasonCounts): string =>
  Object.entries(removed)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(', ') || 'no node is registered';

function nearestNames(wanted: string, known: readonly string[]): string[] {
  return known
    .map((name) => ({
      name,
      distance: editDistance(wanted.slice(0, 100).toLowerCase(), name.slice(0, 100).toLowerCase()),
    }))
    .toSorted((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Levenshtein, by rows. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const change = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min((previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, change));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}

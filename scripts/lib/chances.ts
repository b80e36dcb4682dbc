import { NotFound, objectAt, readJson } from './sources.ts';

/** Why requests went to a node or elsewhere in the last minutes, as one gateway tells it: lines for its operator. */
export async function chancesAt(gateway: string, account: string): Promise<readonly (readonly [string, string])[]> {
  const url = `${gateway.replace(/\/+$/, '')}/v1/nodes/${account.toLowerCase()}`;
  let answer: unknown;
  try {
    answer = await readJson(url);
  } catch (error) {
    if (error instanceof NotFound) return [['requests', `${gateway} does not know this node`]];
    throw error;
  }
  return chancesOf(objectAt(url, answer));
}

type Fields = Readonly<Record<string, unknown>>;

/** @param view of a node, as `GET /v1/nodes/:id` gives it */
export function chancesOf(view: Fields): readonly (readonly [string, string])[] {
  const { requests, breakers } = view;
  if (requests === undefined) return [];
  const said = objectAt('requests', requests);
  const minutes = Math.round(count(said['windowMs']) / 60_000);
  const shares = [said['leastShareBps'], said['mostShareBps']].filter((share) => typeof share === 'number');
  const odds = shares.length === 0 ? '' : ` (its share of the draws: ${shares.map(percent).join(' to ')})`;
  const keptOut = counts(said['keptOut']);
  const blocked = Object.entries(breakers === undefined ? {} : objectAt('breakers', breakers)).flatMap(
    ([model, breaker]) => {
      const { state, blockedMs } = objectAt('breakers', breaker);
      return state === 'closed' ? [] : [`${text(model)} ${text(state)} for ${Math.ceil(count(blockedMs) / 1_000)} s`];
    },
  );
  return [
    [`last ${minutes} min`, `${count(said['won'])} requests won, ${count(said['lost'])} draws lost${odds}`],
    ['kept out', keptOut === '' ? 'never' : keptOut],
    ...(blocked.length === 0 ? [] : ([['breakers', blocked.join(', ')]] as const)),
  ];
}

const count = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
const percent = (bps: number): string => `${(bps / 100).toFixed(1)} %`;
/** Whatever a gateway says, it draws nothing on an operator's terminal. */
const text = (value: unknown): string =>
  String(value)
    .replace(/[^\w .:/-]/g, '?')
    .slice(0, 80);

const counts = (value: unknown): string =>
  Object.entries(value === undefined ? {} : objectAt('keptOut', value))
    .map(([reason, times]) => `${text(reason)} ${count(times)}`)
    .join(', ');

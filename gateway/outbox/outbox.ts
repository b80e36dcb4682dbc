/**
 * Effects outside the process. A row exists before its effect is tried, carries an idempotency key, and is finished in
 * the same transaction as what follows from it; so a restart goes on where the last process ended, wherever that was.
 */
export type OutboxRow = {
  readonly key: string;
  readonly kind: string;
  readonly payload: Readonly<Record<string, string | number>>;
  readonly attempts: number;
};

export type OutboxLog = {
  /** Unfinished rows whose time has come: one with a deadline on chain, one examination, and so on, the oldest of each first. */
  readonly due: (nowMs: number, limit: number) => Promise<readonly OutboxRow[]>;
  readonly postpone: (key: string, attempts: number, nextAtMs: number) => Promise<void>;
};

/** `finished`: the handler's own write closed the row. `wait`: nothing was wrong, it is only too early. */
export type StepOutcome = 'finished' | { readonly waitMs: number };
export type Handler = (row: OutboxRow) => Promise<StepOutcome>;

export type OutboxDeps = {
  readonly log: OutboxLog;
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly now: () => number;
  readonly pollMs: number;
  /** Rows that may be in work at once. */
  readonly concurrency: number;
  readonly onError: (row: OutboxRow, error: unknown, retryInMs: number) => void;
};

export type Outbox = {
  readonly start: () => void;
  /** Looks for due rows now instead of at the next poll. */
  readonly poke: () => void;
  /** Resolves when no handler is running any more; no new one starts. */
  readonly stop: () => Promise<void>;
};

const MAX_BACKOFF_MS = 30_000;

export function backoffMs(attempts: number): number {
  return Math.min(MAX_BACKOFF_MS, 200 * 2 ** Math.min(attempts, 10));
}

/** Which rows may not be started now, although the log may say that they are due. */
function createDesk() {
  const running = new Map<string, Promise<void>>();
  /** Ended while the log was being read: what was read of them is out of date. */
  const ended = new Set<string>();
  /** Could not be postponed: still due in the log, they would run again at once and without end. */
  const held = new Set<string>();
  return {
    running,
    ended,
    held,
    isFree: (key: string): boolean => !running.has(key) && !ended.has(key) && !held.has(key),
  };
}

export function createOutbox(deps: OutboxDeps): Outbox {
  const desk = createDesk();
  let timer: NodeJS.Timeout | undefined;
  let stopped = true;
  let looking: Promise<void> | undefined;
  let again = false;

  function start(row: OutboxRow): void {
    const task = work(deps, row).then((settled) => {
      desk.running.delete(row.key);
      if (looking !== undefined) desk.ended.add(row.key);
      if (!settled) desk.held.add(row.key);
      poke();
    });
    desk.running.set(row.key, task);
  }

  async function look(): Promise<void> {
    if (desk.running.size >= deps.concurrency) return;
    // Rows in work are still due, so as many more are read as may be started.
    const rows = await deps.log.due(deps.now(), 2 * deps.concurrency);
    for (const row of rows) {
      if (stopped || desk.running.size >= deps.concurrency) return;
      if (desk.isFree(row.key)) start(row);
    }
  }

  function poke(): void {
    if (stopped) return;
    again = looking !== undefined;
    if (again) return;
    looking = look()
      .catch((error: unknown) => deps.onError(LOOKING, error, deps.pollMs))
      .finally(() => {
        looking = undefined;
        desk.ended.clear();
        if (again) poke();
      });
  }

  return {
    start() {
      stopped = false;
      timer = setInterval(() => (desk.held.clear(), poke()), deps.pollMs);
      poke();
    },
    poke,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await looking;
      await Promise.allSettled(desk.running.values());
    },
  };
}

const LOOKING: OutboxRow = { key: '*', kind: 'outbox', payload: {}, attempts: 0 };

/** Runs one row. @returns whether the log knows what came of it: the row is closed, or due again later. */
async function work(deps: OutboxDeps, row: OutboxRow): Promise<boolean> {
  const postpone = (attempts: number, inMs: number): Promise<boolean> =>
    deps.log.postpone(row.key, attempts, deps.now() + inMs).then(
      () => true,
      (error: unknown) => {
        deps.onError(row, error, deps.pollMs);
        return false;
      },
    );
  try {
    const handler = deps.handlers[row.kind];
    if (handler === undefined) throw new Error(`no handler for outbox kind ${row.kind}`);
    const outcome = await handler(row);
    return outcome === 'finished' || (await postpone(row.attempts, outcome.waitMs));
  } catch (error) {
    const retryInMs = backoffMs(row.attempts);
    deps.onError(row, error, retryInMs);
    return postpone(row.attempts + 1, retryInMs);
  }
}

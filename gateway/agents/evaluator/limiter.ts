import { DgridError } from '../../errors.ts';

/** Runs at most `concurrency` pieces of work at once; `queueLimit` more may wait, the rest is refused. */
export function createLimiter({
  concurrency,
  queueLimit,
}: {
  readonly concurrency: number;
  readonly queueLimit: number;
}) {
  const waiting: (() => void)[] = [];
  let running = 0;
  const release = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running < concurrency) running += 1;
    else if (waiting.length >= queueLimit)
      throw new DgridError('DGRID_OVERLOADED', 'Too many evaluations are waiting.');
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      release();
    }
  };
}

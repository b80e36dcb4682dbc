/** A task that runs again and again, never twice at once, until it is stopped. */
export type Repeater = { readonly start: () => void; readonly poke: () => void; readonly stop: () => Promise<void> };

export type RepeatOptions = {
  readonly everyMs: number;
  readonly onError: (error: unknown) => void;
};

export function repeat(task: () => Promise<void>, { everyMs, onError }: RepeatOptions): Repeater {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  const poke = (): void => {
    if (timer === undefined || running !== undefined) return;
    running = task()
      .catch(onError)
      .finally(() => {
        running = undefined;
      });
  };
  return {
    start() {
      timer = setInterval(poke, everyMs);
      poke();
    },
    poke,
    async stop() {
      clearInterval(timer);
      timer = undefined;
      await running;
    },
  };
}

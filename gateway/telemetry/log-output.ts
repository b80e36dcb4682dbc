import { write, writeSync } from 'node:fs';

export type LogOutput = {
  readonly write: (line: string) => void;
  /** For the end of the process: what is still waiting, in one try. */
  readonly end: () => void;
};

export type LogOutputDeps = {
  readonly write: (bytes: Buffer, done: (error: NodeJS.ErrnoException | null, written: number) => void) => void;
  readonly writeSync: (bytes: Buffer) => void;
  readonly retryInMs: number;
  /** What may wait for a reader that is slow; lines beyond it are dropped. */
  readonly maxBytes: number;
};

const STDOUT = 1;
const NOTHING = Buffer.alloc(0);
const DEFAULTS: LogOutputDeps = {
  write: (bytes, done) => write(STDOUT, bytes, done),
  writeSync: (bytes) => void writeSync(STDOUT, bytes),
  retryInMs: 50,
  maxBytes: 4_194_304,
};

/**
 * Lines to standard output, off the event loop. A line that cannot be written, on a full disk say, is lost, and nothing
 * else is: receipts do not wait for the log, and neither does the end of the process.
 */
export function createLogOutput(deps: LogOutputDeps = DEFAULTS): LogOutput {
  let waiting: string[] = [];
  let waitingBytes = 0;
  let left: Buffer | undefined;
  /** The system has `left` now, and may have written it before it says so. */
  let isWriting = false;

  function next(): void {
    left = waiting.length === 0 ? undefined : Buffer.from(waiting.join(''));
    waiting = [];
    waitingBytes = 0;
    if (left !== undefined) send(left);
  }
  function send(bytes: Buffer): void {
    isWriting = true;
    deps.write(bytes, (error, written) => {
      isWriting = false;
      if (error?.code === 'EAGAIN') return void setTimeout(() => send(bytes), deps.retryInMs).unref();
      left = error === null && written < bytes.length ? bytes.subarray(written) : undefined;
      if (left === undefined) next();
      else send(left);
    });
  }
  return {
    write(line) {
      if (waitingBytes > deps.maxBytes) return;
      waiting.push(line);
      waitingBytes += Buffer.byteLength(line);
      if (left === undefined) next();
    },
    end() {
      const rest = Buffer.concat([isWriting ? NOTHING : (left ?? NOTHING), Buffer.from(waiting.join(''))]);
      try {
        if (rest.length > 0) deps.writeSync(rest);
      } catch {
        // there is nowhere left to say it
      }
    },
  };
}

import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';

import { createLogOutput } from './log-output.ts';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
export type Log = Logger;

/** JSON lines with constant messages. Whatever might hold a key or a prompt is cut out, should it ever get in. */
const REDACTED = [
  'authorization',
  'headers.authorization',
  'req.headers.authorization',
  'key',
  'privateKey',
  'password',
  'prompt',
  'messages',
  'content',
  'body',
  '*.messages',
  '*.content',
];

export function createLogger(level: LogLevel, destination: DestinationStream = standardOutput()): Log {
  const options = { level, redact: { paths: REDACTED, censor: '[cut]' }, base: null };
  return pino(options, destination);
}

function standardOutput(): DestinationStream {
  const { write, end } = createLogOutput();
  process.once('exit', end);
  return { write };
}

const MAX_LENGTH = 300;

/** First line of what an error says, without the pages of call data some libraries add. For logs. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const short = error instanceof Error && 'shortMessage' in error ? String(error.shortMessage) : message;
  const [line = ''] = short.split('\n');
  const cause = error instanceof Error && error.cause instanceof Error ? causeOf(error.cause) : '';
  return `${line}${cause}`.slice(0, MAX_LENGTH);
}

function causeOf(cause: Error): string {
  const [line = ''] = cause.message.split('\n');
  return line === '' ? '' : ` (${line})`;
}

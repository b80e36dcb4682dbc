import type { FastifyInstance } from 'fastify';

import { DgridError } from '../../errors.ts';
import { hasPrototypeKeys } from '../../lib/prototype-keys.ts';

/**
 * Reads JSON bodies: as bytes until they are whole, once, and without the expressions that Fastify's own parser looks
 * through the text with. What was parsed shows the same, and has few keys where its texts are long.
 */
export function registerJsonBodies(app: FastifyInstance): void {
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body: Buffer, done) => {
    try {
      done(null, parseBody(body));
    } catch (error) {
      done(error as DgridError, undefined);
    }
  });
}

const MARK = '\u{feff}';

/** @throws DgridError */
function parseBody(body: Buffer): unknown {
  if (body.length === 0) throw new DgridError('DGRID_INVALID_JSON', 'The body is empty; a JSON object is expected.');
  const text = body.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith(MARK) ? text.slice(1) : text);
  } catch (cause) {
    throw new DgridError('DGRID_INVALID_JSON', 'The body is not valid JSON.', { cause });
  }
  if (hasPrototypeKeys(value)) throw new DgridError('DGRID_INVALID_JSON', 'The body is not acceptable JSON.');
  return value;
}

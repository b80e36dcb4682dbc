import type { IncomingMessage, ServerResponse } from 'node:http';

import { DgridError } from '../errors.ts';

/**
 * The whole body as text. What is too long is read on and thrown away: a connection closed amid the upload would take
 * the answer with it.
 *
 * @throws DgridError (413, or 499 when the caller leaves before the end)
 */
export function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  return new Promise((resolve, reject) => {
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size <= limit) parts.push(part);
      else {
        parts.length = 0;
        reject(new DgridError('DGRID_BODY_TOO_LARGE', `The body is larger than ${limit} bytes.`));
      }
    });
    request.once('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    request.once('error', reject);
    request.once('aborted', () => reject(new DgridError('DGRID_CLIENT_CLOSED', 'The caller went away.')));
  });
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) })
    .end(text);
}

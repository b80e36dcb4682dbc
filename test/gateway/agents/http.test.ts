import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';

import { readBody } from '../../../gateway/agents/http.ts';
import { DgridError } from '../../../gateway/errors.ts';

/** A request without a socket: only what is read of one. */
const upload = () => new EventEmitter() as IncomingMessage;
const code = (expected: string) => (error: unknown) => error instanceof DgridError && error.code === expected;

describe('readBody', () => {
  it('returns a body of exactly the limit, put together byte by byte', async () => {
    const request = upload();
    const body = readBody(request, 4);
    const bytes = Buffer.from('néx');
    for (const byte of bytes) request.emit('data', Buffer.of(byte));
    request.emit('end');
    assert.equal(await body, 'néx');
  });

  it('rejects one byte more, before the end of the upload, and reads the rest', async () => {
    const request = upload();
    const body = readBody(request, 4);
    request.emit('data', Buffer.from('1234'));
    request.emit('data', Buffer.from('5'));
    await assert.rejects(body, code('DGRID_BODY_TOO_LARGE'));
    assert.equal(request.listenerCount('data'), 1);
    request.emit('data', Buffer.from('6'));
    request.emit('end');
  });

  it('rejects when the caller leaves amid the upload', async () => {
    const request = upload();
    const body = readBody(request, 4);
    request.emit('data', Buffer.from('1'));
    request.emit('aborted');
    await assert.rejects(body, code('DGRID_CLIENT_CLOSED'));
  });
});

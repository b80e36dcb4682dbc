import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { DgridError, ERRORS, errorBody, toDgridError } from '../../gateway/errors.ts';
import type { ErrorCode } from '../../gateway/errors.ts';

const codes = Object.keys(ERRORS) as ErrorCode[];
const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| `(DGRID_[A-Z_]+)` +\| (\d{3}) +\|/gm)].map(([, code, status]) => ({
  code,
  status: Number(status),
}));

describe('the table of errors', () => {
  it('agrees with docs/errors.md in codes and statuses, each listed once', () => {
    const documented = rows.map(({ code, status }) => `${code} ${status}`).toSorted();
    assert.deepEqual(documented, codes.map((code) => `${code} ${ERRORS[code].status}`).toSorted());
  });

  it('names in the page no code that does not exist', () => {
    const named = new Set(page.match(/DGRID_[A-Z_]+/g));
    assert.deepEqual(
      [...named].filter((code) => !(code in ERRORS)),
      [],
    );
  });

  it('marks nothing as worth repeating that the gateway has already repeated', () => {
    for (const code of codes) {
      const { status, retryable } = ERRORS[code];
      assert.equal(retryable, status === 503 || code === 'DGRID_RATE_LIMITED', code);
    }
  });

  it("returns a body in OpenAI's shape, without the context", () => {
    const error = new DgridError('DGRID_INVALID_BODY', 'Wrong.', { context: { param: 'model', secret: 'x' } });
    assert.deepEqual(errorBody(error), {
      error: { message: 'Wrong.', type: 'invalid_request_error', param: 'model', code: 'DGRID_INVALID_BODY' },
    });
    assert.deepEqual([error.statusCode, error.retryable, error.name], [400, false, 'DgridError']);
  });

  it('returns an error of the table for anything thrown, and tells nothing of its words', () => {
    const cause = new TypeError('prompt: my secret');
    const error = toDgridError(cause);
    assert.deepEqual([error.code, error.cause], ['DGRID_INTERNAL', cause]);
    assert.ok(!error.message.includes('secret'));
    assert.equal(toDgridError(error), error);
  });
});

import assert from 'node:assert/strict';

import { failureOfSocket, failureOfStatus, retryAfter } from '../../../gateway/execute/failure.ts';
import type { FailureClass, FailureReason } from '../../../gateway/execute/failure.ts';

const ofStatus = (status: number, code = '', header?: string) =>
  failureOfStatus({ status, body: JSON.stringify({ error: { message: 'said', code } }), retryAfter: header }, 0);

describe('failures', () => {
  const statuses: readonly (readonly [number, string, FailureReason, FailureClass])[] = [
    [429, '', 'busy', 'node'],
    [500, '', 'server_error', 'node'],
    [529, '', 'server_error', 'node'],
    [400, '', 'rejected', 'caller'],
    [422, '', 'rejected', 'caller'],
    [400, 'context_length_exceeded', 'context_too_long', 'caller'],
    [400, 'content_filter', 'content_refused', 'policy'],
    [401, '', 'unusable_status', 'node'],
    [404, '', 'unusable_status', 'node'],
    [302, '', 'unusable_status', 'node'],
    [204, '', 'unusable_status', 'node'],
  ];
  for (const [status, code, reason, failureClass] of statuses) {
    it(`returns ${reason} (${failureClass}) for status ${status} ${code}`, () => {
      const failure = ofStatus(status, code);
      assert.deepEqual([failure.reason, failure.failureClass, failure.said], [reason, failureClass, 'said']);
    });
  }

  it('returns busy for a 503 only when it says for how long', () => {
    assert.equal(ofStatus(503).reason, 'server_error');
    assert.deepEqual([ofStatus(503, '', '2').reason, ofStatus(503, '', '2').retryAfterMs], ['busy', 2_000]);
  });

  it('returns Retry-After from seconds and dates, bounded', () => {
    assert.equal(retryAfter('3', 0), 3_000);
    assert.equal(retryAfter(new Date(5_000).toUTCString(), 1_000), 4_000);
    assert.equal(retryAfter(new Date(0).toUTCString(), 9_000), 0);
    assert.equal(retryAfter('999999999', 0), 300_000);
    assert.equal(retryAfter('soon', 0), undefined);
    assert.equal(retryAfter(undefined, 0), undefined);
  });

  it('returns the network as class only for what could not be connected', () => {
    const of = (code: string) => failureOfSocket(Object.assign(new Error('x'), { code }));
    assert.deepEqual(
      [of('ENOTFOUND').failureClass, of('UND_ERR_CONNECT_TIMEOUT').failureClass],
      ['network', 'network'],
    );
    assert.deepEqual([of('ECONNREFUSED').reason, of('ECONNREFUSED').failureClass], ['refused', 'node']);
    assert.deepEqual(
      [of('ECONNRESET').reason, of('UND_ERR_SOCKET').reason, of('HPE_INVALID_CONSTANT').reason],
      ['reset', 'reset', 'malformed'],
    );
  });

  it('returns a failure for bodies of any shape', () => {
    for (const body of ['', 'null', '[]', '"x"', '{"error":"text"}', '{"error":{"message":7}}', '<html>'])
      assert.equal(failureOfStatus({ status: 500, body, retryAfter: undefined }, 0).reason, 'server_error');
  });
});

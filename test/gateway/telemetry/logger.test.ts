import assert from 'node:assert/strict';

import { createLogger } from '../../../gateway/telemetry/logger.ts';
import { createMetrics } from '../../../gateway/telemetry/metrics.ts';

describe('the logger', () => {
  it('returns JSON lines in which keys and contents are cut out', () => {
    const lines: string[] = [];
    const log = createLogger('info', { write: (line: string) => void lines.push(line) });
    log.info(
      { headers: { authorization: 'Bearer abc' }, request: { messages: ['my prompt'] }, privateKey: '0x1', node: 'n' },
      'said',
    );
    log.debug('not this');
    assert.equal(lines.length, 1);
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    assert.deepEqual([line['msg'], line['node'], line['privateKey']], ['said', 'n', '[cut]']);
    assert.ok(!/abc|my prompt|0x1/.test(lines[0] ?? ''));
  });
});

describe('the metrics', () => {
  it('returns a page with what was observed', async () => {
    const metrics = createMetrics();
    metrics.requestEnded('/v1/chat/completions', 200, 12);
    metrics.overhead(0.7);
    metrics.attemptEnded('node');
    metrics.tokens({ prompt: 5, completion: 7 });
    metrics.claimOff(250);
    metrics.inFlight(1);
    const page = await metrics.page();
    for (const line of [
      'dgrid_request_ms_count{route="/v1/chat/completions",status="200"} 1',
      'dgrid_overhead_ms_bucket{le="1"} 1',
      'dgrid_attempts_total{outcome="node"} 1',
      'dgrid_tokens_total{kind="completion"} 7',
      'dgrid_claim_difference_bps_bucket{le="500"} 1',
      'dgrid_requests_in_flight 1',
    ])
      assert.ok(page.includes(line), line);
  });
});

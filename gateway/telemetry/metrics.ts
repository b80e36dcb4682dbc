import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Figures about this gateway, for Prometheus. Labels have few values: no node, key or model id among them. */
export type Metrics = {
  readonly requestEnded: (route: string, status: number, ms: number) => void;
  /** What the gateway itself added: whole time without the wait for the node. */
  readonly overhead: (ms: number) => void;
  readonly attemptEnded: (outcome: string) => void;
  readonly tokens: (counted: { readonly prompt: number; readonly completion: number }) => void;
  /** A node's claimed completion tokens differ from our count by this share (bps). */
  readonly claimOff: (bps: number) => void;
  readonly inFlight: (change: 1 | -1) => void;
  readonly page: () => Promise<string>;
  readonly contentType: string;
};

const MS_BUCKETS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000];
const OVERHEAD_BUCKETS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 1_000];
const BPS_BUCKETS = [0, 100, 500, 1_000, 2_500, 5_000, 10_000, 50_000];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, prefix: 'dgrid_process_' });
  const requests = new Histogram({
    name: 'dgrid_request_ms',
    help: 'Time of a request until its answer was complete, by route and status',
    labelNames: ['route', 'status'] as const,
    buckets: MS_BUCKETS,
    registers,
  });
  const overhead = new Histogram({
    name: 'dgrid_overhead_ms',
    help: 'Time of a served request that was not spent waiting for the node',
    buckets: OVERHEAD_BUCKETS,
    registers,
  });
  const attempts = new Counter({
    name: 'dgrid_attempts_total',
    help: 'Calls of nodes by how they ended',
    labelNames: ['outcome'] as const,
    registers,
  });
  const tokens = new Counter({
    name: 'dgrid_tokens_total',
    help: 'Tokens of served requests as the gateway counted them',
    labelNames: ['kind'] as const,
    registers,
  });
  const claims = new Histogram({
    name: 'dgrid_claim_difference_bps',
    help: 'Difference between the completion tokens a node claimed and those counted',
    buckets: BPS_BUCKETS,
    registers,
  });
  const inFlight = new Gauge({ name: 'dgrid_requests_in_flight', help: 'Requests being served', registers });
  return {
    requestEnded: (route, status, ms) => requests.observe({ route, status: String(status) }, ms),
    overhead: (ms) => overhead.observe(ms),
    attemptEnded: (outcome) => attempts.inc({ outcome }),
    tokens(counted) {
      tokens.inc({ kind: 'prompt' }, counted.prompt);
      tokens.inc({ kind: 'completion' }, counted.completion);
    },
    claimOff: (bps) => claims.observe(bps),
    inFlight: (change) => inFlight.inc(change),
    page: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

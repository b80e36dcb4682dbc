import type { Readable } from 'node:stream';

import type { ApiKey } from '../account/key-file.ts';
import type { AccountView } from '../account/ledger.ts';
import type { JsonObject } from '../protocol/content.ts';
import type { Address, Hex } from '../protocol/types.ts';
import type { StoredReceipt, Vote } from '../receipt/ports.ts';
import type { Serve } from '../serve.ts';
import type { Log } from '../telemetry/logger.ts';
import type { NetworkDomain } from './receipt-view.ts';
import type { Metrics } from '../telemetry/metrics.ts';

/** A value that answers as JSON; bigints in it become decimal strings. */
export type JsonView = object;

export type ModelView = {
  readonly id: string;
  readonly contextLength: number;
  readonly maxOutputTokens: number;
  readonly capabilities: readonly string[];
  /** Lowest price on offer, micro-USD per million tokens. */
  readonly price: { readonly input: number; readonly output: number };
  readonly nodes: number;
};

/** Published datasets, canonical JSON lines; undefined until they are published. `dataHash` is sha256 of the text. */
export type DatasetReads = {
  readonly epoch: (epoch: bigint) => Promise<
    | {
        readonly dataHash: Hex;
        /** Size of the gzip file. */
        readonly bytes: number;
        readonly packed: () => Readable;
      }
    | undefined
  >;
  readonly batch: (
    batchId: bigint,
    part: 'receipts' | 'records',
  ) => Promise<{ readonly dataHash: Hex; readonly text: () => Readable } | undefined>;
};

/** Everything the HTTP edge can do; handed in by `buildApp`, so the edge knows neither chain nor store. */
export type HttpDeps = {
  readonly serve: Serve;
  /** Why which node: the decision record without asking anybody. @throws DgridError like `serve` */
  readonly explain: (body: JsonObject) => JsonObject;
  readonly models: () => readonly ModelView[];
  readonly nodes: () => readonly JsonView[];
  /** One of them by its account, with all that is known of it. */
  readonly node: (account: Address) => JsonView | undefined;
  readonly domain: NetworkDomain;
  readonly findReceipt: (id: Hex) => Promise<StoredReceipt | undefined>;
  readonly epochs: { readonly find: (epoch: bigint) => Promise<JsonView | undefined> };
  readonly datasets: DatasetReads;
  readonly params: () => JsonView;
  /** What a key has spent and may still spend. */
  readonly account: (keyHash: string) => AccountView | undefined;
  /** Durable when it resolves. */
  readonly vote: (vote: Vote) => Promise<void>;
  readonly checkKey: (presented: string) => ApiKey | undefined;
  /** Names of what is not ready yet; none: ready. */
  readonly notReady: () => readonly string[];
  readonly metrics: Metrics;
  readonly log: Log;
  readonly nowMs: () => number;
  readonly bodyLimitBytes: number;
  /** Origins whose pages may call this gateway from a browser; `*`: all. None: no page may. */
  readonly corsOrigins: readonly string[];
  readonly maxInFlight: number;
  /** Whether `/docs` and `/openapi.json` are there. */
  readonly docs: boolean;
  /** Silence on a stream after which a comment is sent to keep proxies from closing it. */
  readonly keepAliveMs: number;
};

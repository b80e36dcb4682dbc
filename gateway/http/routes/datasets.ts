import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createGunzip } from 'node:zlib';

import { DgridError } from '../../errors.ts';
import type { Hex } from '../../protocol/types.ts';
import type { HttpDeps } from '../ports.ts';
import { epochOf } from './epoch-number.ts';

const LINES = 'application/x-ndjson; charset=utf-8';
/** `Accept-Encoding: gzip;q=0` says no. */
const TAKES_GZIP = /(?:^|[\s,])gzip(?!\s*;\s*q=0(?:\.0*)?(?:[\s,]|$))/i;

/** Published datasets: an epoch's as the file that it is, a batch's cut out of it. Nothing is held in memory. */
export function registerDatasets(app: FastifyInstance, { datasets }: Pick<HttpDeps, 'datasets'>): void {
  app.get<{ Params: { epoch: string } }>('/v1/epochs/:epoch/dataset', async (request, reply) => {
    const epoch = epochOf(request.params.epoch);
    const file = await datasets.epoch(epoch);
    if (file === undefined)
      throw new DgridError(
        'DGRID_UNKNOWN_EPOCH',
        `The dataset of epoch ${epoch} is not published, or not kept any more.`,
      );
    if (isKnown(request, reply, file.dataHash)) return reply.code(304).send();
    if (!TAKES_GZIP.test(request.headers['accept-encoding'] ?? '')) {
      const packed = file.packed();
      return reply.send(packed.pipe(createGunzip()).on('close', () => packed.destroy()));
    }
    return reply.header('content-encoding', 'gzip').header('content-length', file.bytes).send(file.packed());
  });

  app.get<{ Params: { batch: string }; Querystring: { part?: unknown } }>(
    '/v1/batches/:batch/dataset',
    async (request, reply) => {
      const { part = 'receipts' } = request.query;
      const { batch } = request.params;
      if (part !== 'receipts' && part !== 'records')
        throw new DgridError('DGRID_INVALID_BODY', 'The part is "receipts" or "records".', {
          context: { param: 'part' },
        });
      const found = /^\d{1,18}$/.test(batch) ? await datasets.batch(BigInt(batch), part) : undefined;
      if (found === undefined)
        throw new DgridError('DGRID_UNKNOWN_BATCH', 'There is no such batch of this gateway, or it is not published.');
      if (isKnown(request, reply, found.dataHash)) return reply.code(304).send();
      return reply.send(found.text());
    },
  );
}

/** The digest names the text for good: whoever has it needs no second copy. */
function isKnown(request: FastifyRequest, reply: FastifyReply, dataHash: Hex): boolean {
  const tag = `"${dataHash}"`;
  reply.type(LINES).header('etag', tag).header('vary', 'accept-encoding');
  return request.headers['if-none-match'] === tag;
}

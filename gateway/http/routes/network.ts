import type { FastifyInstance } from 'fastify';

import { DgridError } from '../../errors.ts';
import type { Address, Hex } from '../../protocol/types.ts';
import { receiptView } from '../receipt-view.ts';
import { requireKey } from '../plugins/keys.ts';
import type { HttpDeps, JsonView, ModelView } from '../ports.ts';
import { sendJson } from '../send-json.ts';
import { registerDatasets } from './datasets.ts';
import { epochOf } from './epoch-number.ts';

/** Everything a caller can look up: models, nodes, decisions, receipts, epochs, parameters. */
export function registerNetwork(app: FastifyInstance, deps: HttpDeps): void {
  app.get('/v1/models', async (request, reply) => {
    requireKey(request, deps.checkKey);
    return sendJson(reply, { object: 'list', data: deps.models().map(modelView) });
  });
  app.get<{ Params: { '*': string } }>('/v1/models/*', async (request, reply) => {
    requireKey(request, deps.checkKey);
    const id = request.params['*'];
    const model = deps.models().find((entry) => entry.id === id);
    if (model === undefined)
      throw new DgridError('DGRID_UNKNOWN_MODEL', `No node serves "${id.slice(0, 200)}".`, {
        context: { param: 'model' },
      });
    return sendJson(reply, modelView(model));
  });
  app.get('/v1/nodes', async (_request, reply) => sendJson(reply, { object: 'list', data: deps.nodes() }));
  app.get<{ Params: { id: string } }>('/v1/nodes/:id', async (request, reply) => {
    const { id } = request.params;
    const node = ACCOUNT.test(id) ? deps.node(id.toLowerCase() as Address) : undefined;
    if (node === undefined)
      throw new DgridError('DGRID_UNKNOWN_NODE', 'No node is registered under this account; GET /v1/nodes lists them.');
    return sendJson(reply, node);
  });
  app.get('/v1/params', async (_request, reply) => sendJson(reply, deps.params()));
  registerReceipts(app, deps);
  registerEpochs(app, deps);
  registerDatasets(app, deps);
}

const ACCOUNT = /^0x[0-9a-f]{40}$/i;
const RECEIPT_ID = /^0x[0-9a-f]{64}$/i;

function registerReceipts(app: FastifyInstance, deps: HttpDeps): void {
  app.get<{ Params: { id: string } }>('/v1/receipts/:id', async (request, reply) => {
    const { id } = request.params;
    const stored = RECEIPT_ID.test(id) ? await deps.findReceipt(id.toLowerCase() as Hex) : undefined;
    const hasKey = request.headers.authorization !== undefined;
    const reader = hasKey ? requireKey(request, deps.checkKey).hash : undefined;
    // Until its epoch is settled a receipt is its payer's alone: the flags would tell a node which task was a gold.
    const isPayer = reader !== undefined && stored?.keyHash === reader;
    if (stored === undefined || (!isPayer && stored.state !== 'final'))
      throw new DgridError('DGRID_UNKNOWN_RECEIPT', 'There is no such receipt, or not one this key may see yet.');
    return sendJson(reply, receiptView(stored, deps.domain, isPayer));
  });
}

function registerEpochs(app: FastifyInstance, deps: HttpDeps): void {
  app.get<{ Params: { epoch: string } }>('/v1/epochs/:epoch', async (request, reply) => {
    const epoch = epochOf(request.params.epoch);
    const view = await deps.epochs.find(epoch);
    if (view === undefined)
      throw new DgridError('DGRID_UNKNOWN_EPOCH', `This gateway knows nothing of epoch ${epoch}.`);
    return sendJson(reply, view);
  });
}

function modelView(model: ModelView): JsonView {
  return {
    id: model.id,
    object: 'model',
    created: 0,
    owned_by: 'dgrid',
    context_length: model.contextLength,
    max_output_tokens: model.maxOutputTokens,
    capabilities: model.capabilities,
    price: model.price,
    nodes: model.nodes,
  };
}

import type { FastifyInstance } from 'fastify';

import type { AccountView, Usage } from '../../account/ledger.ts';
import { DgridError } from '../../errors.ts';
import type { Hex } from '../../protocol/types.ts';
import type { StoredReceipt } from '../../receipt/ports.ts';
import { requireKey } from '../plugins/keys.ts';
import type { HttpDeps, JsonView } from '../ports.ts';
import { Feedback } from '../schemas/feedback.ts';
import { sendJson } from '../send-json.ts';

/** What a caller asks about its own key, and says of the answers it paid for. */
export function registerAccount(app: FastifyInstance, deps: HttpDeps): void {
  app.get('/v1/key', async (request, reply) => {
    const { hash } = requireKey(request, deps.checkKey);
    const view = deps.account(hash);
    if (view === undefined) throw new DgridError('DGRID_INVALID_KEY', 'This API key is not known to this gateway.');
    return sendJson(reply, keyView(view));
  });
  app.post<{ Params: { id: string }; Body: Feedback }>(
    '/v1/receipts/:id/feedback',
    {
      schema: { body: Feedback },
      bodyLimit: 1_024,
      onRequest: async (request) => void requireKey(request, deps.checkKey),
    },
    async (request, reply) => {
      const { hash } = requireKey(request, deps.checkKey);
      const stored = await ownReceipt(deps, request.params.id, hash);
      if (stored.isCounted)
        throw new DgridError('DGRID_FEEDBACK_CLOSED', 'The votes of the epoch that this receipt is in are counted.');
      const { id, node, servedAt } = stored.receipt;
      const { rating } = request.body;
      await deps.vote({ keyHash: hash, node, day: servedAt / DAY, receiptId: id, good: rating === 'good' });
      return sendJson(reply, { object: 'dgrid.feedback', receipt: id, node, rating });
    },
  );
}

const DAY = 86_400n;
const RECEIPT_ID = /^0x[0-9a-f]{64}$/i;

/** To everybody but its payer a receipt that may be voted on does not exist. */
async function ownReceipt(deps: HttpDeps, id: string, keyHash: string): Promise<StoredReceipt> {
  const stored = RECEIPT_ID.test(id) ? await deps.findReceipt(id.toLowerCase() as Hex) : undefined;
  if (stored === undefined || stored.keyHash !== keyHash)
    throw new DgridError('DGRID_UNKNOWN_RECEIPT', 'This key has paid for no such receipt.');
  return stored;
}

function keyView({ key, spent, spentToday, requests, reserved, minute }: AccountView): JsonView {
  const left = (granted: bigint | undefined, used: bigint): bigint | undefined =>
    granted === undefined ? undefined : granted > used ? granted - used : 0n;
  const limit = (granted: bigint | undefined, { used, resetMs }: Usage): JsonView | undefined =>
    granted === undefined
      ? undefined
      : { limit: granted, remaining: left(granted, used), resetSeconds: Math.ceil(resetMs / 1_000) };
  return {
    object: 'dgrid.key',
    name: key.name,
    requests,
    spentMicroUsd: spent,
    spentTodayMicroUsd: spentToday,
    reservedMicroUsd: reserved,
    creditMicroUsd: key.creditMicroUsd,
    creditLeftMicroUsd: left(key.creditMicroUsd, spent + reserved),
    budgetMicroUsd: key.budgetMicroUsd,
    budgetLeftMicroUsd: left(key.budgetMicroUsd, spent + reserved),
    dailyBudgetMicroUsd: key.dailyBudgetMicroUsd,
    dailyBudgetLeftMicroUsd: left(key.dailyBudgetMicroUsd, spentToday + reserved),
    perMinute: {
      requests: limit(key.requestsPerMinute, minute.requests),
      tokens: limit(key.tokensPerMinute, minute.tokens),
      microUsd: limit(key.microUsdPerMinute, minute.microUsd),
    },
  };
}

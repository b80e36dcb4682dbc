import type { Deployment } from '../lib/deployment.ts';
import { climbBatch } from '../lib/protocol/batch-tree.ts';
import { leafHash } from '../lib/protocol/leaf.ts';
import type { AnchoredBatch } from './chain-facts.ts';
import type { Dataset } from './dataset.ts';
import type { Supervisor } from './supervisor.ts';
import type { Sent } from './traffic.ts';

/** An answer at the very end of the last epoch may be anchored in the epoch after, whose dataset is not waited for. */

/** What `GET /v1/receipts/:id` shows to whoever paid, as far as it is read here. */
export type ReceiptView = {
  readonly state: string;
  readonly receipt: Readonly<Record<string, string | number>>;
  readonly batch?: { readonly id: string; readonly proof: readonly string[] };
};
export type LateReceipts = ReadonlyMap<string, ReceiptView>;

/** After the last epoch is final its successor is well under way: a batch is due in less than a second. */
const ANCHOR_DEADLINE_MS = 20_000;
const REPLY_TIMEOUT_MS = 5_000;

/** Receipts that callers were given and that no dataset lists. */
export function missingIds(sent: readonly Sent[], datasets: readonly Dataset[]): string[] {
  const listed = new Set(datasets.flatMap(({ receipts }) => receipts.map(({ receipt }) => String(receipt['id']))));
  return sent.flatMap(({ ok, receiptId }) =>
    ok && receiptId !== undefined && !listed.has(receiptId) ? [receiptId] : [],
  );
}

export type LateInput = { readonly gatewayUrl: string; readonly apiKey: string; readonly ids: readonly string[] };

/** @returns the receipts that were anchored before the deadline; who is missing then is for the checks to say. */
export async function awaitLateReceipts(
  supervisor: Supervisor,
  { gatewayUrl, apiKey, ids }: LateInput,
  deadlineMs = ANCHOR_DEADLINE_MS,
): Promise<LateReceipts> {
  const anchored = new Map<string, ReceiptView>();
  if (ids.length === 0) return anchored;
  const probe = async (signal: AbortSignal): Promise<boolean> => {
    for (const id of ids.filter((each) => !anchored.has(each))) {
      const response = await fetch(`${gatewayUrl}/v1/receipts/${id}`, {
        headers: { authorization: `Bearer ${apiKey}` },
        signal: AbortSignal.any([signal, AbortSignal.timeout(REPLY_TIMEOUT_MS)]),
      });
      const view = (await response.json()) as ReceiptView;
      if (response.ok && view.state !== 'served' && view.batch !== undefined) anchored.set(id, view);
    }
    return anchored.size === new Set(ids).size;
  };
  try {
    await supervisor.until('the last receipts on chain', probe, deadlineMs);
  } catch (error) {
    if (supervisor.signal.aborted) throw error; // a child that ended is another matter
  }
  return anchored;
}

export type LateProof = {
  readonly batches: readonly AnchoredBatch[];
  readonly deployment: Deployment;
  /** The first epoch without a dataset. */
  readonly from: number;
};

/** Whether the receipt itself leads to the root of a batch that was anchored on chain after the datasets. */
export function isAnchoredLater(id: string, view: ReceiptView | undefined, { batches, deployment, from }: LateProof) {
  const proof = view?.batch?.proof;
  const batch = batches.find(({ batchId, epoch }) => String(batchId) === view?.batch?.id && epoch >= BigInt(from));
  if (view === undefined || proof === undefined || batch === undefined || view.state === 'served') return false;
  const domain = { chainId: deployment.chainId, contract: deployment.contracts.ProofRegistry.address };
  return view.receipt['id'] === id && climbBatch(leafHash('Receipt', domain, view.receipt), proof) === batch.root;
}

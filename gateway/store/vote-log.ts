import type { Vote, VoteLog } from '../receipt/ports.ts';
import type { Store } from './store.ts';

export function createVoteLog(store: Store): VoteLog {
  const cast = store.prepare((db, { keyHash, node, day, receiptId, good }: Omit<Vote, 'good'> & { good: bigint }) =>
    db
      .insertInto('votes')
      .values({ key_hash: keyHash, node, day, receipt_id: receiptId, good })
      .onConflict((conflict) =>
        conflict.columns(['key_hash', 'node', 'day']).doUpdateSet((eb) => ({
          receipt_id: eb.ref('excluded.receipt_id'),
          good: eb.ref('excluded.good'),
        })),
      ),
  );
  return { cast: (vote) => store.write([cast({ ...vote, good: vote.good ? 1n : 0n })]) };
}

import type { Attempt, Booked, TransactionBook } from '../chain/sender.ts';
import type { Address, Hex } from '../protocol/types.ts';
import type { Store } from './store.ts';

export function createTransactionLog(store: Store): TransactionBook {
  const { prepare } = store;
  const all = prepare((db) => db.selectFrom('transactions').selectAll().orderBy('nonce'));
  const save = prepare((db, { call, nonce, recipient, data, gas, attempts }: Values) =>
    db
      .insertInto('transactions')
      .values({ call, nonce, recipient, data, gas, attempts })
      .onConflict((conflict) =>
        conflict.column('call').doUpdateSet((eb) => ({
          nonce: eb.ref('excluded.nonce'),
          recipient: eb.ref('excluded.recipient'),
          data: eb.ref('excluded.data'),
          gas: eb.ref('excluded.gas'),
          attempts: eb.ref('excluded.attempts'),
        })),
      ),
  );
  // A transaction that a reorganisation undid has its nonce again: who had it meanwhile is out of the queue.
  const yieldNonce = prepare((db, { nonce, call }: Pick<Values, 'nonce' | 'call'>) =>
    db.deleteFrom('transactions').where('nonce', '=', nonce).where('call', '<>', call),
  );
  const drop = prepare((db, { call }: { readonly call: Hex }) =>
    db.deleteFrom('transactions').where('call', '=', call),
  );
  return {
    async all() {
      const rows = await store.read(all({}));
      return rows.map((row): Booked => ({
        call: row.call,
        nonce: Number(row.nonce),
        to: row.recipient,
        data: row.data,
        gas: row.gas,
        attempts: JSON.parse(row.attempts, revived) as Attempt[],
      }));
    },
    save: ({ call, nonce, to, data, gas, attempts }) =>
      store.write([
        yieldNonce({ nonce: BigInt(nonce), call }),
        save({ call, nonce: BigInt(nonce), recipient: to, data, gas, attempts: JSON.stringify(attempts, plain) }),
      ]),
    drop: (call) => store.write([drop({ call })]),
  };
}

type Values = {
  readonly call: Hex;
  readonly nonce: bigint;
  readonly recipient: Address;
  readonly data: Hex;
  readonly gas: bigint;
  readonly attempts: string;
};

const AMOUNTS: ReadonlySet<string> = new Set(['maxFeePerGas', 'maxPriorityFeePerGas', 'gasPrice']);
const plain = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? value.toString() : value);
const revived = (key: string, value: unknown): unknown => (AMOUNTS.has(key) ? BigInt(value as string) : value);

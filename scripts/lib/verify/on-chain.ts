import { view } from '../chain.ts';
import { describeError } from '../command.ts';
import type { Session } from '../session.ts';
import type { Checks } from './checks.ts';
import type { Domain, ReceiptDocument } from './document.ts';
import { fail } from './receipt.ts';

/** What only the chain can say: whether the batch is anchored, what its seed is, and whose signers these are. */

type Batch = {
  readonly gateway: string;
  readonly epoch: bigint;
  readonly root: string;
  readonly seed: string;
  readonly recordsRoot: string;
};

export type ChainBatch = Batch & { readonly id: bigint };

const ROLES = { node: 0, evaluator: 1, gateway: 2 } as const;
const ZERO = /^0x0*$/;

/** Runs an examination that asks the chain. */
async function ask(checks: Checks, name: string, examine: () => Promise<string>): Promise<void> {
  let outcome: () => string;
  try {
    const detail = await examine();
    outcome = () => detail;
  } catch (error) {
    outcome = () => fail(describeError(error));
  }
  checks.that(name, outcome);
}

export function checkNetwork(checks: Checks, domain: Domain, session: Session): boolean {
  const { NodeStaking, ProofRegistry, RewardDistributor } = session.deployment.contracts;
  return (
    checks.equal('chain', domain.chainId, session.chainId) &&
    checks.equal('NodeStaking', domain.nodeStaking, NodeStaking.address) &&
    checks.equal('ProofRegistry', domain.proofRegistry, ProofRegistry.address) &&
    checks.equal('RewardDistributor', domain.rewardDistributor, RewardDistributor.address)
  );
}

/** Reads the batch that the document names; undefined when there is none. */
export async function readBatch(
  checks: Checks,
  session: Session,
  document: ReceiptDocument,
): Promise<ChainBatch | undefined> {
  let batch: ChainBatch | undefined;
  await ask(checks, 'batch on chain', async () => {
    if (document.batch === undefined) return fail('the document names no batch');
    const id = BigInt(document.batch.id);
    batch = { ...(await view<Batch>(session.contracts.registry, 'batchOf', [id])), id };
    return `batch ${id} of epoch ${batch.epoch}, anchored by ${batch.gateway}`;
  });
  return batch;
}

/** Seed of a batch on chain; undefined while nobody fixed it. */
export function seedOf(checks: Checks, batch: ChainBatch, document: ReceiptDocument): string | undefined {
  if (ZERO.test(batch.seed)) return undefined;
  const stated = document.batch?.seed;
  if (typeof stated === 'string') checks.equal('seed', stated, batch.seed);
  return batch.seed;
}

export type ChainInput = {
  readonly checks: Checks;
  readonly session: Session;
  readonly document: ReceiptDocument;
  readonly batch: ChainBatch;
};

export async function checkReceiptOnChain(
  { checks, session, document, batch }: ChainInput,
  leaf: string,
): Promise<void> {
  const { receipt } = document;
  const proof = document.batch?.proof;
  if (receipt === undefined || proof === undefined) return;
  checks.equal('gateway of the batch', batch.gateway, receipt.gateway);
  checks.equal('root of the batch', document.batch?.root ?? '', batch.root);
  const { registry } = session.contracts;
  await ask(checks, 'receipt leaf by the contract', async () => {
    const hash = await view<string>(registry, 'hashReceipt', [receipt]);
    return hash === leaf ? hash : fail(`the contract hashes it to ${hash}`);
  });
  await ask(checks, 'receipt verified by the contract', async () => {
    const verified = await view<boolean>(registry, 'verifyReceipt', [batch.id, receipt, proof]);
    return verified ? 'verifyReceipt says yes' : fail('verifyReceipt says no');
  });
}

export async function checkRecordOnChain({ checks, session, document, batch }: ChainInput): Promise<void> {
  const part = document.record;
  if (part === undefined) return;
  checks.equal('gateway of the record', part.record.gateway, batch.gateway);
  checks.equal('root of the records', part.root, batch.recordsRoot);
  await ask(checks, 'record verified by the contract', async () => {
    const args = [batch.id, part.record, part.proof];
    const verified = await view<boolean>(session.contracts.registry, 'verifyRecord', args);
    return verified ? 'verifyRecord says yes' : fail('verifyRecord says no');
  });
}

export type SignerClaim = {
  readonly name: keyof typeof ROLES;
  readonly signer: string;
  readonly account: string;
};

/** Whether a key belongs, or belonged, to the account it signed for. */
export async function checkSigner(
  { checks, session }: Pick<ChainInput, 'checks' | 'session'>,
  claim: SignerClaim,
): Promise<void> {
  await ask(checks, `signer of ${claim.name} ${claim.account}`, async () => {
    const found = await view<{ account: string; role: bigint }>(session.contracts.staking, 'accountOfSigner', [
      claim.signer,
    ]);
    const own = found.account.toLowerCase() === claim.account.toLowerCase() && found.role === BigInt(ROLES[claim.name]);
    return own ? claim.signer : fail(`${claim.signer} is no key of this ${claim.name}`);
  });
}

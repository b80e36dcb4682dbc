import { view } from './chain.ts';
import { leafHash } from './protocol/leaf.ts';
import { climbSum } from './protocol/sum-tree.ts';
import type { SumNode } from './protocol/sum-tree.ts';
import type { Session } from './session.ts';
import { NotFound, arrayAt, hexAt, integerAt, objectAt, readJson } from './sources.ts';

/** Reward leaves with their proofs, from `GET /v1/epochs/:n` or a file of the same shape, checked against the chain. */

export type RewardLeaf = {
  readonly epoch: bigint;
  readonly role: bigint;
  readonly account: string;
  readonly quality: bigint;
  readonly volume: bigint;
  readonly difficulty: bigint;
  readonly feedback: bigint;
};

export type Claim = { readonly leaf: RewardLeaf; readonly proof: readonly SumNode[]; readonly source: string };

/** `claimable` pays now; `early` will, once the epoch is final; `wrong` would be refused. */
export type ClaimState = 'claimable' | 'claimed' | 'early' | 'wrong';
export type AssessedClaim = Claim & { readonly state: ClaimState; readonly amount: bigint; readonly detail: string };

type EpochInfo = {
  readonly state: bigint;
  readonly roots: readonly string[];
  readonly totals: readonly bigint[];
  readonly pools: readonly bigint[];
};

const EPOCH_STATES = ['none', 'open', 'proposed', 'disputed', 'final', 'void'] as const;
const FINAL = 4n;

/** All claims that a document holds: `{distribution: {leaves: […]}}`, `{leaves: […]}` or the list itself. */
export function parseClaims(source: string, value: unknown): readonly Claim[] {
  const list = Array.isArray(value) ? value : leavesOf(source, value);
  return list.map((item, index) => parseClaim(`${source} leaf ${index}`, source, item));
}

function leavesOf(source: string, value: unknown): readonly unknown[] {
  const document = objectAt(source, value);
  const { distribution, leaves } = document;
  if (leaves !== undefined) return arrayAt(`${source} leaves`, leaves);
  // A gateway that has not computed the epoch yet says null.
  if (distribution === null) return [];
  return arrayAt(`${source} distribution.leaves`, objectAt(`${source} distribution`, distribution)['leaves']);
}

function parseClaim(path: string, source: string, value: unknown): Claim {
  const claim = objectAt(path, value);
  const leaf = objectAt(`${path}.leaf`, claim['leaf']);
  const proof = arrayAt(`${path}.proof`, claim['proof']).map((item, index) => {
    const node = objectAt(`${path}.proof[${index}]`, item);
    const at = (name: string) => `${path}.proof[${index}].${name}`;
    return { hash: hexAt(at('hash'), node['hash'], 32), sum: integerAt(at('sum'), node['sum'], 128) };
  });
  const integer = (name: string, bits: number) => integerAt(`${path}.leaf.${name}`, leaf[name], bits);
  return {
    leaf: {
      epoch: integer('epoch', 64),
      role: integer('role', 8),
      account: hexAt(`${path}.leaf.account`, leaf['account'], 20),
      quality: integer('quality', 16),
      volume: integer('volume', 64),
      difficulty: integer('difficulty', 16),
      feedback: integer('feedback', 16),
    },
    proof,
    source,
  };
}

export function weightOf({ quality, volume, difficulty, feedback }: RewardLeaf): bigint {
  return quality * volume * difficulty * feedback;
}

/**
 * Documents named one by one, and those of a range of epochs at a gateway.
 * @param onMissing told of an address that has nothing: a gateway need not know every epoch.
 */
export async function readClaims(
  sources: readonly string[],
  onMissing: (source: string) => void,
): Promise<readonly Claim[]> {
  const documents = [];
  for (const source of sources) {
    try {
      documents.push(parseClaims(source, await readJson(source)));
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
      onMissing(source);
    }
  }
  return documents.flat();
}

/** Addresses of the epoch documents of a gateway. */
export function epochSources(gateway: string, from: bigint, to: bigint): readonly string[] {
  const base = gateway.replace(/\/+$/, '').replace(/\/v1$/, '');
  return Array.from({ length: Number(to - from + 1n) }, (_item, index) => `${base}/v1/epochs/${from + BigInt(index)}`);
}

/** What each claim is worth on chain; a wrong one says why, before anybody pays gas for it. */
export async function assessClaims(session: Session, claims: readonly Claim[]): Promise<readonly AssessedClaim[]> {
  const epochs = new Map<bigint, Promise<EpochInfo>>();
  const epochInfo = (epoch: bigint): Promise<EpochInfo> => {
    const known = epochs.get(epoch) ?? view<EpochInfo>(session.contracts.distributor, 'epochInfo', [epoch]);
    epochs.set(epoch, known);
    return known;
  };
  const assessed: AssessedClaim[] = [];
  for (const claim of claims) assessed.push(await assess(session, claim, await epochInfo(claim.leaf.epoch)));
  return assessed;
}

async function assess(session: Session, claim: Claim, epoch: EpochInfo): Promise<AssessedClaim> {
  const as = (state: ClaimState, detail: string, amount = 0n) => ({ ...claim, state, amount, detail });
  if (epoch.state !== FINAL) return as('early', `the epoch is ${EPOCH_STATES[Number(epoch.state)] ?? 'unknown'}`);
  const fault = proofFault(session, claim, epoch);
  if (fault !== undefined) return as('wrong', fault);
  const { distributor } = session.contracts;
  const preview = await view<{ amount: bigint; claimed: boolean }>(distributor, 'previewClaim', [claim.leaf]);
  return preview.claimed ? as('claimed', 'claimed already') : as('claimable', '', preview.amount);
}

/** Climbs the sum tree; undefined when leaf and proof reproduce the root and the total on chain. */
function proofFault(session: Session, { leaf, proof }: Claim, epoch: EpochInfo): string | undefined {
  const role = Number(leaf.role);
  const [root, total] = [epoch.roots[role], epoch.totals[role]];
  if (root === undefined || total === undefined) return `there is no role ${role}`;
  const contract = session.deployment.contracts.RewardDistributor.address;
  const hash = leafHash('RewardLeaf', { chainId: session.chainId, contract }, leaf);
  try {
    const top = climbSum({ hash, sum: weightOf(leaf) }, proof);
    if (top.hash !== root) return 'leaf and proof do not lead to the root on chain';
    return top.sum === total ? undefined : 'the weights do not add up to the total on chain';
  } catch {
    return 'a running sum leaves 128 bits';
  }
}

import { view } from '../chain.ts';
import { parseClaims, weightOf } from '../claims.ts';
import type { Claim } from '../claims.ts';
import { leafHash } from '../protocol/leaf.ts';
import { distributionHash } from '../protocol/lists.ts';
import type { Distribution } from '../protocol/lists.ts';
import { climbSum } from '../protocol/sum-tree.ts';
import type { Session } from '../session.ts';
import { arrayAt, hexAt, integerAt, objectAt } from '../sources.ts';
import type { Checks } from './checks.ts';
import type { Domain } from './document.ts';
import { fail } from './receipt.ts';

/** An epoch document (GET /v1/epochs/:n): every claim against roots and totals, and those against the chain. */

type Roots = { readonly roots: readonly string[]; readonly totals: readonly bigint[] };

export type ClaimsInput = {
  readonly checks: Checks;
  readonly domain: Domain;
  readonly value: unknown;
  /** Undefined offline. */
  readonly session: Session | undefined;
};

export async function verifyClaims({ checks, domain, value, session }: ClaimsInput): Promise<void> {
  const document = objectAt('the document', value);
  const distribution = objectAt('distribution', document['distribution']);
  const epoch = integerAt('epoch', document['epoch'], 64);
  const stated = {
    roots: arrayAt('distribution.roots', distribution['roots']).map((root, role) => hexAt(`root ${role}`, root, 32)),
    totals: arrayAt('distribution.totals', distribution['totals']).map((sum, role) =>
      integerAt(`total ${role}`, sum, 128),
    ),
  };
  checkHash(checks, epoch, distribution, stated);
  const roots = session === undefined ? stated : await rootsOnChain(checks, session, epoch, stated);
  for (const claim of parseClaims('epoch', value)) checkClaim(checks, domain, claim, { ...roots, epoch });
}

function checkHash(checks: Checks, epoch: bigint, source: Readonly<Record<string, unknown>>, stated: Roots): void {
  const hash = (name: string) => hexAt(`distribution.${name}`, source[name], 32);
  const distribution: Distribution = {
    ...stated,
    epoch,
    round: integerAt('distribution.round', source['round'], 32),
    counts: arrayAt('distribution.counts', source['counts']).map((count, role) =>
      integerAt(`count ${role}`, count, 32),
    ),
    paramsHash: hash('paramsHash'),
    tableRoot: hash('tableRoot'),
    batchesHash: hash('batchesHash'),
    dataHash: hash('dataHash'),
  };
  checks.equal('distribution hash', hash('hash'), distributionHash(distribution).hash);
}

async function rootsOnChain(checks: Checks, session: Session, epoch: bigint, stated: Roots): Promise<Roots> {
  const info = await view<Roots>(session.contracts.distributor, 'epochInfo', [epoch]);
  info.roots.forEach((root, role) => checks.equal(`root of role ${role} on chain`, stated.roots[role] ?? '', root));
  info.totals.forEach((total, role) =>
    checks.equal(`total of role ${role} on chain`, stated.totals[role] ?? '', total),
  );
  return info;
}

function checkClaim(checks: Checks, domain: Domain, { leaf, proof }: Claim, roots: Roots & { epoch: bigint }): void {
  checks.that(`claim of role ${leaf.role} ${leaf.account}`, () => {
    if (leaf.epoch !== roots.epoch) return fail(`is for epoch ${leaf.epoch}`);
    const role = Number(leaf.role);
    const hash = leafHash('RewardLeaf', { chainId: domain.chainId, contract: domain.rewardDistributor }, leaf);
    const top = climbSum({ hash, sum: weightOf(leaf) }, proof);
    if (top.hash !== roots.roots[role]) return fail('leaf and proof do not lead to the root');
    return top.sum === roots.totals[role] ? `weight ${weightOf(leaf)}` : fail('the sums do not reach the total');
  });
}

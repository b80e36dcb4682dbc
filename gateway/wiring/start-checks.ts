import { SettingsError } from '../lib/settings.ts';
import { paramsHash } from '../protocol/commitments.ts';
import type { ProtocolParams } from '../protocol/params.ts';
import type { Hex } from '../protocol/types.ts';

/** What the contracts hold a gateway's parameters against. */
export type ChainRules = { readonly paramsHash: Hex; readonly floorBps: number };

/** @throws SettingsError when the gateway would score, or sample, by rules that the network does not share. */
export function requireSameRules(params: ProtocolParams, chain: ChainRules): void {
  const own = paramsHash(params);
  const problems: string[] = [];
  if (own !== chain.paramsHash) {
    problems.push(`DGRID_PARAMS: the file hashes to ${own}, the network's parameters to ${chain.paramsHash}`);
  }
  // A receipt that the registry's floor draws and the gateway's does not would be evidence against the gateway.
  if (params.floorRateBps < chain.floorBps) {
    problems.push(`DGRID_PARAMS: floorRateBps is ${params.floorRateBps}, the registry's floor is ${chain.floorBps}`);
  }
  if (problems.length > 0) throw new SettingsError(problems);
}

export type Serials = {
  /** Next serial of this gateway on chain. */
  readonly onChain: bigint;
  /** End of the store's last batch, 0 when it has none. */
  readonly stored: bigint;
};

/**
 * A batch that the chain has and the store has not can be neither recorded nor paid, and its epoch not be proposed.
 * @throws SettingsError when that is so and nobody has accepted it.
 */
export function requireWholeStore({ onChain, stored }: Serials, accepted: boolean): void {
  if (onChain <= stored || accepted) return;
  throw new SettingsError([
    `DGRID_DATA_DIR: the store ends at serial ${stored}, the chain has anchors of this gateway up to ${onChain}: ` +
      'it is empty, old, or another one; restore it, or set DGRID_ACCEPT_LOST_STORE=true to go on without what it lost',
  ]);
}

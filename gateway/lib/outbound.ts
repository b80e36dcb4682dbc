import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

import ipaddr from 'ipaddr.js';
import { Agent, buildConnector } from 'undici';
import type { Dispatcher } from 'undici';

/**
 * Connections to hosts that others name: nodes and their metadata. Whoever registers a node must not be able to make this
 * server speak to itself or to its neighbours, so only addresses of the public internet are connected to, and what the
 * operator allows. Names are looked up once, and checked there: a name cannot change between the check and the use.
 */
export type Outbound = {
  readonly connect: buildConnector.connector;
  /** For calls outside a pool. Follows no redirect. */
  readonly dispatcher: Dispatcher;
  readonly close: () => Promise<void>;
};

export type Network = ReturnType<typeof ipaddr.parseCIDR>;

/** @throws TypeError unless every text is an address or a range like `10.1.0.0/16` or `fd00::/8`. */
export function parseNetworks(texts: readonly string[]): readonly Network[] {
  return texts.map((text) => {
    try {
      if (text.includes('/')) return ipaddr.parseCIDR(text);
      const address = ipaddr.parse(text);
      return [address, address.kind() === 'ipv4' ? 32 : 128];
    } catch {
      throw new TypeError(`${text.slice(0, 60)} is no address and no range of addresses`);
    }
  });
}

/** Whether an address may be connected to. An IPv4 address written as IPv6 is judged as what it is. */
export function isReachable(text: string, allowed: readonly Network[]): boolean {
  if (!ipaddr.isValid(text)) return false;
  const address = ipaddr.process(text);
  if (address.range() === 'unicast') return true;
  return allowed.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
}

export type OutboundOptions = {
  readonly connectMs: number;
  /** Networks beside the public internet. */
  readonly allowed: readonly Network[];
  /** How names become addresses; replaced in tests. */
  readonly resolve?: LookupFunction;
};

class AddressRefused extends Error {
  readonly code = 'DGRID_ADDRESS_REFUSED';

  constructor() {
    super('the address is not one of the public internet, nor allowed by DGRID_ALLOWED_NETWORKS');
  }
}

export function createOutbound({ connectMs, allowed, resolve = lookup }: OutboundOptions): Outbound {
  const checkedLookup: LookupFunction = (hostname, options, done) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, '');
      const addresses = typeof found === 'string' ? [] : found;
      const [first] = addresses;
      // One that is refused betrays the rest: an honest name has no address within somebody's private network.
      if (first === undefined || !addresses.every(({ address }) => isReachable(address, allowed)))
        return done(new AddressRefused(), '');
      if (options.all === true) return done(null, addresses);
      done(null, first.address, first.family);
    });
  };
  const connector = buildConnector({ timeout: connectMs, noDelay: true, lookup: checkedLookup });
  const connect: buildConnector.connector = (target, done) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    // Where the host is an address nothing is looked up.
    if (ipaddr.isValid(host) && !isReachable(host, allowed)) return done(new AddressRefused(), null);
    connector(target, done);
  };
  const dispatcher = new Agent({ connect });
  return { connect, dispatcher, close: () => dispatcher.close() };
}

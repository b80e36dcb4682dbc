import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { request } from 'undici';

import { createOutbound, isReachable, parseNetworks } from '../../../gateway/lib/outbound.ts';
import type { OutboundOptions } from '../../../gateway/lib/outbound.ts';

const REFUSED = [
  ...['127.0.0.1', '127.9.9.9', '0.0.0.0', '10.0.0.1', '172.16.5.4', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
  ...['192.0.2.1', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ...['::1', '::', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1', '2001:db8::1', '2002:7f00:1::', '64:ff9b::7f00:1'],
  ...['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe', 'localhost', '', '1.2.3.4.5'],
];

describe('isReachable', () => {
  it('returns false for whatever is not of the public internet, however it is written', () => {
    for (const address of REFUSED) assert.equal(isReachable(address, []), false, address);
  });

  it('returns true for public addresses, and an IPv4 address within IPv6', () => {
    for (const address of ['1.1.1.1', '93.184.216.34', '2606:4700:4700::1111', '::ffff:8.8.8.8'])
      assert.equal(isReachable(address, []), true, address);
  });

  it('returns true for what the operator allows, and for nothing beside it', () => {
    const allowed = parseNetworks(['10.1.0.0/16', '192.168.7.9', 'fd00::/8']);
    for (const address of ['10.1.200.3', '192.168.7.9', 'fd12::1', '::ffff:10.1.0.1'])
      assert.equal(isReachable(address, allowed), true, address);
    for (const address of ['10.2.0.1', '192.168.7.8', 'fe80::1', '127.0.0.1'])
      assert.equal(isReachable(address, allowed), false, address);
  });

  it('rejects what is no network', () => {
    for (const text of ['10.0.0.0/33', 'everywhere', '10.0.0.0/', '']) assert.throws(() => parseNetworks([text]), text);
  });
});

describe('createOutbound', () => {
  const seen: string[] = [];
  const server = createServer((incoming, response) => {
    seen.push(incoming.url ?? '');
    response.writeHead(302, { location: '/elsewhere' }).end();
  });
  let port = 0;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  after(() => server.close());
  beforeEach(() => seen.splice(0));

  const resolvesTo =
    (...addresses: readonly string[]): NonNullable<OutboundOptions['resolve']> =>
    (_host, _options, done) =>
      done(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  async function codeOf(url: string, options: Partial<OutboundOptions> = {}): Promise<string> {
    const outbound = createOutbound({ connectMs: 1_000, allowed: [], ...options });
    try {
      const { statusCode, body } = await request(url, { dispatcher: outbound.dispatcher });
      await body.dump();
      return String(statusCode);
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    } finally {
      await outbound.close();
    }
  }

  it('rejects an address in any spelling that a URL has for it, and sends nothing', async () => {
    for (const host of ['127.0.0.1', '2130706433', '0x7f.1', '0177.0.0.1', '[::ffff:127.0.0.1]'])
      assert.equal(await codeOf(`http://${host}:${port}/`), 'DGRID_ADDRESS_REFUSED', host);
    assert.deepEqual(seen, []);
  });

  it('rejects a name by what it stands for when it is connected to, if only one of its addresses is refused', async () => {
    const url = `http://node.example:${port}/`;
    assert.equal(await codeOf(url, { resolve: resolvesTo('127.0.0.1') }), 'DGRID_ADDRESS_REFUSED');
    assert.equal(await codeOf(url, { resolve: resolvesTo('93.184.216.34', '127.0.0.1') }), 'DGRID_ADDRESS_REFUSED');
    assert.equal(await codeOf(url, { resolve: resolvesTo() }), 'DGRID_ADDRESS_REFUSED');
    assert.deepEqual(seen, []);
  });

  it('connects to what is allowed, and follows no redirect', async () => {
    const allowed = parseNetworks(['127.0.0.0/8']);
    assert.equal(await codeOf(`http://127.0.0.1:${port}/a`, { allowed }), '302');
    assert.equal(await codeOf(`http://node.example:${port}/b`, { allowed, resolve: resolvesTo('127.0.0.1') }), '302');
    assert.deepEqual(seen, ['/a', '/b']);
  });
});

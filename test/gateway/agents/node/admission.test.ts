import assert from 'node:assert/strict';

import { createAdmission } from '../../../../gateway/agents/node/admission.ts';
import { DgridError } from '../../../../gateway/errors.ts';
import { createSessions } from '../../../../gateway/execute/sessions.ts';
import { sealSession } from '../../../../gateway/protocol/session.ts';
import { createSigner } from '../../../../gateway/protocol/signature.ts';
import type { Address } from '../../../../gateway/protocol/types.ts';

const GATEWAY: Address = `0x${'99'.repeat(20)}`;
const NODE: Address = `0x${'01'.repeat(20)}`;
const OTHER: Address = `0x${'02'.repeat(20)}`;
const domain = { chainId: 31_337n, verifyingContract: `0x${'a1'.repeat(20)}` } as const;
const signer = createSigner(`0x${'11'.repeat(32)}`);
const stranger = createSigner(`0x${'12'.repeat(32)}`);
const START_S = 1_700_000_000;

function setUp() {
  let nowMs = START_S * 1_000;
  let registered: Address | undefined = signer.address;
  let asked = 0;
  const clock = { nowMs: () => nowMs };
  return {
    session: createSessions({ gateway: GATEWAY, signer, domain, ...clock }),
    admission: createAdmission({
      account: NODE,
      domain,
      async signerOf(gateway) {
        asked += 1;
        return gateway === GATEWAY ? registered : undefined;
      },
      ...clock,
    }),
    pass: (seconds: number) => (nowMs += seconds * 1_000),
    register: (address: Address | undefined) => (registered = address),
    asked: () => asked,
  };
}

const refuses = (attempt: Promise<void>): Promise<void> =>
  assert.rejects(attempt, (error) => error instanceof DgridError && error.code === 'DGRID_UNKNOWN_GATEWAY');

describe('sessions between a gateway and a node', () => {
  it('lets the registered signer in, and asks the chain once for many requests', async () => {
    const { session, admission, asked } = setUp();
    for (let request = 0; request < 5; request += 1) await admission(GATEWAY, session(NODE));
    assert.equal(asked(), 1);
  });

  it('refuses whoever shows nothing, nonsense, or a session of others', async () => {
    const { session, admission } = setUp();
    await refuses(admission(GATEWAY, undefined));
    for (const token of ['', 'x', `${START_S}.0x`, `${START_S + 600}.0x${'00'.repeat(65)}`])
      await refuses(admission(GATEWAY, token));
    await refuses(admission(GATEWAY, session(OTHER)));
    await refuses(admission(OTHER, session(NODE)));
    const until = START_S + 600;
    await refuses(admission(GATEWAY, sealSession(stranger, domain, { gateway: GATEWAY, node: NODE, until })));
    const elsewhere = { ...domain, chainId: 1n };
    await refuses(admission(GATEWAY, sealSession(signer, elsewhere, { gateway: GATEWAY, node: NODE, until })));
  });

  it('refuses a session after its end, and one that never seems to end', async () => {
    const { session, admission, pass } = setUp();
    const token = session(NODE);
    await admission(GATEWAY, token);
    pass(601);
    await refuses(admission(GATEWAY, token));
    const until = START_S + 10_000;
    await refuses(admission(GATEWAY, sealSession(signer, domain, { gateway: GATEWAY, node: NODE, until })));
  });

  it('is let in again as soon as a clock that was wrong is put right', async () => {
    for (const wrongBy of [10_800, -10_800]) {
      const { session, admission, pass } = setUp();
      pass(wrongBy);
      const token = session(NODE);
      pass(-wrongBy);
      await refuses(admission(GATEWAY, token));
      await admission(GATEWAY, session(NODE));
    }
  });

  it('refuses a gateway some minutes after it lost its registration', async () => {
    const { session, admission, pass, register } = setUp();
    const token = session(NODE);
    await admission(GATEWAY, token);
    register(undefined);
    await admission(GATEWAY, token);
    pass(301);
    await refuses(admission(GATEWAY, token));
  });

  it('renews a token in time, and not before', () => {
    const { session, pass } = setUp();
    const first = session(NODE);
    pass(200);
    assert.equal(session(NODE), first);
    pass(101);
    assert.notEqual(session(NODE), first);
  });
});

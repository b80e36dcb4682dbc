import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { getCreateAddress } from 'ethers';

import { paramsHash } from '../../gateway/protocol/commitments.ts';
import type { JsonValue } from '../../gateway/protocol/canonical-json.ts';
import { UsageError } from '../../scripts/lib/command.ts';
import {
  LIVE,
  LOCAL,
  MINIMUM_TIMELOCK_DELAY,
  ZERO_HASH,
  baseUnits,
  checkAdministration,
  mergeParams,
  parseParamsFile,
  presetOf,
  protocolParamsHash,
} from '../../scripts/lib/deploy/config.ts';
import type { DeployConfig } from '../../scripts/lib/deploy/config.ts';
import { parseDeployment, readDeployment } from '../../scripts/lib/deployment.ts';

const REFERENCE = new URL('../../deployments/31337.json', import.meta.url);

describe('scripts/lib/deploy/config', () => {
  for (const [name, { timing, slash, rewards, court, administration }] of Object.entries({ LIVE, LOCAL })) {
    it(`holds the bounds of the protocol in ${name}`, () => {
      const { epochDuration, recordWindow, roundDuration, disputeWindow, arbiterDeadline, unbonding } = timing;
      assert.ok(unbonding >= epochDuration + recordWindow + roundDuration + disputeWindow + arbiterDeadline);
      assert.ok(slash.offenceBps >= 500 && slash.offenceBps <= 2_000 && slash.epochCapBps <= 5_000);
      assert.ok(slash.abandonedBps <= 200 && slash.bountyBps <= 1_000);
      assert.equal(
        rewards.roleSplitBps.reduce((sum, share) => sum + share, 0),
        10_000,
      );
      assert.ok(court.bondBps >= 1 && baseUnits(court.minimumBond) > 0n);
      assert.ok(administration.timelockDelay < arbiterDeadline, 'verdicts come in time to slash');
    });
  }

  it('takes the local preset for the local chain only', () => {
    assert.equal(presetOf(31_337n), LOCAL);
    assert.equal(presetOf(1n), LIVE);
  });

  const withDelay = (timelockDelay: number, arbiter?: string): DeployConfig => ({
    params: mergeParams(LIVE, { administration: { timelockDelay } }),
    paramsHash: ZERO_HASH,
    genesisTableRoot: ZERO_HASH,
    ...(arbiter === undefined ? {} : { arbiter }),
  });

  it('rejects a timelock below the minimum on every chain but the local one', () => {
    assert.equal(MINIMUM_TIMELOCK_DELAY, 86_400);
    for (const delay of [0, 600, MINIMUM_TIMELOCK_DELAY - 1]) {
      for (const chainId of [1n, 8_453n, 11_155_111n]) {
        const wanted = { message: `a timelock of ${delay} s is too short for chain ${chainId}: at least 86400 s` };
        assert.throws(() => checkAdministration(withDelay(delay), chainId), wanted);
        assert.throws(() => checkAdministration(withDelay(delay, `0x${'11'.repeat(20)}`), chainId), wanted);
      }
      checkAdministration(withDelay(delay), 31_337n);
    }
    checkAdministration(withDelay(MINIMUM_TIMELOCK_DELAY), 1n);
  });

  it('rejects a timelock too slow to rule, unless somebody else is the arbiter', () => {
    const { arbiterDeadline } = LIVE.timing;
    assert.throws(() => checkAdministration(withDelay(arbiterDeadline), 1n), UsageError);
    checkAdministration(withDelay(arbiterDeadline - 1), 1n);
    checkAdministration(withDelay(arbiterDeadline, `0x${'11'.repeat(20)}`), 1n);
  });

  it('lets a file replace single parameters', () => {
    const file = parseParamsFile(
      'params.json',
      '{"timing": {"epochDuration": 60}, "anchoring": {"feePerUnit": "0.5"}}',
    );
    const merged = mergeParams(LOCAL, file);
    assert.equal(merged.timing.epochDuration, 60);
    assert.equal(merged.timing.recordWindow, LOCAL.timing.recordWindow);
    assert.equal(baseUnits(merged.anchoring.feePerUnit), 5n * 10n ** 17n);
    assert.equal(merged.anchoring.floorBps, LOCAL.anchoring.floorBps);
  });

  for (const text of [
    '{',
    '[]',
    '{"epochDuration": 60}',
    '{"timing": {"epochDuration": 0}}',
    '{"timing": {"epochDuration": "60"}}',
    '{"minimumStakes": {"gateway": 100000}}',
    '{"rewards": {"roleSplitBps": [7000, 3000]}}',
  ]) {
    it(`rejects the parameters file ${text}`, () => {
      assert.throws(() => parseParamsFile('params.json', text), UsageError);
    });
  }

  it('returns the parameters hash that the gateway computes', () => {
    const file = new URL('../../gateway/poq/params.default.json', import.meta.url);
    assert.equal(protocolParamsHash(), paramsHash(JSON.parse(readFileSync(file, 'utf8')) as JsonValue));
  });
});

describe('scripts/lib/deployment', () => {
  const text = readFileSync(REFERENCE, 'utf8');
  const reference = parseDeployment('31337.json', text);

  it('takes the reference deployment, whose addresses follow from the deployer', () => {
    Object.values(reference.contracts).forEach(({ address }, nonce) => {
      assert.equal(address, getCreateAddress({ from: reference.deployer, nonce }));
    });
    assert.equal(readDeployment(31_337n).contracts.NodeStaking.address, reference.contracts.NodeStaking.address);
  });

  it('rejects a chain without a file, and a file of another chain', () => {
    assert.throws(() => readDeployment(4_242n), UsageError);
    const file = decodeURIComponent(REFERENCE.pathname);
    assert.throws(() => readDeployment(1n, file), /is for chain 31337, but the RPC serves chain 1/);
  });

  type Json = Record<string, unknown>;
  const parsed = JSON.parse(text) as Json & { readonly contracts: Json };
  const { ProofRegistry: _registry, ...others } = parsed.contracts;
  for (const [what, value] of Object.entries({
    'a contract is missing': { ...parsed, contracts: others },
    'an address is short': { ...parsed, deployer: '0x1234' },
    'the version is another': { ...parsed, version: 2 },
    'there is a field too many': { ...parsed, note: '' },
    'the chain id is a number': { ...parsed, chainId: 31_337 },
  })) {
    it(`rejects a deployment file in which ${what}`, () => {
      assert.throws(() => parseDeployment('x.json', JSON.stringify(value)), UsageError);
    });
  }
});

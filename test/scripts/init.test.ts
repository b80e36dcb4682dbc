import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

import { parseKeys } from '../../gateway/account/key-file.ts';
import { EVALUATOR_SETTINGS } from '../../gateway/agents/evaluator/settings.ts';
import { NODE_SETTINGS } from '../../gateway/agents/node/config.ts';
import { GATEWAY_SETTINGS } from '../../gateway/config.ts';
import { parseDeployment } from '../../gateway/lib/deployment.ts';
import { readSignerKey } from '../../gateway/lib/program.ts';
import { readSettings } from '../../gateway/lib/settings.ts';
import { init } from '../../scripts/init.ts';
import { run } from './support/run.ts';

const ACCOUNT = '0x000000000000000000000000000000000000dEaD';
const PASSWORD = 'battery staple';
const SETTINGS = { inference: NODE_SETTINGS, evaluator: EVALUATOR_SETTINGS, gateway: GATEWAY_SETTINGS } as const;
const ROLES = ['inference', 'evaluator', 'gateway'] as const;

describe('init', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'dgrid-init-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const at = (role: string, name: string): string => join(folder, role, name);
  const make = (role: string, ...words: string[]) =>
    run(init, ['--role', role, '--dir', join(folder, role), '--account', ACCOUNT, ...words], {
      DGRID_SIGNER_PASSWORD: PASSWORD,
    });

  for (const role of ROLES) {
    it(`returns a configuration that the server of ${role} starts from, given the password`, async () => {
      const { code, out, err } = await make(role);
      assert.equal(code, 0, err);
      const file: unknown = JSON.parse(readFileSync(at(role, 'config.json'), 'utf8'));
      const settings = SETTINGS[role];
      const config = readSettings(settings, { file, env: { [settings.signerPassword.env]: PASSWORD } });
      assert.equal(config.account, ACCOUNT);
      assert.match(await readSignerKey(settings, config), /^0x[0-9a-f]{64}$/);
      assert.equal(parseDeployment(readFileSync(config.deploymentFile, 'utf8')).chainId, 31_337n);
      for (const path of [config.signerKeystore, config.deploymentFile, config.dataDir]) assert.ok(isAbsolute(path));
      assert.equal(statSync(config.signerKeystore).mode & 0o077, 0);
      assert.ok(out.includes(`set ${settings.signerPassword.env}, then start`), out);
      assert.ok(out.includes(`main.ts --config ${at(role, 'config.json')}`), out);
      assert.doesNotMatch(out, /agent\.json/);
    });
  }

  it('returns next steps that name the chain it was given, and no keystore that it did not make', async () => {
    const { out } = await make('steps', '--role', 'evaluator', '--rpc', 'http://127.0.0.1:1', '--deployment', 'd.json');
    const steps = out.split('\n').filter((line) => /^\d\. npx node scripts/.test(line));
    assert.equal(steps.length, 2);
    for (const step of steps)
      assert.ok(step.includes(` --rpc http://127.0.0.1:1 --deployment ${resolve('d.json')}`), step);
    assert.ok(!out.includes('account.keystore.json'));
  });

  it('shows the API key of a gateway once, and keeps only its hash', async () => {
    const { out, err } = await make('gateway-key', '--role', 'gateway');
    const keys = out.match(/dgrid-[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g) ?? [];
    assert.equal(keys.length, 1, err);
    const text = readFileSync(at('gateway-key', 'api-keys.json'), 'utf8');
    const hash = createHash('sha256')
      .update(keys[0] ?? '')
      .digest('hex');
    assert.deepEqual(parseKeys(text), [{ hash, name: 'first' }]);
    assert.ok(!text.includes(keys[0] ?? ''));

    const machine = await make('gateway-json', '--role', 'gateway', '--json');
    const { apiKey } = machine.json() as { apiKey: string };
    const kept = parseKeys(readFileSync(at('gateway-json', 'api-keys.json'), 'utf8'));
    assert.equal(kept[0]?.hash, createHash('sha256').update(apiKey).digest('hex'));
    assert.ok(!machine.err.includes(apiKey));
  });

  it('rejects addresses that its server would not take, and writes nothing', async () => {
    for (const words of [
      ['--role', 'evaluator', '--rpc', 'ws://127.0.0.1:1'],
      ['--role', 'inference', '--backend', 'localhost:11434'],
    ]) {
      const { code, err } = await make('refused', ...words);
      assert.equal(code, 2);
      assert.match(err, /is not an http or https URL/);
      assert.throws(() => statSync(join(folder, 'refused')));
    }
  });
});

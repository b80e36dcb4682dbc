import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parseParamsFile } from '../../scripts/lib/deploy/config.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Files and packages that a program is made of, by its import statements. */
function imports(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, target = ''] of readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g)) {
    if (target.startsWith('.')) imports(join(dirname(file), target), seen);
    else seen.add(target);
  }
  return seen;
}

const COMMANDS = [
  ...[
    'audit',
    'authorize',
    'claim',
    'close',
    'deploy',
    'doctor',
    'earnings',
    'fees',
    'generate-abi',
    'generate-vectors',
    'init',
  ],
  ...['register', 'stake', 'status', 'unbond', 'unjail', 'verify', 'withdraw'],
];

describe('scripts are a second implementation', () => {
  for (const command of COMMANDS) {
    it(`builds ${command} from nothing of the gateway's`, () => {
      const parts = [...imports(join(ROOT, `scripts/${command}.ts`))].map((part) => part.replace(ROOT, ''));
      assert.ok(parts.includes('ethers') || parts.includes('scripts/lib/command.ts'));
      const foreign = parts.filter((part) => /^(gateway|contracts)\/|^(viem|merkletreejs|hash-wasm)/.test(part));
      assert.deepEqual(foreign, []);
    });
  }

  it('would notice an import of the gateway', () => {
    const parts = [...imports(join(ROOT, 'test/scripts/consensus.test.ts'))].map((part) => part.replace(ROOT, ''));
    assert.ok(parts.includes('gateway/poq/consensus.ts'));
  });
});

describe('docs/operations.md', () => {
  const text = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');

  it('lists every command that operators have, and no other', () => {
    const listed = [...text.matchAll(/^\| `npx node scripts\/([\w-]+)\.ts/gm)].map(([, name]) => name);
    const operators = COMMANDS.filter((name) => !name.startsWith('generate-'));
    assert.deepEqual(listed.toSorted(), operators.toSorted());
  });

  it('shows a parameters file that deploy takes', () => {
    const example = /```json\n(\{\s*"timing"[^`]*)```/.exec(text)?.[1];
    assert.ok(example);
    assert.equal(parseParamsFile('docs/operations.md', example).timing?.epochDuration, 3_600);
  });
});

import { chainTime } from './lib/chain.ts';
import { authorize } from './lib/authorization.ts';
import { Exit, UsageError, defineCommand, runMain, toJson } from './lib/command.ts';
import { SIGNER_KEY_OPTIONS, loadWallet, signerKey } from './lib/keys.ts';
import { CHAIN_OPTIONS, openSession } from './lib/session.ts';
import { parseAddress, parseInteger, parseRole } from './lib/units.ts';

const DAY = 86_400n;

/** Run where the hot key lives: prints the consent that `register --authorization` takes. */
export const authorizeSigner = defineCommand(
  {
    name: 'authorize',
    summary: 'Signs, with the signer key, that it will serve an account; sends nothing.',
    options: {
      account: { type: 'string', value: 'ADDRESS', help: 'account that will register the signer' },
      role: { type: 'string', value: 'ROLE', help: 'inference, evaluator or gateway' },
      'valid-for': { type: 'string', value: 'SECONDS', help: 'how long the consent can be used (default: one day)' },
      ...CHAIN_OPTIONS,
      ...SIGNER_KEY_OPTIONS,
    },
    notes: ['Standard output is the file for "register --authorization".'],
  },
  async ({ options, io }) => {
    if (options.account === undefined) throw new UsageError('--account is missing');
    const account = parseAddress('--account', options.account);
    const role = parseRole(options.role);
    const validFor = options['valid-for'] === undefined ? DAY : parseInteger('--valid-for', options['valid-for'], 1n);
    const session = await openSession(options, io);
    const signer = await loadWallet(signerKey(options), io);
    const nodeStaking = session.deployment.contracts.NodeStaking.address;
    const deadline = (await chainTime(session.provider)) + validFor;
    const scope = { chainId: session.chainId, nodeStaking, account, role };
    io.stdout(toJson(await authorize(signer, scope, deadline), 2));
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(authorizeSigner);

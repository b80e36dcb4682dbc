import canonicalize from 'canonicalize';
import { id } from 'ethers';

import { chainTime, gasPrice, view } from './lib/chain.ts';
import { Exit, describeError, defineCommand, runMain } from './lib/command.ts';
import type { Io, OptionValues } from './lib/command.ts';
import { ACCOUNT_KEY_OPTIONS, SIGNER_KEY_OPTIONS, accountOf, loadWallet, signerKey } from './lib/keys.ts';
import { GATEWAY, epochAt, readNode, readTiming, stateOf } from './lib/node.ts';
import type { NodeInfo } from './lib/node.ts';
import { CHAIN_OPTIONS, JSON_OPTION, createReporter, openSession } from './lib/session.ts';
import type { Session } from './lib/session.ts';
import { dgai, duration, eth, parseRole, roleName } from './lib/units.ts';

const OPTIONS = {
  role: { type: 'string', value: 'ROLE', help: 'inference, evaluator or gateway' },
  account: { type: 'string', value: 'ADDRESS', help: 'account of the node (default: that of the key)' },
  ...CHAIN_OPTIONS,
  ...ACCOUNT_KEY_OPTIONS,
  ...SIGNER_KEY_OPTIONS,
  ...JSON_OPTION,
} as const;
type Options = OptionValues<typeof OPTIONS>;

/** `pass` is fine, `warn` works but will not for long or may surprise, `fail` keeps the node from working. */
export type Finding = {
  readonly name: string;
  readonly verdict: 'pass' | 'warn' | 'fail';
  readonly detail: string;
  /** What to do about it; empty when nothing is needed. */
  readonly fix: string;
};
type Patient = { readonly session: Session; readonly node: NodeInfo; readonly role: number; readonly account: string };

const pass = (name: string, detail: string): Finding => ({ name, verdict: 'pass', detail, fix: '' });
const warn = (name: string, detail: string, fix: string): Finding => ({ name, verdict: 'warn', detail, fix });
const fail = (name: string, detail: string, fix: string): Finding => ({ name, verdict: 'fail', detail, fix });

const MAX_CLOCK_SECONDS = 120n;
const HTTP_TIMEOUT_MS = 5_000;
/** A gateway sends an anchor and its records for every batch; this much gas is a day of them at one a minute. */
const GATEWAY_GAS = 300_000_000n;
const LOW_UNITS = 1_000_000n;

async function clock({ session }: Patient): Promise<Finding> {
  const chain = await chainTime(session.provider);
  const local = BigInt(Math.floor(Date.now() / 1_000));
  const apart = chain > local ? chain - local : local - chain;
  if (apart <= MAX_CLOCK_SECONDS) return pass('clock', `this machine and the chain are ${duration(apart)} apart`);
  return warn('clock', `this machine and the chain are ${duration(apart)} apart`, 'set the clock, or use a synced RPC');
}

async function membership({ session, node, role }: Patient): Promise<Finding> {
  const timing = await readTiming(session);
  const epoch = epochAt(timing, await chainTime(session.provider));
  const minimum = await view<bigint>(session.contracts.staking, 'minimumStake', [role]);
  const { state, reason } = stateOf({ node, minimum, epoch, timing });
  if (state === 'active') return pass('membership', `active ${reason}`);
  if (state === 'waiting') return pass('membership', `waiting: ${reason}`);
  const fixes: Readonly<Record<string, string>> = {
    understaked: `stake ${dgai(minimum - node.stake)} more`,
    jailed: 'npx node scripts/unjail.ts once the jail is over',
    inactive: 'stake up to the minimum again',
  };
  return fail('membership', `${state}: ${reason}`, fixes[state] ?? '');
}

async function signerAtHand({ node }: Patient, options: Options, io: Io): Promise<Finding> {
  if (options['signer-keystore'] === undefined && io.env['DGRID_SIGNER_KEY'] === undefined) {
    return pass('signer', `registered: ${node.signer} (give its keystore to compare)`);
  }
  const { address } = await loadWallet(signerKey(options), io);
  if (address.toLowerCase() === node.signer.toLowerCase()) return pass('signer', `the key at hand is ${address}`);
  return fail('signer', `the key at hand is ${address}, registered is ${node.signer}`, 'use the registered key');
}

async function metadata({ node }: Patient): Promise<readonly Finding[]> {
  let document: unknown;
  try {
    document = JSON.parse(await fetchText(node.metadataUri));
  } catch (error) {
    return [fail('metadata', `cannot be read: ${describeError(error)}`, 'publish it, or register it inside the URI')];
  }
  const hash = id(canonicalize(document) ?? '');
  if (hash !== node.metadataHash) {
    return [fail('metadata', `hashes to ${hash}, registered is ${node.metadataHash}`, 'publish what was registered')];
  }
  const { endpoint } = (document ?? {}) as { endpoint?: unknown };
  const found = pass('metadata', 'readable, and the one registered');
  if (typeof endpoint !== 'string')
    return [found, fail('endpoint', 'the metadata name none', 'register metadata again')];
  return [found, await endpointAnswers(endpoint)];
}

async function fetchText(uri: string): Promise<string> {
  const response = await fetch(uri, { signal: AbortSignal.timeout(HTTP_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`it answers ${response.status}`);
  return await response.text();
}

async function endpointAnswers(endpoint: string): Promise<Finding> {
  try {
    await fetchText(`${endpoint}/healthz`);
    return pass('endpoint', `${endpoint} answers`);
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : describeError(error);
    return fail('endpoint', `${endpoint}/healthz: ${reason}`, 'start the server, or open the way to it');
  }
}

async function gatewayFunds({ session, node, account }: Patient): Promise<readonly Finding[]> {
  const { staking, registry } = session.contracts;
  const balance = await view<bigint>(staking, 'feeBalanceOf', [account]);
  const timing = await readTiming(session);
  const epoch = epochAt(timing, await chainTime(session.provider)) ?? 0n;
  const fee = await view<bigint>(registry, 'feePerUnitOf', [epoch]);
  const units = fee === 0n ? LOW_UNITS : balance / fee;
  const detail = `${dgai(balance)} pay for ${fee === 0n ? 'any number of' : units} work units`;
  const deposit = 'npx node scripts/fees.ts deposit --amount AMOUNT';
  const feeFinding =
    units === 0n
      ? fail('fee balance', `${detail}: nothing can be anchored`, deposit)
      : units < LOW_UNITS
        ? warn('fee balance', detail, deposit)
        : pass('fee balance', detail);
  const ether = await session.provider.getBalance(node.signer);
  const day = GATEWAY_GAS * (await gasPrice(session.provider));
  const held = `the signer has ${eth(ether)}`;
  if (ether === 0n) return [feeFinding, fail('gas', `${held}: it cannot anchor`, `send ether to ${node.signer}`)];
  return [
    feeFinding,
    ether < day ? warn('gas', `${held}, less than a day's gas`, `send ether to ${node.signer}`) : pass('gas', held),
  ];
}

function exitPlans({ node }: Patient): readonly Finding[] {
  const list: Finding[] = [];
  if (node.unbonding > 0n) {
    list.push(
      warn('unbonding', `${dgai(node.unbonding)} are on their way out and can be slashed`, 'withdraw when ready'),
    );
  }
  if (BigInt(node.pendingPayout) !== 0n) {
    list.push(warn('payout', `${node.pendingPayout} is proposed`, 'it has to accept, or the proposal be withdrawn'));
  }
  return list;
}

async function examine(patient: Patient, options: Options, io: Io): Promise<readonly Finding[]> {
  return [
    await clock(patient),
    await membership(patient),
    await signerAtHand(patient, options, io),
    ...(await metadata(patient)),
    ...(patient.role === GATEWAY ? await gatewayFunds(patient) : []),
    ...exitPlans(patient),
  ];
}

/** Why a node gets no work: everything about it that can be seen from outside. */
export const doctor = defineCommand(
  {
    name: 'doctor',
    summary: 'Examines a registered node: clock, membership, signer, metadata, endpoint, fees and gas.',
    options: OPTIONS,
    notes: [
      'The servers have a "doctor" of their own for what is behind them (backend, scorer, folders).',
      'Exit codes for cron: 0 nothing fails, 1 something does, 2 bad option, 3 chain unreachable.',
    ],
  },
  async ({ options, io }) => {
    const role = parseRole(options.role);
    const account = await accountOf(options, io);
    const session = await openSession(options, io);
    const node = await readNode(session, account, role);
    const findings =
      node === undefined
        ? [fail('registration', `${account} is not registered as ${roleName(role)}`, 'npx node scripts/register.ts')]
        : await examine({ session, node, role, account }, options, io);
    const reporter = createReporter(options.json, io);
    for (const { name, verdict, detail, fix } of findings) {
      reporter.line(`${verdict.toUpperCase()}  ${name}: ${detail}${fix === '' ? '' : ` -> ${fix}`}`);
    }
    const failed = findings.filter(({ verdict }) => verdict === 'fail').length;
    reporter.result({ account, role: roleName(role), healthy: failed === 0, findings });
    return failed === 0 ? Exit.ok : Exit.failed;
  },
);

if (import.meta.main) await runMain(doctor);

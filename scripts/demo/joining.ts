import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Wallet, parseEther, parseUnits } from 'ethers';

import { connect, mined } from '../lib/chain.ts';
import type { Connection } from '../lib/chain.ts';
import { CommandError } from '../lib/command.ts';
import type { Command, Io } from '../lib/command.ts';
import { LOCAL, ZERO_HASH, mergeParams, protocolParamsHash } from '../lib/deploy/config.ts';
import { deployAll } from '../lib/deploy/deploy.ts';
import { contractsOf } from '../lib/deployment.ts';
import type { Deployment } from '../lib/deployment.ts';
import { fees } from '../fees.ts';
import { register } from '../register.ts';
import type { DemoChain } from './chain.ts';
import { allMembers } from './members.ts';
import type { Member, Members } from './members.ts';
import type { Pace } from './pace.ts';

/** Contracts on chain, money in the operators' hands, everybody registered: what happens before genesis. */

/** First account of the mnemonic that Hardhat and Anvil fund; it holds nothing anywhere else. */
const LOCAL_DEPLOYER = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';

const TIMING = { roundDuration: 2, disputeWindow: 1, arbiterDeadline: 1 };
const UNBONDING_SLACK = 4;
/** The clock of an own chain is put forward to genesis as soon as all are in; a foreign one has to be waited for. */
const GENESIS_DELAY = { own: 120, foreign: 20 };
/** Blocks in a row that deploying, funding, registering and the first golds take, and some more. */
const BLOCKS_TO_GENESIS = 30;

const STAKES = { 0: '20000', 1: '20000', 2: '200000' } as const;
const FEES = '5000';
const GAS_MONEY = parseEther('5');
const TRANSFER_GAS = 21_000n;
const TOKEN_TRANSFER_GAS = 70_000n;

export type Network = {
  readonly chain: DemoChain;
  readonly connection: Connection;
  readonly deployment: Deployment;
  readonly deploymentFile: string;
  readonly deployer: Wallet;
  readonly timing: { readonly genesis: bigint; readonly epochDuration: bigint };
};

export function deployerKey(env: Io['env']): string {
  return env['DGRID_PRIVATE_KEY'] ?? LOCAL_DEPLOYER;
}

export async function deployNetwork(chain: DemoChain, dir: string, key: string, pace: Pace): Promise<Network> {
  const { epochDuration, recordWindow } = pace;
  const timing = { ...TIMING, epochDuration, recordWindow };
  // The contract wants unbonding to outlast everything that an operator could still be called to account for.
  const unbonding = Object.values(timing).reduce((sum, seconds) => sum + seconds, UNBONDING_SLACK);
  const connection = await connect(chain.rpcUrl);
  const deployer = new Wallet(key, connection.provider);
  const genesisDelay = chain.isOwn
    ? GENESIS_DELAY.own
    : GENESIS_DELAY.foreign + Math.ceil(BLOCKS_TO_GENESIS * chain.blockSeconds);
  const deployment = await deployAll({
    provider: connection.provider,
    signer: deployer,
    config: {
      params: mergeParams(LOCAL, { timing: { ...timing, unbonding, genesisDelay } }),
      paramsHash: protocolParamsHash(),
      genesisTableRoot: ZERO_HASH,
      pipelined: chain.isOwn,
    },
  });
  const deploymentFile = join(dir, 'deployment.json');
  writeFileSync(deploymentFile, `${JSON.stringify(deployment, undefined, 2)}\n`);
  const { staking } = contractsOf(deployment, connection.provider);
  const genesis = (await staking.getFunction('genesis').staticCall()) as bigint;
  return {
    chain,
    connection,
    deployment,
    deploymentFile,
    deployer,
    timing: { genesis, epochDuration: BigInt(epochDuration) },
  };
}

/** Gas money and stake for every operator: consecutive nonces, all in one or two blocks. */
export async function fundMembers({ connection, deployment, deployer }: Network, members: Members): Promise<void> {
  const { token } = contractsOf(deployment, deployer);
  const tokenAddress = await token.getAddress();
  let nonce = await connection.provider.getTransactionCount(deployer.address, 'pending');
  const fee = await connection.provider.getFeeData();
  const gasPrice = {
    maxFeePerGas: (fee.maxFeePerGas ?? 0n) * 2n,
    maxPriorityFeePerGas: fee.maxPriorityFeePerGas ?? 0n,
  };
  const sent: Promise<{ readonly hash: string }>[] = [];
  const send = (to: string, value: bigint, data: string, gasLimit: bigint): void => {
    sent.push(
      deployer.sendTransaction({ to, value, data, gasLimit, nonce, type: 2, chainId: connection.chainId, ...gasPrice }),
    );
    nonce += 1;
  };
  for (const member of allMembers(members)) {
    const amount = parseUnits(STAKES[member.role], 18) + (member.role === 2 ? parseUnits(FEES, 18) : 0n);
    send(member.account.address, GAS_MONEY, '0x', TRANSFER_GAS);
    send(
      tokenAddress,
      0n,
      token.interface.encodeFunctionData('transfer', [member.account.address, amount]),
      TOKEN_TRANSFER_GAS,
    );
  }
  // The gateway's signer anchors, so it is the one hot key that needs gas.
  send(members.gateway.signer.address, GAS_MONEY, '0x', TRANSFER_GAS);
  const hashes = (await Promise.all(sent)).map(({ hash }) => hash);
  await Promise.all(hashes.map((hash) => mined(deployer, hash, 'funding an operator')));
}

/** `register --stake` for all at once, then the gateway's fees: the operator commands themselves. */
export async function registerMembers(network: Network, members: Members, dir: string): Promise<void> {
  await Promise.all(allMembers(members).map((member) => registerMember(network, member, members, dir)));
  const { gateway } = members;
  await runCommand(fees, ['deposit', '--amount', FEES, ...chainOptions(network)], {
    DGRID_PRIVATE_KEY: gateway.account.privateKey,
  });
}

async function registerMember(network: Network, member: Member, { nodes }: Members, dir: string): Promise<void> {
  const file = join(dir, `${member.name}.metadata.json`);
  const backend = nodes.find((node) => node === member)?.backend;
  const models =
    backend === undefined
      ? []
      : [
          {
            id: backend.model,
            contextLength: 32_768,
            maxOutputTokens: 4_096,
            capabilities: ['json'],
            price: backend.price,
          },
        ];
  writeFileSync(file, JSON.stringify({ version: 1, name: member.name, endpoint: member.url, models }));
  const role = ['inference', 'evaluator', 'gateway'][member.role] ?? '';
  const options = ['--role', role, '--metadata', file, '--stake', STAKES[member.role]];
  await runCommand(register, [...options, ...chainOptions(network)], {
    DGRID_PRIVATE_KEY: member.account.privateKey,
    DGRID_SIGNER_KEY: member.signer.privateKey,
  });
}

export function chainOptions({ chain, deploymentFile }: Network): readonly string[] {
  return ['--rpc', chain.rpcUrl, '--deployment', deploymentFile];
}

/** Runs an operator command in this process. @returns its standard output. @throws CommandError with its own words. */
export async function runCommand(command: Command, argv: readonly string[], env: Io['env'] = {}): Promise<string> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await command(argv, { env, stdout: (line) => out.push(line), stderr: (line) => err.push(line) });
  if (code !== 0) throw new CommandError(err.at(-1) ?? `a command ended with code ${code}`);
  return out.join('\n');
}

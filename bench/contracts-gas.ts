// Gas of whole transactions (intrinsic cost and calldata included) of every operation of the contracts, on Hardhat's
// in-process chain. Deterministic. `--help` says what it can do.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import {
  BrowserProvider,
  Contract,
  ContractFactory,
  HDNodeWallet,
  JsonRpcSigner,
  MaxUint256,
  Signature,
  TypedDataEncoder,
  ZeroHash,
  getBytes,
  getCreateAddress,
  id,
  toBeHex,
} from 'ethers';
import type { ContractTransactionResponse, InterfaceAbi, TransactionReceipt } from 'ethers';
import { network } from 'hardhat';

import { readOptions } from './gas-options.ts';
import { leafHash, leavesOf, sumTree, weightOf } from './reward-tree.ts';
import type { RewardLeaf, SumNode } from './reward-tree.ts';
import { EPOCH_ATTESTATION, OPERATOR_AUTH } from './typed-data.ts';

const options = readOptions();
const SNAPSHOT = fileURLToPath(new URL('contracts-gas.json', import.meta.url));
const DAY = 86_400;
const EPOCH = 7 * DAY;
const LEAVES = 1_024;
const MNEMONIC = 'test test test test test test test test test test test junk';
const DGAI = 10n ** 18n;
const GATEWAY_STAKE = 100_000n * DGAI;
const NODE_STAKE = 10_000n * DGAI;

type Artifact = { readonly abi: InterfaceAbi; readonly bytecode: string };
const connection = await network.connect();
const provider = new BrowserProvider(connection.provider, undefined, {
  cacheTimeout: -1,
});
provider.pollingInterval = 5;

function artifact(name: string): Artifact {
  const path = new URL(`../artifacts/contracts/${name}.sol/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')) as Artifact;
}

function wallet(index: number): HDNodeWallet {
  return HDNodeWallet.fromPhrase(MNEMONIC, '', `m/44'/60'/0'/0/${index}`).connect(provider);
}

async function rpc(method: string, ...params: readonly unknown[]): Promise<unknown> {
  return connection.provider.request({ method, params: [...params] });
}

async function warp(to: number): Promise<void> {
  await rpc('evm_setNextBlockTimestamp', to);
  await rpc('evm_mine');
}

async function now(): Promise<number> {
  const block = await provider.getBlock('latest');
  if (block === null) throw new Error('no block');
  return block.timestamp;
}

async function mined(sent: Promise<ContractTransactionResponse>): Promise<TransactionReceipt> {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error('no receipt');
  return receipt;
}

const gas: Record<string, number> = {};
async function measure(name: string, sent: Promise<ContractTransactionResponse>): Promise<void> {
  gas[name] = Number((await mined(sent)).gasUsed);
}

function call(contract: Contract, name: string, ...args: readonly unknown[]): Promise<ContractTransactionResponse> {
  return contract.getFunction(name)(...args) as Promise<ContractTransactionResponse>;
}

const admin = wallet(0);
const gateway = wallet(1);
const gatewaySigner = wallet(2);
const node = wallet(3);
const nodeSigner = wallet(4);
const payout = wallet(5);
const stranger = wallet(6);

async function deploy(name: string, ...args: readonly unknown[]): Promise<Contract> {
  const { abi, bytecode } = artifact(name);
  const deployed = await new ContractFactory(abi, bytecode, admin).deploy(...args);
  await deployed.waitForDeployment();
  gas[`deploy ${name}`] = Number((await deployed.deploymentTransaction()?.wait())?.gasUsed ?? 0n);
  return new Contract(await deployed.getAddress(), abi, admin);
}

const authorityArtifact = JSON.parse(
  readFileSync(
    new URL('../node_modules/@openzeppelin/contracts/build/contracts/AccessManager.json', import.meta.url),
    'utf8',
  ),
) as Artifact;
const authorityContract = await new ContractFactory(authorityArtifact.abi, authorityArtifact.bytecode, admin).deploy(
  admin.address,
);
await authorityContract.waitForDeployment();
const authority = await authorityContract.getAddress();
const token = await deploy('DGAIToken', admin.address);
const nonce = await admin.getNonce();
const predicted = (offset: number) => getCreateAddress({ from: admin.address, nonce: nonce + offset });
const genesis = (await now()) + DAY;
const timing = {
  genesis,
  epochDuration: EPOCH,
  recordWindow: DAY,
  roundDuration: DAY,
  disputeWindow: 3 * DAY,
  arbiterDeadline: 2 * DAY,
  unbonding: 14 * DAY,
};
const staking = await deploy('NodeStaking', {
  token: await token.getAddress(),
  registry: predicted(1),
  court: predicted(3),
  authority,
  timing,
  minimumStakes: [NODE_STAKE, NODE_STAKE, GATEWAY_STAKE],
  slash: { offenceBps: 1_000, epochCapBps: 5_000, abandonedBps: 100, bountyBps: 1_000, jailEpochs: 2 },
});
const registry = await deploy('ProofRegistry', {
  staking: await staking.getAddress(),
  distributor: predicted(2),
  authority,
  floorBps: 100,
  feePerUnit: 0,
});
const distributor = await deploy('RewardDistributor', {
  staking: await staking.getAddress(),
  registry: await registry.getAddress(),
  court: predicted(3),
  authority,
  rewardParams: {
    emissionPpm: 4_500,
    roleSplitBps: [7_000, 2_000, 1_000],
    maxShareBps: 2_500,
    maxRewardPerUnit: 10n ** 15n,
  },
  paramsHash: id('parameters'),
  genesisTableRoot: ZeroHash,
});
const court = await deploy('EvidenceCourt', {
  staking: await staking.getAddress(),
  registry: await registry.getAddress(),
  distributor: await distributor.getAddress(),
  authority,
  arbiter: admin.address,
  minimumBond: 1_000n * DGAI,
  bondBps: 100,
});

const domain = {
  name: 'DGrid',
  version: '1',
  chainId: (await provider.getNetwork()).chainId,
  verifyingContract: await staking.getAddress(),
};

async function register(account: HDNodeWallet, role: number, signer: HDNodeWallet): Promise<void> {
  const deadline = (await now()) + DAY;
  const message = { account: account.address, role, signer: signer.address, deadline };
  const signature = await signer.signTypedData(domain, OPERATOR_AUTH, message);
  const uri = 'https://example.org/node.json';
  const as = staking.connect(account) as Contract;
  await measure(
    'register',
    call(as, 'register', role, signer.address, deadline, signature, payout.address, uri, ZeroHash),
  );
}

const stakingAs = (account: HDNodeWallet) => staking.connect(account) as Contract;
const registryAs = (account: HDNodeWallet) => registry.connect(account) as Contract;

await mined(call(token, 'approve', await distributor.getAddress(), MaxUint256));
await measure('fund', call(distributor, 'fund', 500_000_000n * DGAI));
await measure('activate', call(distributor, 'activate'));
for (const account of [gateway, node]) {
  await mined(call(token, 'transfer', account.address, 1_000_000n * DGAI));
  await mined(call(token.connect(account) as Contract, 'approve', await staking.getAddress(), MaxUint256));
}
// Recipients that have a balance: the steady state.
await mined(call(token, 'transfer', payout.address, 1n));

await register(gateway, 2, gatewaySigner);
await register(node, 0, nodeSigner);
await measure('stake, gateway, new', call(stakingAs(gateway), 'stake', 2, GATEWAY_STAKE));
await measure('stake, new', call(stakingAs(node), 'stake', 0, NODE_STAKE));
await measure('stake, top-up', call(stakingAs(node), 'stake', 0, NODE_STAKE));
await measure('requestUnbond', call(stakingAs(node), 'requestUnbond', 0, DGAI));
await measure('cancelUnbond', call(stakingAs(node), 'cancelUnbond', 0, DGAI));
await mined(call(stakingAs(node), 'requestUnbond', 0, DGAI));
await mined(call(token, 'approve', await staking.getAddress(), MaxUint256));
await measure('depositFees, new', call(staking, 'depositFees', gateway.address, 1_000n * DGAI));
await measure('depositFees, top-up', call(staking, 'depositFees', gateway.address, 1_000n * DGAI));

const distributorAddress = await distributor.getAddress();

async function distribute(epoch: number): Promise<{ leaf: RewardLeaf; proof: readonly SumNode[] }> {
  const start = genesis + epoch * EPOCH;
  if ((await now()) < start) await warp(start);
  await measure('openEpoch', call(distributor, 'openEpoch', epoch));
  const from = Number(await registry.getFunction('nextSerial')(gateway.address));
  const anchor = [id(`root ${epoch}`), from, from + 10_000, 10_000, 12_345_678, id('data')] as const;
  await measure('anchorReceipts, first of an epoch', call(registryAs(gatewaySigner), 'anchorReceipts', ...anchor));
  await warp(start + EPOCH + DAY);
  const leaves = leavesOf(epoch, node.address, LEAVES);
  const { root, proof } = sumTree(
    leaves.map((leaf) => ({ hash: leafHash(leaf, domain.chainId, distributorAddress), sum: weightOf(leaf) })),
  );
  const distribution = {
    epoch,
    round: 0,
    roots: [root.hash, ZeroHash, ZeroHash],
    totals: [root.sum, 0n, 0n],
    counts: [LEAVES, 0, 0],
    paramsHash: id('parameters'),
    tableRoot: ZeroHash,
    batchesHash: id('batches'),
    dataHash: id('data'),
  };
  const hash = (await distributor.getFunction('distributionHashOf')(distribution)) as string;
  const digest = TypedDataEncoder.hash(domain, EPOCH_ATTESTATION, { epoch, round: 0, distributionHash: hash });
  const signature = Signature.from(gatewaySigner.signingKey.sign(getBytes(digest))).serialized;
  await measure('propose, one role, one signature', call(distributor, 'propose', distribution, [signature]));
  await warp((await now()) + 3 * DAY);
  await measure('finalize', call(distributor, 'finalize', epoch));
  const [leaf] = leaves;
  if (leaf === undefined) throw new Error('no leaf');
  return { leaf, proof };
}

await mined(call(registryAs(gatewaySigner), 'anchorGold', 0, id('gold'), 30));
await warp(genesis);
await measure('openEpoch', call(distributor, 'openEpoch', 0));
let serial = 0;
async function anchor(name: string, units: number): Promise<void> {
  const range = [serial, serial + 10_000, 10_000] as const;
  await measure(name, call(registryAs(gatewaySigner), 'anchorReceipts', id(name), ...range, units, id('data')));
  serial += 10_000;
}
await anchor('anchorReceipts, first of a gateway', 12_345_678);
await anchor('anchorReceipts, before the fee', 12_345_678);
await rpc('evm_mine');
await measure('fixSeed', call(registry, 'fixSeed', 1));
await measure(
  'anchorRecords, seed known',
  call(registryAs(gatewaySigner), 'anchorRecords', 1, id('records'), 10_000, id('data')),
);
await measure(
  'anchorRecords, seed stored with it',
  call(registryAs(gatewaySigner), 'anchorRecords', 2, id('records'), 10_000, id('data')),
);
await measure('anchorGold', call(registryAs(gatewaySigner), 'anchorGold', 1, id('gold'), 30));
await mined(call(registry, 'setFeePerUnit', 10n ** 9n));

const claims: { leaf: RewardLeaf; proof: readonly SumNode[] }[] = [];
for (let epoch = 1; epoch <= 14; epoch++) {
  claims.push(await distribute(epoch));
  if (epoch === 1) {
    await mined(call(registryAs(gatewaySigner), 'anchorGold', 30, id('gold'), 30));
    await measure('withdraw', call(stakingAs(node), 'withdraw', 0));
  }
}
serial = Number(await registry.getFunction('nextSerial')(gateway.address));
const present = Math.floor(((await now()) - genesis) / EPOCH);
for (let epoch = 15; epoch <= present; epoch++) await mined(call(distributor, 'openEpoch', epoch));
await anchor('first with a fee', 12_345_678);
await anchor('anchorReceipts, with its fee', 12_345_678);
delete gas['first with a fee'];

const [first, second, ...rest] = claims;
if (first === undefined || second === undefined) throw new Error('no claims');
await measure('claim, first of an account', call(distributor, 'claim', first.leaf, first.proof));
await measure('claim, one epoch', call(distributor, 'claim', second.leaf, second.proof));
await measure(
  'claimMany, twelve epochs',
  call(
    distributor,
    'claimMany',
    rest.map((entry) => entry.leaf),
    rest.map((entry) => entry.proof),
  ),
);

const courtAddress = await court.getAddress();
await rpc('hardhat_impersonateAccount', courtAddress);
await rpc('hardhat_setBalance', courtAddress, toBeHex(DGAI));
const asCourt = staking.connect(new JsonRpcSigner(provider, courtAddress)) as Contract;
const nobody = '0x0000000000000000000000000000000000000000';
await mined(call(asCourt, 'slash', node.address, 0, 2, id('first'), nobody));
await measure('slash with its offence id', call(asCourt, 'slash', node.address, 0, 2, id('second'), nobody));
await measure(
  'slash with its offence id and a bounty',
  call(asCourt, 'slash', node.address, 0, 2, id('third'), payout.address),
);
await measure('jail', call(asCourt, 'jail', node.address, 0));
await measure('burnSlashed', call(staking.connect(stranger) as Contract, 'burnSlashed'));

const names = Object.keys(gas).sort();
if (options.write) {
  writeFileSync(SNAPSHOT, `${JSON.stringify(gas, names, 2)}\n`);
}
if (options.check) {
  const stored = JSON.parse(readFileSync(SNAPSHOT, 'utf8')) as Record<string, number>;
  const moved = [...new Set([...names, ...Object.keys(stored)])].filter((name) => {
    const [before, after] = [stored[name], gas[name]];
    return before === undefined || after === undefined || Math.abs(after - before) * 100 > before;
  });
  for (const name of moved) console.error(`${name}: ${stored[name]} → ${gas[name]}`);
  process.exitCode = moved.length > 0 ? 1 : 0;
}
for (const name of names) console.log(`${String(gas[name]).padStart(9)}  ${name}`);
await connection.close();

import { setTimeout } from 'node:timers/promises';

import { Interface, JsonRpcProvider, Result, isError } from 'ethers';
import type { Contract, Provider, TransactionReceipt, TransactionRequest, Wallet } from 'ethers';

import { CONTRACT_NAMES } from './artifacts.ts';
import { CommandError, Exit, UsageError, describeError } from './command.ts';
import { readAbi } from './deployment.ts';

/** Everything that talks to a chain: any EVM JSON-RPC, reads, and transactions whose failure says why. */

export type Connection = { readonly provider: JsonRpcProvider; readonly chainId: bigint };

const CONNECT_TIMEOUT_MS = 10_000;
const RECEIPT_TIMEOUT_MS = 180_000;
const RECEIPT_POLL_MS = 1_000;
const LOCAL_CHAIN = 31_337n;

/** Connects and asks for the chain id. Exit code 3 when nobody answers: worth trying again later. */
export async function connect(rpc: string): Promise<Connection> {
  if (!/^https?:\/\/\S+$/.test(rpc)) throw new UsageError(`--rpc expects an http(s) URL, got "${rpc}"`);
  const chainId = await probe(rpc);
  const provider = new JsonRpcProvider(rpc, chainId, {
    staticNetwork: true,
    pollingInterval: chainId === LOCAL_CHAIN ? 50 : 2_000,
    // A cached answer is a stale nonce when two transactions follow each other.
    cacheTimeout: -1,
  });
  return { provider, chainId };
}

/** One bare request first: ethers would go on asking a dead RPC for ever. */
async function probe(rpc: string): Promise<bigint> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] });
  const headers = { 'content-type': 'application/json' };
  try {
    const signal = AbortSignal.timeout(CONNECT_TIMEOUT_MS);
    const response = await fetch(rpc, { method: 'POST', headers, body, signal });
    const answer = (await response.json()) as { result?: unknown };
    if (typeof answer.result !== 'string') throw new TypeError('the answer has no result');
    return BigInt(answer.result);
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : describeError(error);
    throw new CommandError(`no chain answers at ${rpc}: ${reason}`, Exit.unavailable);
  }
}

/** Calls a view. The result is trusted to have the shape of the ABI that decoded it. */
export async function view<Value>(contract: Contract, name: string, args: readonly unknown[] = []): Promise<Value> {
  try {
    const result: unknown = await contract.getFunction(name).staticCall(...args);
    return (result instanceof Result ? structOf(result) : result) as Value;
  } catch (error) {
    throw new CommandError(`${name}: ${explain(error)}`);
  }
}

/** A struct as an object by field name, an array as an array. */
function structOf(result: Result): unknown {
  const convert = (item: unknown): unknown => (item instanceof Result ? structOf(item) : item);
  try {
    return Object.fromEntries(Object.entries(result.toObject()).map(([key, item]) => [key, convert(item)]));
  } catch {
    return result.toArray().map(convert);
  }
}

let errors: Interface | undefined;

function errorInterface(): Interface {
  errors ??= new Interface(
    CONTRACT_NAMES.flatMap((name) => new Interface(readAbi(name)).fragments.filter(isErrorItem)),
  );
  return errors;
}

function isErrorItem(fragment: { readonly type: string }): boolean {
  return fragment.type === 'error';
}

/** Why a call or transaction failed: the contract's own error with its values, where there is one. */
export function explain(error: unknown): string {
  const rpcError = rpcErrorOf(error);
  const data = isError(error, 'CALL_EXCEPTION') ? error.data : rpcError?.data;
  const parsed = typeof data === 'string' ? errorInterface().parseError(data) : null;
  if (parsed !== null) return `the contract refused: ${parsed.name}(${parsed.args.map(showArgument).join(', ')})`;
  if (isError(error, 'CALL_EXCEPTION') && error.reason) return `the contract refused: ${error.reason}`;
  return typeof rpcError?.message === 'string' ? rpcError.message : describeError(error);
}

/** The answer of an RPC that ethers could not make sense of; a mining node may refuse a transaction that way. */
function rpcErrorOf(error: unknown): { readonly data?: unknown; readonly message?: unknown } | undefined {
  if (!isError(error, 'UNKNOWN_ERROR') || !('error' in error)) return undefined;
  return typeof error.error === 'object' && error.error !== null ? error.error : undefined;
}

function showArgument(value: unknown): string {
  return value instanceof Result ? `(${value.map(showArgument).join(', ')})` : String(value);
}

/** Latest block's timestamp: the only clock that waiting times on chain are measured by. */
export async function chainTime(provider: Provider): Promise<bigint> {
  const block = await provider.getBlock('latest');
  if (block === null) throw new CommandError('the chain has no block yet', Exit.unavailable);
  return BigInt(block.timestamp);
}

/** Price per unit of gas that a wallet would offer now. */
export async function gasPrice(provider: Provider): Promise<bigint> {
  const fees = await provider.getFeeData();
  return fees.maxFeePerGas ?? fees.gasPrice ?? 0n;
}

/** Sends one transaction and says its hash; it need not be mined yet. */
export async function sendOnly(wallet: Wallet, request: TransactionRequest, label: string): Promise<string> {
  try {
    return (await wallet.sendTransaction(request)).hash;
  } catch (error) {
    throw new CommandError(`${label}: ${explain(error)}`);
  }
}

/** Sends one transaction and waits until it is mined. */
export async function sendAndWait(
  wallet: Wallet,
  request: TransactionRequest,
  label: string,
): Promise<TransactionReceipt> {
  return await mined(wallet, await sendOnly(wallet, request, label), label);
}

/** Waits for a receipt; a reverted transaction is an error with the contract's reason. */
export async function mined(wallet: Wallet, hash: string, label: string): Promise<TransactionReceipt> {
  const { provider } = wallet;
  if (provider === null) throw new CommandError('the wallet is not connected to a chain');
  const receipt = await waitForReceipt(provider, hash, label);
  if (receipt.status === 1) return receipt;
  throw new CommandError(`${label}: ${await revertReason(provider, receipt)} (transaction ${hash})`);
}

/** Asks for the receipt itself: waiting for the next block would wait for ever on a chain that mines on demand. */
async function waitForReceipt(provider: Provider, hash: string, label: string): Promise<TransactionReceipt> {
  const deadline = performance.now() + RECEIPT_TIMEOUT_MS;
  const pauseMs = provider instanceof JsonRpcProvider ? provider.pollingInterval : RECEIPT_POLL_MS;
  while (performance.now() < deadline) {
    const receipt = await provider.getTransactionReceipt(hash);
    if (receipt !== null) return receipt;
    await setTimeout(pauseMs);
  }
  throw new CommandError(`${label}: transaction ${hash} was not mined in time; it may still be`, Exit.unavailable);
}

async function revertReason(provider: Provider, receipt: TransactionReceipt): Promise<string> {
  const transaction = await provider.getTransaction(receipt.hash);
  if (transaction === null) return 'the transaction reverted';
  const { from, to, data, value } = transaction;
  try {
    await provider.call({ from, to, data, value, blockTag: receipt.blockNumber - 1 });
    return 'the transaction reverted';
  } catch (error) {
    return explain(error);
  }
}

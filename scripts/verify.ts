import { existsSync, readFileSync } from 'node:fs';

import { CommandError, Exit, UsageError, defineCommand, runMain } from './lib/command.ts';
import type { Io, OptionValues } from './lib/command.ts';
import { parseDeployment } from './lib/deployment.ts';
import { CHAIN_OPTIONS, JSON_OPTION, createReporter, openSession } from './lib/session.ts';
import type { Session } from './lib/session.ts';
import { readJson } from './lib/sources.ts';
import { createChecks } from './lib/verify/checks.ts';
import type { Checks } from './lib/verify/checks.ts';
import { verifyClaims } from './lib/verify/claims.ts';
import { parseReceiptDocument } from './lib/verify/document.ts';
import type { Domain, ReceiptDocument } from './lib/verify/document.ts';
import {
  checkNetwork,
  checkReceiptOnChain,
  checkRecordOnChain,
  checkSigner,
  readBatch,
  seedOf,
} from './lib/verify/on-chain.ts';
import type { ChainInput, SignerClaim } from './lib/verify/on-chain.ts';
import { verifyReceipt } from './lib/verify/receipt.ts';
import type { ReceiptFindings } from './lib/verify/receipt.ts';
import { verifyRecord } from './lib/verify/record.ts';
import type { RecordFindings } from './lib/verify/record.ts';

const OPTIONS = {
  rpc: { type: 'string', value: 'URL', help: 'also check against the chain behind this EVM JSON-RPC' },
  deployment: CHAIN_OPTIONS.deployment,
  ...JSON_OPTION,
} as const;
const KINDS = ['receipt', 'record', 'claims'] as const;
type Kind = (typeof KINDS)[number];

type Context = { readonly checks: Checks; readonly domain: Domain; readonly session: Session | undefined };

function argumentsOf(positionals: readonly string[]): { kind: Kind; source: string } {
  const [first = '', second] = positionals;
  const named = KINDS.find((kind) => kind === first);
  const [kind, source] = named !== undefined && second !== undefined ? [named, second] : ['receipt' as const, first];
  if (source === '' || positionals.length > (source === second ? 2 : 1)) {
    throw new UsageError('name one file or URL, optionally after receipt, record or claims');
  }
  if (!/^https?:/.test(source) && !existsSync(source)) throw new UsageError(`cannot read ${source}`);
  return { kind, source };
}

/** The network that hashes and signatures are bound to: one that is trusted, else the one the document names. */
function domainOf(checks: Checks, stated: Domain | undefined, trusted: Domain | undefined): Domain {
  if (trusted !== undefined) return trusted;
  if (stated === undefined) throw new UsageError('the document names no network: give --deployment FILE or --rpc URL');
  checks.skip('network', `taken from the document: chain ${stated.chainId}, NodeStaking ${stated.nodeStaking}`);
  return stated;
}

function trustedDomain(options: OptionValues<typeof OPTIONS>, session: Session | undefined): Domain | undefined {
  const file = options.deployment;
  const deployment = session?.deployment ?? (file === undefined ? undefined : parseDeployment(file, readFile(file)));
  if (deployment === undefined) return undefined;
  const { NodeStaking, ProofRegistry, RewardDistributor } = deployment.contracts;
  return {
    chainId: deployment.chainId,
    nodeStaking: NodeStaking.address,
    proofRegistry: ProofRegistry.address,
    rewardDistributor: RewardDistributor.address,
  };
}

function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UsageError(`cannot read ${file}`);
  }
}

function checkStated(checks: Checks, stated: Domain | undefined, context: Context): void {
  if (stated === undefined || stated === context.domain) return;
  if (context.session !== undefined) {
    checkNetwork(checks, stated, context.session);
    return;
  }
  for (const name of ['chainId', 'nodeStaking', 'proofRegistry', 'rewardDistributor'] as const) {
    checks.equal(`network: ${name}`, stated[name], context.domain[name]);
  }
}

async function verifyDocument(kind: 'receipt' | 'record', document: ReceiptDocument, context: Context): Promise<void> {
  const { checks, session } = context;
  const batch = session === undefined ? undefined : await readBatch(checks, session, document);
  const seed = batch === undefined ? (document.batch?.seed ?? undefined) : seedOf(checks, batch, document);
  const findings = verifyOffline(kind, document, context, seed);
  if (session === undefined) {
    checks.skip('on chain', 'give --rpc URL to check anchors and signers against the chain');
  } else if (batch !== undefined) {
    await verifyOnChain({ checks, session, document, batch }, findings);
  }
}

type Findings = { readonly receipt: ReceiptFindings | undefined; readonly record: RecordFindings | undefined };

function verifyOffline(
  kind: 'receipt' | 'record',
  document: ReceiptDocument,
  { checks, domain, session }: Context,
  seed: string | undefined,
): Findings {
  const hasReceipt = kind === 'receipt' || document.receipt !== undefined;
  const receipt = hasReceipt ? verifyReceipt(checks, domain, document, session !== undefined) : undefined;
  if (kind === 'receipt' && document.record === undefined) {
    checks.skip('record', `not in the document (state ${document.state ?? 'unknown'})`);
    return { receipt, record: undefined };
  }
  return { receipt, record: verifyRecord(checks, { domain, document, receiptLeaf: receipt?.leaf, seed }) };
}

async function verifyOnChain(input: ChainInput, findings: Findings): Promise<void> {
  if (findings.receipt !== undefined) await checkReceiptOnChain(input, findings.receipt.leaf);
  await checkRecordOnChain(input);
  for (const claim of signersOf(input.document, findings)) await checkSigner(input, claim);
}

function signersOf({ receipt: fields }: ReceiptDocument, { receipt, record }: Findings): readonly SignerClaim[] {
  const claims: SignerClaim[] = (record?.evaluationSigners ?? []).map(({ evaluator, signer }) => {
    return { name: 'evaluator', signer, account: evaluator };
  });
  if (fields === undefined || receipt === undefined) return claims;
  const { gatewaySigner, nodeSigner } = receipt;
  if (gatewaySigner !== undefined) claims.push({ name: 'gateway', signer: gatewaySigner, account: fields.gateway });
  if (nodeSigner !== undefined) claims.push({ name: 'node', signer: nodeSigner, account: fields.node });
  return claims;
}

async function examine(kind: Kind, source: string, options: OptionValues<typeof OPTIONS>, io: Io): Promise<Checks> {
  const checks = createChecks();
  const session = options.rpc === undefined ? undefined : await openSession(options, io);
  const trusted = trustedDomain(options, session);
  try {
    const value = await readJson(source);
    if (kind === 'claims') {
      const domain = domainOf(checks, undefined, trusted);
      await verifyClaims({ checks, domain, value, session });
      return checks;
    }
    const document = parseReceiptDocument(value);
    const domain = domainOf(checks, document.domain, trusted);
    const context = { checks, domain, session };
    checkStated(checks, document.domain, context);
    await verifyDocument(kind, document, context);
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode !== Exit.failed) throw error;
    checks.that('form', () => {
      throw error;
    });
  }
  return checks;
}

/** Checks a receipt, a record or an epoch's claims with code of its own; the gateway's is not involved. */
export const verify = defineCommand(
  {
    name: 'verify',
    summary: 'Checks a receipt with its record, a record, or the claims of an epoch: offline, and on chain with --rpc.',
    positionals: '[receipt|record|claims] FILE|URL',
    options: OPTIONS,
    notes: [
      'The file is what GET /v1/receipts/:id (or /v1/epochs/:n for claims) answers: docs/receipt.schema.json.',
      'Offline, --deployment names the network to trust; without it the document’s own is taken, and said so.',
      'Exit codes: 0 verified, 1 something is wrong (the first is named), 2 bad option, 3 chain or URL unreachable.',
    ],
  },
  async ({ options, positionals, io }) => {
    const { kind, source } = argumentsOf(positionals);
    const list = (await examine(kind, source, options, io)).list();
    const reporter = createReporter(options.json, io);
    for (const { name, status, detail } of list) reporter.line(`${status.padEnd(7)}  ${name}: ${detail}`);
    const wrong = list.find(({ status }) => status === 'wrong');
    const passed = list.filter(({ status }) => status === 'ok').length;
    reporter.result({ verified: wrong === undefined, kind, wrong: wrong ?? null, checks: list });
    if (wrong !== undefined) throw new CommandError(`not verified: ${wrong.name}: ${wrong.detail}`);
    reporter.line(`verified: ${passed} checks passed${options.rpc === undefined ? ' offline' : ', on chain too'}`);
    return Exit.ok;
  },
);

if (import.meta.main) await runMain(verify);

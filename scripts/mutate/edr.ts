import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { SWITCH_ADDRESS } from './weave.ts';

/** Hardhat's test engine, called without Hardhat: one mutant takes a second, starting Hardhat alone would take two. */

export type ArtifactId = { readonly name: string; readonly solcVersion: string; readonly source: string };
export type EdrArtifact = {
  readonly id: ArtifactId;
  readonly contract: { readonly abi: string; readonly bytecode: string; readonly deployedBytecode: string };
};

type TestResult = { readonly name: string; readonly status: string; readonly reason: string | undefined };
type SuiteResult = {
  readonly id: ArtifactId;
  readonly durationNs: bigint;
  readonly testResults: readonly TestResult[];
};
type Account = {
  readonly address: Uint8Array;
  readonly balance?: bigint;
  readonly nonce?: bigint;
  readonly code?: Uint8Array;
};
type RunArguments = readonly [
  chainType: string,
  artifacts: readonly EdrArtifact[],
  suites: readonly ArtifactId[],
  config: object,
  tracing: object,
  onSuite: (result: SuiteResult) => void,
];
type Context = {
  readonly registerSolidityTestRunnerFactory: (chainType: string, factory: unknown) => Promise<void>;
  readonly runSolidityTests: (...args: RunArguments) => Promise<unknown>;
};
type Edr = {
  readonly EdrContext: new () => Context;
  readonly L1_CHAIN_TYPE: string;
  readonly l1SolidityTestRunnerFactory: () => unknown;
  readonly l1GenesisState: (hardfork: unknown) => readonly Account[];
  readonly l1HardforkFromString: (name: string) => unknown;
  readonly FsAccessPermission: { readonly ReadDirectory: number };
  readonly PRAGUE: string;
};

/** Enough for the longest test several times over; a mutant that loops for ever runs out of it within seconds. */
const GAS_LIMIT = 20_000_000_000n;

const loadEdr = (): Edr => createRequire(fileURLToPath(import.meta.resolve('hardhat')))('@nomicfoundation/edr') as Edr;

export type FuzzConfig = { readonly fuzz: object; readonly invariant: object };

export type SuiteRun = {
  readonly failed: readonly string[];
  readonly passed: number;
};

export type Engine = {
  /** Runs the tests of one suite whose names match `pattern` (a Rust regular expression). */
  readonly run: (suite: ArtifactId, mutant: number, pattern: string) => Promise<SuiteRun>;
};

export async function createEngine(
  root: string,
  artifacts: readonly EdrArtifact[],
  config: FuzzConfig,
): Promise<Engine> {
  const edr = loadEdr();
  const context = new edr.EdrContext();
  await context.registerSolidityTestRunnerFactory(edr.L1_CHAIN_TYPE, edr.l1SolidityTestRunnerFactory());
  const genesis = edr.l1GenesisState(edr.l1HardforkFromString(edr.PRAGUE));
  const address = Uint8Array.from(Buffer.from(SWITCH_ADDRESS.slice(2), 'hex'));
  return {
    run: async (suite, mutant, pattern) => {
      const failed: string[] = [];
      let passed = 0;
      const settings = {
        projectRoot: root,
        hardfork: edr.PRAGUE,
        ...config,
        fsPermissions: [{ access: edr.FsAccessPermission.ReadDirectory, path: join(root, 'test/vectors') }],
        // The account must have code to exist; nothing ever calls it.
        localPredeploys: [...genesis, { address, balance: BigInt(mutant), nonce: 1n, code: Uint8Array.of(0) }],
        gasLimit: GAS_LIMIT,
        disableBlockGasLimit: true,
        disableTransactionGasCap: true,
        testPattern: pattern,
      };
      // The engine's promise may settle before its report arrives, so the report is waited for.
      await new Promise<void>((resolve, reject) => {
        const onSuite = ({ id, testResults }: SuiteResult): void => {
          for (const { name, status } of testResults) {
            if (status === 'Failure') failed.push(`${id.name}.${name}`);
            else passed += 1;
          }
          resolve();
        };
        const tracing = { buildInfos: [] };
        context.runSolidityTests(edr.L1_CHAIN_TYPE, artifacts, [suite], settings, tracing, onSuite).catch(reject);
      });
      return { failed, passed };
    },
  };
}

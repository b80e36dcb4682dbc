import { parseArgs } from 'node:util';

export const GAS_HELP = `Gas of every operation of the contracts, as whole transactions on Hardhat's in-process chain.

Usage: npx node bench/contracts-gas.ts [options]

  --write  store the figures in bench/contracts-gas.json
  --check  exit 1 when an operation moved by more than one percent from the stored figures
  --help   show this text
`;

/** Before anything is deployed: a mistyped option must not cost a run. */
export function readOptions(): { readonly write: boolean; readonly check: boolean } {
  const option = { type: 'boolean', default: false } as const;
  try {
    const { values } = parseArgs({ options: { write: option, check: option, help: option } });
    if (!values.help) return values;
    process.stdout.write(GAS_HELP);
    return process.exit(0);
  } catch (error) {
    process.stderr.write(`contracts-gas: ${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(2);
  }
}

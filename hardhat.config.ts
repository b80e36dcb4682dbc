import { fileURLToPath } from 'node:url';

import { defineConfig } from 'hardhat/config';

export default defineConfig({
  solidity: {
    version: '0.8.37',
    // solc comes from npm, so nothing is downloaded outside the lock file.
    path: fileURLToPath(import.meta.resolve('solc/soljson.js')),
    settings: { viaIR: true, evmVersion: 'prague', optimizer: { enabled: true, runs: 10_000 } },
  },
  paths: { sources: './contracts', tests: { solidity: './test/contracts' } },
  test: {
    solidity: {
      fuzz: { runs: 256, seed: '0x64677269642d66757a7a2d736565642d303030303030303030303030303030' },
      invariant: { runs: 32, depth: 64, failOnRevert: false },
      fsPermissions: { readDirectory: ['./test/vectors'] },
    },
  },
  networks: {
    // The chain of `npm run demo`: blocks come by themselves, faster than one a second.
    local: {
      type: 'edr-simulated',
      chainType: 'l1',
      chainId: 31337,
      hardfork: 'prague',
      allowBlocksWithSameTimestamp: true,
      mining: { auto: false, interval: 400 },
    },
  },
});

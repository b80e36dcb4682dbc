import config from '../../hardhat.config.ts';

/** For `npm run test:deep`: the Solidity tests of every commit with forty times the runs. */
// eslint-disable-next-line no-restricted-syntax -- Hardhat reads the default export
export default {
  ...config,
  test: {
    solidity: {
      ...config.test?.solidity,
      fuzz: { runs: 10_000, seed: '0x64677269642d646565702d736565642d303030303030303030303030303030' },
      invariant: { runs: 256, depth: 128, failOnRevert: false },
    },
  },
};

import config from '../../hardhat.config.ts';

/**
 * For `npm run coverage`: code in a place of its own, so that no instrumented artifact is ever deployed or measured, and
 * compiled without the optimizer, which would take longer than all tests and says nothing about coverage.
 */
// eslint-disable-next-line no-restricted-syntax -- Hardhat reads the default export
export default {
  ...config,
  solidity: {
    ...(config.solidity as object),
    settings: {
      viaIR: true,
      evmVersion: 'prague',
      optimizer: { enabled: false, details: { yul: true, yulDetails: { stackAllocation: true, optimizerSteps: ':' } } },
    },
  },
  paths: { ...config.paths, artifacts: './cache/coverage/artifacts', cache: './cache/coverage/cache' },
};

const field = (type: string, name: string) => ({ type, name });
/** EIP-712 types of what the bench signs. */
export const OPERATOR_AUTH = {
  OperatorAuth: [
    field('address', 'account'),
    field('uint8', 'role'),
    field('address', 'signer'),
    field('uint64', 'deadline'),
  ],
};
export const EPOCH_ATTESTATION = {
  EpochAttestation: [field('uint64', 'epoch'), field('uint32', 'round'), field('bytes32', 'distributionHash')],
};

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Entry, Receipt} from "../interfaces/Types.sol";
import {LeafLib} from "./LeafLib.sol";

/// @title MessageLib
/// @notice EIP-712 struct hashes of everything that operators sign. The domain is one for the whole network: name `DGrid`,
///         version `1`, the chain's id, and `NodeStaking` as verifying contract.
library MessageLib {
    bytes32 internal constant OPERATOR_AUTH_TYPEHASH = keccak256(
        "OperatorAuth(address account,uint8 role,address signer,uint64 deadline)"
    );
    bytes32 internal constant EPOCH_ATTESTATION_TYPEHASH = keccak256(
        "EpochAttestation(uint64 epoch,uint32 round,bytes32 distributionHash)"
    );
    bytes32 internal constant EVALUATION_TYPEHASH = keccak256(
        "Evaluation(bytes32 receiptLeaf,bytes32 seed,address evaluator,uint16 accuracy,uint16 consistency,uint16 format,bytes32 scorerId,bytes32 salt)"
    );
    bytes32 internal constant EVALUATION_COMMIT_TYPEHASH = keccak256(
        "EvaluationCommit(bytes32 receiptLeaf,bytes32 seed,address evaluator,bytes32 commitment)"
    );
    bytes32 internal constant COMMIT_SET_TYPEHASH = keccak256(
        "CommitSet(bytes32 receiptLeaf,bytes32 seed,uint8 size,bytes32 commitmentsHash)"
    );

    function operatorAuth(
        address account,
        uint8 role,
        address signer,
        uint64 deadline
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(OPERATOR_AUTH_TYPEHASH, account, role, signer, deadline));
    }

    function epochAttestation(uint64 epoch, uint32 round, bytes32 distributionHash) internal pure returns (bytes32) {
        return keccak256(abi.encode(EPOCH_ATTESTATION_TYPEHASH, epoch, round, distributionHash));
    }

    function evaluation(bytes32 receiptLeaf, bytes32 seed, Entry calldata entry) internal pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    EVALUATION_TYPEHASH,
                    receiptLeaf,
                    seed,
                    entry.evaluator,
                    entry.accuracy,
                    entry.consistency,
                    entry.format,
                    entry.scorerId,
                    entry.salt
                )
            );
    }

    function evaluationCommit(
        bytes32 receiptLeaf,
        bytes32 seed,
        address evaluator,
        bytes32 commitment
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(EVALUATION_COMMIT_TYPEHASH, receiptLeaf, seed, evaluator, commitment));
    }

    function commitSet(
        bytes32 receiptLeaf,
        bytes32 seed,
        uint8 size,
        bytes32 commitmentsHash
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(COMMIT_SET_TYPEHASH, receiptLeaf, seed, size, commitmentsHash));
    }

    /// @notice The receipt as its gateway signs it for the caller.
    function receipt(Receipt calldata signedReceipt) internal pure returns (bytes32) {
        return keccak256(abi.encode(LeafLib.RECEIPT_TYPEHASH, signedReceipt));
    }
}

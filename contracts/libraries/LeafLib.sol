// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnswerLeaf, GoldLeaf, PoqRecord, Receipt, RewardLeaf, TableLeaf} from "../interfaces/Types.sol";

/// @title LeafLib
/// @notice The only leaf hashing: `keccak256(bytes.concat(keccak256(abi.encode(TYPEHASH, chainId, contract, …fields))))`.
/// @dev The double hash keeps a 64- or 128-byte inner vertex from passing as a leaf; type, chain and contract keep a leaf of
///      one kind, chain or deployment from passing in another. All fields are static, so that `abi.encode` of the struct
///      equals `abi.encode` of its fields.
library LeafLib {
    bytes32 internal constant RECEIPT_TYPEHASH = keccak256(
        "Receipt(bytes32 id,address gateway,address node,uint64 serial,uint64 servedAt,bytes32 requestHash,bytes32 responseHash,bytes32 model,uint8 family,uint16 complexity,uint32 promptTokens,uint32 completionTokens,uint32 firstTokenMs,uint32 totalMs,uint128 priceMicroUsd,uint64 units,uint8 flags,bytes32 routeHash)"
    );
    bytes32 internal constant ANSWER_TYPEHASH = keccak256(
        "AnswerLeaf(bytes32 receiptId,address gateway,address node,bytes32 requestHash,bytes32 responseHash,bytes32 model,uint32 promptTokens,uint32 completionTokens)"
    );
    bytes32 internal constant RECORD_TYPEHASH = keccak256(
        "RecordLeaf(bytes32 receiptLeaf,address gateway,uint64 serial,uint8 status,uint8 committeeSize,uint8 activeMask,uint16 accuracy,uint16 consistency,uint16 format,uint16 cost,uint16 quality,uint16 score,bytes32 evaluationsHash)"
    );
    bytes32 internal constant REWARD_TYPEHASH = keccak256(
        "RewardLeaf(uint64 epoch,uint8 role,address account,uint16 quality,uint64 volume,uint16 difficulty,uint16 feedback)"
    );
    bytes32 internal constant GOLD_TYPEHASH = keccak256(
        "GoldLeaf(uint64 epoch,uint32 index,bytes32 contentHash,bytes32 referenceHash,bytes32 checkerId,bytes32 salt)"
    );
    bytes32 internal constant TABLE_TYPEHASH = keccak256(
        "TableLeaf(uint8 kind,address account,uint8 family,uint16 value)"
    );

    /// @param registry The `ProofRegistry` that the leaf belongs to; in this and the next three functions.
    function receiptLeaf(Receipt calldata receipt, address registry) internal view returns (bytes32) {
        return _twice(keccak256(abi.encode(RECEIPT_TYPEHASH, block.chainid, registry, receipt)));
    }

    function answerLeaf(AnswerLeaf calldata answer, address registry) internal view returns (bytes32) {
        return _twice(keccak256(abi.encode(ANSWER_TYPEHASH, block.chainid, registry, answer)));
    }

    function recordLeaf(PoqRecord calldata poqRecord, address registry) internal view returns (bytes32) {
        return _twice(keccak256(abi.encode(RECORD_TYPEHASH, block.chainid, registry, poqRecord)));
    }

    function goldLeaf(GoldLeaf calldata gold, address registry) internal view returns (bytes32) {
        return _twice(keccak256(abi.encode(GOLD_TYPEHASH, block.chainid, registry, gold)));
    }

    /// @param distributor The `RewardDistributor` that the leaf belongs to; in this and the next function.
    function rewardLeaf(RewardLeaf calldata reward, address distributor) internal view returns (bytes32) {
        return _twice(keccak256(abi.encode(REWARD_TYPEHASH, block.chainid, distributor, reward)));
    }

    function tableLeaf(TableLeaf calldata entry, address distributor) internal view returns (bytes32) {
        return _twice(keccak256(abi.encode(TABLE_TYPEHASH, block.chainid, distributor, entry)));
    }

    function _twice(bytes32 inner) private pure returns (bytes32) {
        return keccak256(bytes.concat(inner));
    }
}

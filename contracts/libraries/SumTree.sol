// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SumNode} from "../interfaces/Types.sol";

/// @title SumTree
/// @notice Climbs a Merkle sum tree. A vertex is 64 bytes, hash ‖ sum (32 bytes, big-endian); its parent is
///         `(keccak256(lower ‖ higher), sum of both)` with the pair ordered by those 64 bytes.
/// @dev The sums of both children are hashed, so that under one (root, total) the weights of all provable leaves add up to
///      the total at most, whoever built the tree. That needs every running sum to be checked: the addition below reverts
///      at 2¹²⁸ instead of wrapping.
library SumTree {
    /// @notice Whether the leaf lies under (root, total): its proof must lead to both, and it must weigh something.
    function verify(
        bytes32 leafHash,
        uint128 weight,
        SumNode[] calldata proof,
        bytes32 root,
        uint128 total
    ) internal pure returns (bool) {
        if (weight == 0) return false;
        bytes32 hash = leafHash;
        uint128 sum = weight;
        for (uint256 i = 0; i < proof.length; ++i) {
            SumNode calldata sibling = proof[i];
            hash = _hashPair(hash, sum, sibling.hash, sibling.sum);
            sum += sibling.sum;
        }
        return hash == root && sum == total;
    }

    function _hashPair(bytes32 aHash, uint128 aSum, bytes32 bHash, uint128 bSum) private pure returns (bytes32 parent) {
        bool swap = bHash < aHash || (bHash == aHash && bSum < aSum);
        // Hashes the same 128 bytes as `abi.encode(lower.hash, lower.sum, higher.hash, higher.sum)`.
        // Memory-safe: writes only beyond the free memory pointer, which stays where it is because nothing keeps the bytes.
        // Both sums come from checked uint128 values, so the upper halves of their words are zero.
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            let offset := shl(6, swap)
            mstore(add(pointer, offset), aHash)
            mstore(add(pointer, add(offset, 0x20)), aSum)
            mstore(add(pointer, sub(0x40, offset)), bHash)
            mstore(add(pointer, sub(0x60, offset)), bSum)
            parent := keccak256(pointer, 0x80)
        }
    }
}

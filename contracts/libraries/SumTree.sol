// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SumNode} from "../interfaces/Types.sol";

/// @title SumTree
/// @notice Climbs a Merkle sum tree. A vertex is 64 bytes, hash ‖ sum (32 bytes, big-endian); its parent is
///         `(keccak256(lower ‖ higher), sum of both)` with the pair ordered by those 64 bytes.
/// @dev The sums of both children are hashed, so that under one (root, total) the weights of all provable leaves add up to
///      the total at most, whoever built the tree. That needs every running sum to stay below 2¹²⁸ instead of wrapping:
///      a proof that would leave that range is no proof.
library SumTree {
    /// @notice The (root, total) that a leaf and its proof lead to; a total of 0 if the leaf weighs nothing or a sum leaves
    ///         its range, and never otherwise.
    function climb(
        bytes32 leafHash,
        uint128 weight,
        SumNode[] calldata proof
    ) internal pure returns (bytes32 root, uint128 total) {
        // Equivalent to, per sibling: order the two vertices by (hash, sum), hash the four words, add the sums.
        // Memory-safe: the four words lie at the free memory pointer, which stays where it is: nothing keeps them.
        // Calldata: `proof` was length-checked by the ABI decoder, an element is two words. Its second word is not decoded
        // by Solidity here, so its range is checked below: `sum` is below 2¹²⁸ before the addition and the sibling's word
        // is compared with what is left up to 2¹²⁸ − 1, which also refuses dirty upper bits.
        assembly ("memory-safe") {
            let pointer := mload(0x40)
            let limit := sub(shl(128, 1), 1)
            let hash := leafHash
            let sum := and(weight, limit)
            let position := proof.offset
            for {
                let end := add(position, shl(6, proof.length))
            } lt(position, end) {
                position := add(position, 0x40)
            } {
                let otherHash := calldataload(position)
                let otherSum := calldataload(add(position, 0x20))
                if gt(otherSum, sub(limit, sum)) {
                    sum := 0
                    break
                }
                // 0x40 if the sibling comes first.
                let offset := shl(6, or(lt(otherHash, hash), and(eq(otherHash, hash), lt(otherSum, sum))))
                mstore(add(pointer, offset), hash)
                mstore(add(pointer, add(offset, 0x20)), sum)
                mstore(add(pointer, sub(0x40, offset)), otherHash)
                mstore(add(pointer, sub(0x60, offset)), otherSum)
                hash := keccak256(pointer, 0x80)
                sum := add(sum, otherSum)
            }
            // A leaf without weight proves nothing, whatever stands beside it.
            root := hash
            total := mul(sum, iszero(iszero(weight)))
        }
    }

    /// @notice What a contract keeps of a tree: one word that binds root and total.
    function commitment(bytes32 root, uint128 total) internal pure returns (bytes32) {
        return keccak256(abi.encode(root, total));
    }
}

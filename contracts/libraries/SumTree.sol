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
        // Memory-safe: the four words lie in unallocated memory, at the first multiple of 0x80 from the free memory
        // pointer on, which stays where it is: nothing keeps them. That multiple lets `or` and `xor` do for `add`.
        // Calldata: `proof` was length-checked by the ABI decoder, an element is two words. Its second word is not decoded
        // by Solidity here: `seen` gathers the bits of all of them. If none has a bit from 2¹²⁸ up, every one is below
        // 2¹²⁸, and as a proof has fewer than 2¹²⁸ elements, `sum` has not wrapped; it only grows, so that its last value
        // bounds every running one. Both are looked at once, in the end, before anything is returned.
        assembly ("memory-safe") {
            let pointer := and(add(mload(0x40), 0x7f), not(0x7f))
            let hash := leafHash
            let sum := and(weight, sub(shl(128, 1), 1))
            let seen := 0
            let end := add(proof.offset, shl(6, proof.length))
            for {
                let position := proof.offset
            } lt(position, end) {
                position := add(position, 0x40)
            } {
                let otherHash := calldataload(position)
                let otherSum := calldataload(add(position, 0x20))
                // pointer if ours comes first, pointer + 0x40 if the sibling does
                let ours := or(pointer, shl(6, or(lt(otherHash, hash), and(eq(otherHash, hash), lt(otherSum, sum)))))
                let others := xor(ours, 0x40)
                mstore(ours, hash)
                mstore(or(ours, 0x20), sum)
                mstore(others, otherHash)
                mstore(or(others, 0x20), otherSum)
                hash := keccak256(pointer, 0x80)
                sum := add(sum, otherSum)
                seen := or(seen, otherSum)
            }
            root := hash
            // Nothing if a sum left its range, and nothing for a leaf without weight, whatever stands beside it.
            total := mul(sum, iszero(or(shr(128, or(seen, sum)), iszero(weight))))
        }
    }

    /// @notice What a contract keeps of a tree: one word that binds root and total.
    function commitment(bytes32 root, uint128 total) internal pure returns (bytes32) {
        return keccak256(abi.encode(root, total));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SumNode} from "../../../contracts/interfaces/Types.sol";

/// @notice Slow, plain tree builders: level by level, an odd vertex moves up unchanged.
library Trees {
    function root(bytes32[] memory leaves) internal pure returns (bytes32) {
        bytes32[] memory level = leaves;
        while (level.length > 1) level = _up(level);
        return level[0];
    }

    function proof(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory path) {
        bytes32[] memory level = leaves;
        bytes32[] memory buffer = new bytes32[](32);
        uint256 length;
        while (level.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < level.length) buffer[length++] = level[sibling];
            index /= 2;
            level = _up(level);
        }
        path = new bytes32[](length);
        for (uint256 i = 0; i < length; ++i) path[i] = buffer[i];
    }

    function sumRoot(SumNode[] memory leaves) internal pure returns (SumNode memory) {
        SumNode[] memory level = leaves;
        while (level.length > 1) level = _sumUp(level);
        return level[0];
    }

    function sumProof(SumNode[] memory leaves, uint256 index) internal pure returns (SumNode[] memory path) {
        SumNode[] memory level = leaves;
        SumNode[] memory buffer = new SumNode[](32);
        uint256 length;
        while (level.length > 1) {
            uint256 sibling = index ^ 1;
            if (sibling < level.length) buffer[length++] = level[sibling];
            index /= 2;
            level = _sumUp(level);
        }
        path = new SumNode[](length);
        for (uint256 i = 0; i < length; ++i) path[i] = buffer[i];
    }

    /// @dev The sum wraps, as a liar's may.
    function parent(SumNode memory a, SumNode memory b) internal pure returns (SumNode memory) {
        bool ordered = a.hash < b.hash || (a.hash == b.hash && a.sum <= b.sum);
        (SumNode memory low, SumNode memory high) = ordered ? (a, b) : (b, a);
        bytes32 hash = keccak256(abi.encode(low.hash, uint256(low.sum), high.hash, uint256(high.sum)));
        unchecked {
            return SumNode(hash, a.sum + b.sum);
        }
    }

    function _up(bytes32[] memory level) private pure returns (bytes32[] memory next) {
        next = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            if (2 * i + 1 == level.length) next[i] = level[2 * i];
            else {
                (bytes32 a, bytes32 b) = (level[2 * i], level[2 * i + 1]);
                next[i] = a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
            }
        }
    }

    function _sumUp(SumNode[] memory level) private pure returns (SumNode[] memory next) {
        next = new SumNode[]((level.length + 1) / 2);
        for (uint256 i = 0; i < next.length; ++i) {
            next[i] = 2 * i + 1 == level.length ? level[2 * i] : parent(level[2 * i], level[2 * i + 1]);
        }
    }
}

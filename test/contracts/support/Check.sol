// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {vm} from "./Vm.sol";

/// @notice Assertions that revert with what was found and what was wanted.
abstract contract Check {
    error NotEqual(string what, uint256 found, uint256 wanted);
    error NotEqualBytes32(string what, bytes32 found, bytes32 wanted);
    error NotEqualAddress(string what, address found, address wanted);
    error NotTrue(string what);
    error NotAtMost(string what, uint256 found, uint256 limit);

    function eq(uint256 found, uint256 wanted, string memory what) internal pure {
        if (found != wanted) revert NotEqual(what, found, wanted);
    }

    function eq(bytes32 found, bytes32 wanted, string memory what) internal pure {
        if (found != wanted) revert NotEqualBytes32(what, found, wanted);
    }

    function eq(address found, address wanted, string memory what) internal pure {
        if (found != wanted) revert NotEqualAddress(what, found, wanted);
    }

    function yes(bool condition, string memory what) internal pure {
        if (!condition) revert NotTrue(what);
    }

    function no(bool condition, string memory what) internal pure {
        if (condition) revert NotTrue(what);
    }

    function atMost(uint256 found, uint256 limit, string memory what) internal pure {
        if (found > limit) revert NotAtMost(what, found, limit);
    }

    /// @dev Maps any number into [low, high]; boundaries stay reachable.
    function bound(uint256 x, uint256 low, uint256 high) internal pure returns (uint256) {
        if (x >= low && x <= high) return x;
        uint256 size = high - low + 1;
        return size == 0 ? x : low + (x % size);
    }

    function signature(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}

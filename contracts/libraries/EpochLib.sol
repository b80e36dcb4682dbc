// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title EpochLib
/// @notice The one place where times become epochs: epoch `e` is `[genesis + e × duration, genesis + (e + 1) × duration)`.
library EpochLib {
    /// @dev Also the largest epoch that fits the packed storage; 2³² epochs of one second are 136 years.
    uint32 internal constant NEVER = type(uint32).max;

    error EpochBeforeGenesis(uint256 time, uint256 genesis);
    error EpochOutOfRange(uint256 epoch);

    /// @notice The epoch that `time` lies in. Reverts before genesis.
    function epochOf(uint256 time, uint256 genesis, uint256 duration) internal pure returns (uint32) {
        if (time < genesis) revert EpochBeforeGenesis(time, genesis);
        return _narrow((time - genesis) / duration);
    }

    /// @notice The first epoch that has not begun at `time`: 0 before genesis.
    function nextEpoch(uint256 time, uint256 genesis, uint256 duration) internal pure returns (uint32) {
        return time < genesis ? 0 : _narrow((time - genesis) / duration + 1);
    }

    /// @notice First second of `epoch`.
    function startOf(uint256 epoch, uint256 genesis, uint256 duration) internal pure returns (uint256) {
        return genesis + epoch * duration;
    }

    /// @notice First second after `epoch`.
    function endOf(uint256 epoch, uint256 genesis, uint256 duration) internal pure returns (uint256) {
        return genesis + (epoch + 1) * duration;
    }

    function _narrow(uint256 epoch) private pure returns (uint32) {
        if (epoch >= NEVER) revert EpochOutOfRange(epoch);
        // casting to 'uint32' is safe because the line above bounds it
        return uint32(epoch);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title ReentrancyLock
/// @notice Refuses a second entry while a guarded function runs.
/// @dev A second line of defence: every guarded function also settles its books before it calls the token. Transient
///      storage: the flag costs 200 gas and is gone with the transaction even if somebody forgot to clear it.
abstract contract ReentrancyLock {
    bool private transient _entered;

    error ReentrantCall();

    modifier nonReentrant() {
        if (_entered) revert ReentrantCall();
        _entered = true;
        _;
        _entered = false;
    }
}

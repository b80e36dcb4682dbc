// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title DGAI
/// @notice The network's token: a fixed supply of 1,000,000,000, minted once to the deployer's choice of holder.
/// @dev No minter, no owner, no pause. Voting power is left to a wrapper, so that transfers stay cheap.
contract DGAIToken is ERC20, ERC20Burnable, ERC20Permit {
    /// @notice Total supply at deployment, in base units (18 decimals). Burning only lowers it.
    uint256 public constant INITIAL_SUPPLY = 1_000_000_000e18;

    /// @param holder Receives the whole supply.
    constructor(address holder) ERC20("DGrid AI", "DGAI") ERC20Permit("DGrid AI") {
        _mint(holder, INITIAL_SUPPLY);
    }
}

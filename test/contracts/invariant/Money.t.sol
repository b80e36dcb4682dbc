// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Check} from "../support/Check.sol";
import {Handler} from "./Handler.t.sol";

/// @notice The invariants of README.md in this folder, under every sequence of calls that the handler can make.
contract MoneyInvariants is Check {
    Handler private handler;

    function setUp() public {
        handler = new Handler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev The invariants are worth something only if the handler gets everywhere.
    function test_handler_ReachesEverything() external {
        uint256 dice = uint256(keccak256("dice"));
        for (uint256 i = 0; i < 1_500; ++i) {
            dice = uint256(keccak256(abi.encode(dice)));
            step(dice % 28, dice >> 8, dice >> 64);
        }
        string[28] memory names = [
            "warp",
            "openEpoch",
            "stake",
            "requestUnbond",
            "cancelUnbond",
            "withdraw",
            "close",
            "fees",
            "unjail",
            "jailSilent",
            "slash",
            "jail",
            "burn",
            "anchorBatch",
            "recordBatch",
            "reportAbandoned",
            "propose",
            "nextRound",
            "finalize",
            "voidEpoch",
            "claim",
            "claim from an evil tree",
            "refused proof",
            "challenge",
            "rule",
            "fund",
            "fixSeed",
            "wholeEpoch"
        ];
        for (uint256 i = 0; i < names.length; ++i) yes(handler.calls(names[i]) > 0, names[i]);
        string memory broken = handler.broken();
        yes(bytes(broken).length == 0, broken);
        yes(handler.claimed() > 0, "something was paid");
    }

    function step(uint256 which, uint256 a, uint256 b) private {
        if (which == 0) handler.warp(a);
        else if (which == 1) handler.openEpoch();
        else if (which == 2) handler.stake(a, b);
        else if (which == 3) handler.requestUnbond(a, b);
        else if (which == 4) handler.cancelUnbond(a, b);
        else if (which == 5) handler.withdraw(a);
        else if (which == 6 && a % 8 == 0) handler.close(a);
        else if (which == 7) handler.fees(a, b, a % 3 == 0);
        else if (which == 8) handler.unjail(a);
        else if (which == 9) handler.jailSilent(a);
        else if (which == 10) handler.slash(a, b, b >> 8, a % 2 == 0);
        else if (which == 11 && a % 4 == 0) handler.jail(a);
        else if (which == 12) handler.burn();
        else if (which == 13) handler.anchorBatch(a, b);
        else if (which == 14) handler.recordBatch(a);
        else if (which == 15) handler.reportAbandoned(a);
        else if (which == 16) handler.propose(a, b);
        else if (which == 17) handler.nextRound(a);
        else if (which == 18) handler.finalize(a);
        else if (which == 19 && a % 8 == 0) handler.voidEpoch(a);
        else if (which == 20) handler.claim(a, b, a % 2 == 0);
        else if (which == 21) handler.challenge(a);
        else if (which == 22) handler.rule(a, a % 2 == 0);
        else if (which == 23) handler.fund(a);
        else if (which == 24) handler.stranger(a);
        else if (which == 25) handler.pause(a % 2 == 0);
        else if (which == 26) handler.fixSeed(a);
        else handler.wholeEpoch(a);
    }

    /// @dev 1, 2, 3, 10, 13: what the contracts hold, what they owe and what flowed through them agree to the wei.
    function invariant_MoneyAddsUp() external view {
        (uint256 held, uint256 booked) = handler.stakingHolds();
        eq(held, booked, "staking books");
        (held, booked) = handler.stakingFlows();
        eq(held, booked, "staking flows");
        (held, booked) = handler.distributorHolds();
        eq(held, booked, "distributor books");
        (held, booked) = handler.distributorFlows();
        eq(held, booked, "distributor flows");
        (held, booked) = handler.courtHolds();
        eq(held, booked, "bonds");
        (held, booked) = handler.supply();
        eq(held, booked, "supply falls by burns only");
        yes(handler.worstPool(), "no pool is overdrawn, whatever the quorum signs");
    }

    /// @dev 4 to 9, 11, 12, 14, 15, 17, 19: the handler noticed nothing forbidden; history stands as it was written.
    function invariant_NothingForbiddenHappened() external view {
        string memory broken = handler.broken();
        yes(bytes(broken).length == 0, broken);
        yes(handler.batchesSound(), "batches are dense and immutable");
        yes(handler.electorateSound(), "the electorate is the sum of its members");
        yes(handler.membershipSound(), "members are those with the minimum and without jail");
    }
}

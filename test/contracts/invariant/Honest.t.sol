// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEvidenceCourt} from "../../../contracts/interfaces/IEvidenceCourt.sol";
import {IProofRegistry} from "../../../contracts/interfaces/IProofRegistry.sol";
import {Check} from "../support/Check.sol";
import {vm} from "../support/Vm.sol";
import {HonestGateway} from "./HonestGateway.t.sol";

/// @notice Whoever keeps its word is never slashed, whatever is submitted against it.
contract HonestInvariants is Check {
    HonestGateway private gateway;

    function setUp() public {
        gateway = new HonestGateway();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(gateway);
    }

    function invariant_HonestGatewayIsNeverSlashed() external view {
        string memory broken = gateway.broken();
        yes(bytes(broken).length == 0, broken);
        yes(gateway.innocent(), "an honest gateway lost stake or freedom");
    }

    /// @dev A long honest life, then every pair of its words in every kind of submission.
    function test_handler_EverythingItSaidIsUsedAgainstIt() external {
        uint256 dice = uint256(keccak256("an honest life"));
        for (uint256 i = 0; i < 60; ++i) {
            dice = uint256(keccak256(abi.encode(dice)));
            live(dice % 6, dice >> 8);
        }
        gateway.warp(3 days);
        string[10] memory names = [
            "serve",
            "crash",
            "anchorWaiting",
            "reorganised",
            "record",
            "scored",
            "unexamined",
            "attest",
            "replaceKey",
            "backInTime"
        ];
        for (uint256 i = 0; i < names.length; ++i) yes(gateway.calls(names[i]) > 0, names[i]);
        for (uint256 kind = 0; kind < gateway.KINDS(); ++kind) {
            for (uint256 i = 0; i < 150; ++i) {
                dice = uint256(keccak256(abi.encode(dice)));
                gateway.accuse(kind, dice, dice >> 64, dice >> 128);
            }
        }
        string memory broken = gateway.broken();
        yes(bytes(broken).length == 0, broken);
        yes(gateway.innocent(), "innocent");
        everyKindGotToItsPoint();
    }

    /// @dev Each kind was refused for what it is about, not for something before that; and the liar convicted itself.
    function everyKindGotToItsPoint() private view {
        bytes4 none = IEvidenceCourt.EvidenceCourtNoContradiction.selector;
        uint256[8] memory contradictions = [uint256(0), 1, 2, 3, 5, 6, 7, 10];
        for (uint256 i = 0; i < contradictions.length; ++i) refusedFor(contradictions[i], none);
        refusedFor(0, IEvidenceCourt.EvidenceCourtUnknownSigner.selector);
        refusedFor(1, IEvidenceCourt.EvidenceCourtUnknownSigner.selector);
        refusedFor(2, IEvidenceCourt.EvidenceCourtUnknownSigner.selector);
        refusedFor(2, IEvidenceCourt.EvidenceCourtDifferentSigners.selector);
        refusedFor(4, IProofRegistry.ProofRegistryAlreadyRecorded.selector);
        refusedFor(5, IEvidenceCourt.EvidenceCourtWrongEntries.selector);
        refusedFor(5, IEvidenceCourt.EvidenceCourtWrongStatus.selector);
        refusedFor(6, IEvidenceCourt.EvidenceCourtInvalidTable.selector);
        refusedFor(6, IEvidenceCourt.EvidenceCourtNotDefault.selector);
        refusedFor(7, IEvidenceCourt.EvidenceCourtNoSuchEntry.selector);
        refusedFor(8, IEvidenceCourt.EvidenceCourtNeverDrawn.selector);
        refusedFor(8, IEvidenceCourt.EvidenceCourtNotDrawn.selector);
        refusedFor(9, IEvidenceCourt.EvidenceCourtTooFew.selector);
        refusedFor(9, IEvidenceCourt.EvidenceCourtNotLower.selector);
        yes(gateway.calls("accepted") > 0, "the liar convicted itself");
    }

    function refusedFor(uint256 kind, bytes4 reason) private view {
        string memory what = string.concat("kind ", vm.toString(kind), " for ", vm.toString(bytes32(reason)));
        yes(gateway.refused(kind, reason) > 0, what);
    }

    function live(uint256 what, uint256 dice) private {
        if (what == 0) gateway.serve(dice);
        else if (what == 1) gateway.crash();
        else if (what == 2) gateway.anchorWaiting(dice);
        else if (what == 3) gateway.recordOldest(dice);
        else if (what == 4) gateway.attestSomething(dice);
        else if (dice % 3 == 0) gateway.replaceKey();
        else gateway.warp(dice);
    }
}

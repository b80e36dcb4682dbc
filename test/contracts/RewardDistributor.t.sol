// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {
    DistributorConfig,
    EpochInfo,
    EpochState,
    IRewardDistributor,
    RewardParams
} from "../../contracts/interfaces/IRewardDistributor.sol";
import "../../contracts/interfaces/Types.sol";
import {Trees} from "./support/Trees.sol";
import {Log, vm} from "./support/Vm.sol";
import {World} from "./support/World.sol";

contract RewardDistributorTest is World {
    uint96 private constant GATEWAY_MIN = 100_000e18;
    uint64 private constant PLENTY = 10_000_000_000;

    Actor private gateway;
    Actor[] private nodes;

    function setUp() public {
        deploy();
        gateway = joinGateway(1, GATEWAY_MIN);
        for (uint256 i = 2; i <= 5; ++i) nodes.push(join(i, ROLE_INFERENCE, 10_000e18));
        vm.recordLogs();
    }

    // --------------------------------------------------------------------------------------------------- helpers

    function listed() private view returns (address[] memory list) {
        list = new address[](nodes.length + 1);
        list[0] = gateway.account;
        for (uint256 i = 0; i < nodes.length; ++i) list[i + 1] = nodes[i].account;
    }

    /// @dev Four leaves of one role; the weights are 1 : 2 : 3 : 4.
    function fourLeaves(uint64 epoch) private view returns (RewardLeaf[] memory leaves) {
        leaves = new RewardLeaf[](4);
        for (uint64 i = 0; i < 4; ++i) leaves[i] = leafOf(epoch, 0, nodes[i].account, 8_000, (i + 1) * 1_000);
    }

    function openWithUnits(uint64 epoch, uint64 units) private {
        enterEpoch(epoch);
        if (units > 0) anchor(gateway, "root", 1, units);
    }

    /// @dev Epoch with the four leaves for inference nodes, final.
    function finalEpoch(uint64 epoch) private returns (RewardLeaf[] memory leaves) {
        openWithUnits(epoch, 900_000);
        leaves = fourLeaves(epoch);
        Distribution memory d = emptyDistribution(epoch);
        setRole(d, 0, leaves);
        toProposals(epoch);
        proposeBy(d, gateway);
        finalizeAfterWindow(epoch);
    }

    function proofOf(RewardLeaf[] memory leaves, uint256 i) private view returns (SumNode[] memory) {
        return Trees.sumProof(sumLeaves(leaves), i);
    }

    function one(bytes memory signature_) private pure returns (bytes[] memory list) {
        list = new bytes[](1);
        list[0] = signature_;
    }

    // --------------------------------------------------------------------------------------------------- deployment

    function test_constructor_KeepsEveryParameter() public view {
        eq(distributor.token(), address(token), "token");
        eq(distributor.staking(), address(staking), "staking");
        eq(distributor.registry(), address(registry), "registry");
        eq(distributor.court(), address(court), "court");
        eq(distributor.paramsHash(), PARAMS, "params");
        eq(keccak256(abi.encode(distributor.rewardParams())), keccak256(abi.encode(rewardParams())), "rewards");
        eq(distributor.reserve(), RESERVE, "reserve");
        yes(distributor.active(), "active");
        eq(IAccessManaged(address(distributor)).authority(), address(manager), "authority");
    }

    function test_constructor_RevertWhen_ConfigIsBad() public {
        for (uint256 i = 0; i < 4; ++i) {
            DistributorConfig memory config = distributorConfig(address(court));
            if (i == 0) config.staking = address(0);
            if (i == 1) config.registry = address(0);
            if (i == 2) config.court = address(0);
            if (i == 3) config.authority = address(0);
            vm.expectRevert(IRewardDistributor.RewardDistributorZeroAddress.selector);
            this.createDistributor(config);
        }
        DistributorConfig memory zero = distributorConfig(address(court));
        zero.paramsHash = 0;
        vm.expectRevert(IRewardDistributor.RewardDistributorZeroHash.selector);
        this.createDistributor(zero);
    }

    function test_setRewardParams_RevertWhen_OutOfBounds() public {
        RewardParams[6] memory bad = [
            RewardParams(20_001, [uint16(7_000), 2_000, 1_000], 2_500, 1),
            RewardParams(4_500, [uint16(7_000), 2_000, 1_001], 2_500, 1),
            RewardParams(4_500, [uint16(7_000), 2_000, 999], 2_500, 1),
            RewardParams(4_500, [uint16(7_000), 2_000, 1_000], 99, 1),
            RewardParams(4_500, [uint16(7_000), 2_000, 1_000], 10_001, 1),
            RewardParams(4_500, [uint16(7_000), 2_000, 1_000], 2_500, 0)
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorInvalidParams.selector, bad[i]));
            distributor.setRewardParams(bad[i]);
        }
        distributor.setRewardParams(RewardParams(20_000, [uint16(0), 0, 10_000], 10_000, 1));
        distributor.setRewardParams(RewardParams(0, [uint16(10_000), 0, 0], 100, 1));
    }

    function test_admin_RevertWhen_NotTheAuthority() public {
        bytes memory wanted = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(5));
        vm.startPrank(address(5));
        vm.expectRevert(wanted);
        distributor.activate();
        vm.expectRevert(wanted);
        distributor.setParamsHash("x");
        vm.expectRevert(wanted);
        distributor.setRewardParams(rewardParams());
        vm.stopPrank();
        vm.expectRevert(IRewardDistributor.RewardDistributorZeroHash.selector);
        distributor.setParamsHash(0);
    }

    function test_court_OnlyItDisputesAndResolves() public {
        bytes memory wanted = abi.encodeWithSelector(
            IRewardDistributor.RewardDistributorUnauthorized.selector,
            address(this)
        );
        vm.expectRevert(wanted);
        distributor.dispute(0);
        vm.expectRevert(wanted);
        distributor.resolve(0, true);
    }

    // ---------------------------------------------------------------------------------------------------- emission

    function test_fund_AddsWhatArrives_Class29() public {
        token.approve(address(distributor), 10);
        vm.expectEmit(true, true, true, true, address(distributor));
        emit IRewardDistributor.Funded(address(this), 10, RESERVE + 10);
        distributor.fund(10);
        eq(distributor.reserve(), RESERVE + 10, "reserve");
        vm.expectRevert(IRewardDistributor.RewardDistributorZeroAmount.selector);
        distributor.fund(0);
        token.transfer(address(distributor), 5);
        eq(distributor.reserve(), RESERVE + 10, "a gift is no reserve");
    }

    function test_activate_OnceAndShadowEpochsPayNothing() public {
        vm.expectRevert(IRewardDistributor.RewardDistributorAlreadyActive.selector);
        distributor.activate();
        DistributorConfig memory config = distributorConfig(address(this));
        IRewardDistributor shadow = this.createDistributor(config);
        token.approve(address(shadow), 1_000e18);
        shadow.fund(1_000e18);
        vm.warp(epochStart(1));
        shadow.openEpoch(0);
        eq(shadow.epochInfo(0).pot, 0, "shadow");
        eq(shadow.epochInfo(0).maxShareBps, 2_500, "its rules are kept all the same");
        eq(shadow.reserve(), 1_000e18, "reserve untouched");
        vm.expectEmit(true, true, true, true, address(shadow));
        emit IRewardDistributor.Activated(1);
        shadow.activate();
        shadow.openEpoch(1);
        eq(shadow.epochInfo(1).pot, 4.5e18, "first real pot");
    }

    function test_openEpoch_RevertWhen_ALaterEpochHasNotBegun() public {
        for (uint64 epoch = 0; epoch < 3; ++epoch) {
            vm.warp(epochStart(epoch) - 1);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IRewardDistributor.RewardDistributorEpochNotStarted.selector,
                    epoch,
                    epochStart(epoch)
                )
            );
            distributor.openEpoch(epoch);
            vm.warp(epochStart(epoch));
            distributor.openEpoch(epoch);
        }
    }

    /// @dev A shadow epoch goes all the way: proposed with a tree, final, claimed, and no token moves.
    function test_claim_InAShadowEpochPaysNothingAndTransfersNothing() public {
        distributor = this.createDistributor(distributorConfig(address(court)));
        RewardLeaf[] memory leaves = fourLeaves(0);
        vm.warp(timing.genesis);
        distributor.openEpoch(0);
        Distribution memory d = emptyDistribution(0);
        setRole(d, 0, leaves);
        toProposals(0);
        proposeBy(d, gateway);
        finalizeAfterWindow(0);
        SumNode[] memory proof = proofOf(leaves, 1);
        vm.recordLogs();
        eq(distributor.claim(leaves[1], proof), 0, "nothing");
        Log[] memory logs = vm.getRecordedLogs();
        eq(logs.length, 1, "one event");
        eq(logs[0].topics[0], IRewardDistributor.Claimed.selector, "the claim's");
        yes(distributor.isClaimed(nodes[1].account, 0, 0), "booked");
    }

    /// @dev What a claim without an excess writes: one bit. Whatever else it wrote, every node would pay for every week.
    function test_claim_WritesNothingButItsBit() public {
        RewardLeaf[] memory leaves = finalEpoch(0);
        SumNode[] memory proof = proofOf(leaves, 0);
        vm.record();
        distributor.claim(leaves[0], proof);
        (, bytes32[] memory writes) = vm.accesses(address(distributor));
        eq(writes.length, 1, "one slot");
        eq(uint256(vm.load(address(distributor), writes[0])), 1, "the bit of epoch 0");
    }

    /// @dev A pool of one base unit, and a leaf that weighs all of it but may take a quarter: the unit goes back.
    function test_claim_AnExcessOfASingleUnitReturnsToTheReserve_Class15() public {
        distributor.setRewardParams(RewardParams(4_500, [uint16(7_000), 2_000, 1_000], 2_500, 1));
        openWithUnits(0, 2);
        RewardLeaf[] memory leaves = new RewardLeaf[](1);
        leaves[0] = leafOf(0, 0, nodes[0].account, 8_000, 1_000);
        Distribution memory d = emptyDistribution(0);
        setRole(d, 0, leaves);
        toProposals(0);
        proposeBy(d, gateway);
        finalizeAfterWindow(0);
        eq(distributor.epochInfo(0).pools[0], 1, "the pool");
        uint256 before = distributor.reserve();
        (uint256 preview, bool claimed) = distributor.previewClaim(leaves[0]);
        eq(preview, 0, "a leaf may weigh as much as its tree");
        no(claimed, "not yet");
        SumNode[] memory proof = proofOf(leaves, 0);
        eq(distributor.claim(leaves[0], proof), 0, "a quarter of one is nothing");
        eq(distributor.reserve(), before + 1, "returned");
        assertBooks(listed());
    }

    function test_claim_RevertWhen_TheAccountHasASecondLeaf_Class10() public {
        openWithUnits(0, 900_000);
        RewardLeaf[] memory leaves = new RewardLeaf[](2);
        leaves[0] = leafOf(0, 0, nodes[0].account, 8_000, 1_000);
        leaves[1] = leafOf(0, 0, nodes[0].account, 8_000, 2_000);
        Distribution memory d = emptyDistribution(0);
        setRole(d, 0, leaves);
        toProposals(0);
        proposeBy(d, gateway);
        finalizeAfterWindow(0);
        yes(distributor.claim(leaves[0], proofOf(leaves, 0)) > 0, "the first one counts");
        SumNode[] memory proof = proofOf(leaves, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorAlreadyClaimed.selector, 0, 0, nodes[0].account)
        );
        distributor.claim(leaves[1], proof);
        assertBooks(listed());
    }

    /// @dev What the administrator may still change concerns epochs that are not open yet; giving up the role stops nothing.
    function test_admin_CanNeitherMoveAWindowNorTouchAProposal_Class05() public {
        openWithUnits(0, 900_000);
        RewardLeaf[] memory leaves = fourLeaves(0);
        Distribution memory d = emptyDistribution(0);
        setRole(d, 0, leaves);
        toProposals(0);
        proposeBy(d, gateway);
        bytes32 before = keccak256(abi.encode(distributor.epochInfo(0)));
        distributor.setRewardParams(RewardParams(1, [uint16(10_000), 0, 0], 100, 1));
        distributor.setParamsHash("other");
        eq(keccak256(abi.encode(distributor.epochInfo(0))), before, "nothing moved");
        bytes memory refused = abi.encodeWithSelector(
            IRewardDistributor.RewardDistributorUnauthorized.selector,
            address(this)
        );
        vm.expectRevert(refused);
        distributor.dispute(0);
        vm.expectRevert(refused);
        distributor.resolve(0, false);
        uint256 finalizableAt = distributor.epochInfo(0).finalizableAt;
        vm.warp(finalizableAt - 1);
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorDisputeWindowOpen.selector);
        distributor.finalize(0);
        manager.renounceRole(manager.ADMIN_ROLE(), address(this));
        vm.warp(finalizableAt);
        distributor.finalize(0);
        yes(distributor.claim(leaves[0], proofOf(leaves, 0)) > 0, "paid without an administrator");
        distributor.openEpoch(1);
    }

    function test_openEpoch_TakesThePotAndCopiesTheRules() public {
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorEpochNotStarted.selector, 0, timing.genesis)
        );
        distributor.openEpoch(0);
        vm.warp(timing.genesis);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorUnexpectedEpoch.selector, 0, 1));
        distributor.openEpoch(1);
        no(distributor.isOpened(0), "not yet");
        uint256 pot = (RESERVE * 4_500) / 1e6;
        vm.expectEmit(true, true, true, true, address(distributor));
        emit IRewardDistributor.EpochOpened(
            0,
            pot,
            [(pot * 7) / 10, pot / 5, pot / 10],
            GATEWAY_MIN,
            PARAMS,
            0,
            type(uint64).max,
            2_500,
            MAX_REWARD_PER_UNIT
        );
        distributor.openEpoch(0);
        yes(distributor.isOpened(0), "opened");
        EpochInfo memory info = distributor.epochInfo(0);
        yes(info.state == EpochState.Open, "state");
        eq(info.pot, pot, "pot");
        eq(info.electorate, GATEWAY_MIN, "electorate");
        eq(info.roundStartsAt, epochStart(1) + 1 days, "round 0");
        eq(info.paramsHash, PARAMS, "params");
        eq(info.tableEpoch, type(uint64).max, "genesis table");
        eq(info.maxShareBps, 2_500, "share");
        eq(info.maxRewardPerUnit, MAX_REWARD_PER_UNIT, "per unit");
        eq(distributor.reserve(), RESERVE - pot, "reserve");
        eq(distributor.nextEpochToOpen(), 1, "next");
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorUnexpectedEpoch.selector);
        distributor.openEpoch(0);
        assertBooks(listed());
    }

    function test_openEpoch_ChangesOfRulesCountForEpochsNotOpenYet_Class37() public {
        enterEpoch(0);
        distributor.setParamsHash("new");
        distributor.setRewardParams(RewardParams(10_000, [uint16(5_000), 3_000, 2_000], 10_000, 7));
        EpochInfo memory info = distributor.epochInfo(0);
        eq(info.paramsHash, PARAMS, "old hash");
        eq(info.maxShareBps, 2_500, "old share");
        enterEpoch(1);
        info = distributor.epochInfo(1);
        eq(info.paramsHash, "new", "new hash");
        eq(info.maxShareBps, 10_000, "new share");
        eq(info.maxRewardPerUnit, 7, "new multiple");
        eq(info.pools[1], (info.pot * 3) / 10, "new split");
    }

    function testFuzz_openEpoch_NothingIsLostInTheSplit_Class15(uint256 amount, uint256 a, uint256 b) public {
        a = bound(a, 0, 10_000);
        b = bound(b, 0, 10_000 - a);
        amount = bound(amount, 1, token.balanceOf(address(this)));
        IRewardDistributor fresh = this.createDistributor(distributorConfig(address(this)));
        fresh.setRewardParams(RewardParams(4_500, [uint16(a), uint16(b), uint16(10_000 - a - b)], 2_500, 1));
        token.approve(address(fresh), amount);
        fresh.fund(amount);
        fresh.activate();
        vm.warp(epochStart(0));
        fresh.openEpoch(0);
        EpochInfo memory info = fresh.epochInfo(0);
        eq(info.pools[0] + info.pools[1] + info.pools[2], info.pot, "pot is the sum of the pools");
        eq(fresh.reserve() + info.pot, amount, "conserved");
        atMost(info.pot, (amount * 4_500) / 1e6, "emission");
    }

    // ------------------------------------------------------------------------------------------------ distribution

    function test_propose_StandsWithMoreThanTwoThirds() public {
        openWithUnits(0, 1);
        Distribution memory d = emptyDistribution(0);
        setRole(d, 0, fourLeaves(0));
        d.tableRoot = "table";
        toProposals(0);
        bytes32 hash = distributor.distributionHashOf(d);
        address[] memory signers = listOf(gateway.account);
        vm.expectEmit(true, true, true, true, address(distributor));
        emit IRewardDistributor.DistributionProposed(0, 0, hash, d, signers, GATEWAY_MIN);
        proposeBy(d, gateway);
        EpochInfo memory info = distributor.epochInfo(0);
        yes(info.state == EpochState.Proposed, "state");
        eq(info.distributionHash, hash, "hash");
        eq(info.signersHash, keccak256(abi.encode(signers)), "signers");
        eq(info.roots[0], d.roots[0], "root");
        eq(info.totals[0], d.totals[0], "total");
        eq(info.counts[0], 4, "count");
        eq(info.nextTableRoot, "table", "next table");
        eq(info.proposedAt, time(), "time");
        eq(info.finalizableAt, time() + 3 days, "window");
        bytes memory signature_ = attest(d, gateway);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorWrongState.selector, 0, EpochState.Proposed)
        );
        distributor.propose(d, one(signature_));
    }

    function test_propose_RevertWhen_TooEarlyTooLateOrNotOpen_Class35() public {
        openWithUnits(0, 1);
        Distribution memory d = emptyDistribution(0);
        bytes[] memory signatures = one(attest(d, gateway));
        uint256 from = epochStart(1) + 1 days;
        vm.warp(from - 1);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorRoundNotStarted.selector, 0, from));
        distributor.propose(d, signatures);
        uint256 until = epochStart(1) + 14 days;
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorProposalsClosed.selector, 0, until));
        distributor.propose(d, signatures);
        vm.warp(until - 1);
        distributor.propose(d, signatures);
        d.epoch = 1;
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorWrongState.selector, 1, EpochState.None)
        );
        distributor.propose(d, signatures);
    }

    function test_propose_RevertWhen_ContentIsInconsistent_Class06() public {
        openWithUnits(0, 1);
        toProposals(0);
        Distribution memory d = emptyDistribution(0);
        d.round = 1;
        expectProposalRefused(
            d,
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorWrongRound.selector, 0, 0, 1)
        );
        d = emptyDistribution(0);
        d.paramsHash = "x";
        expectProposalRefused(
            d,
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorWrongParams.selector, PARAMS, bytes32("x"))
        );
        d = emptyDistribution(0);
        d.dataHash = 0;
        expectProposalRefused(d, abi.encodeWithSelector(IRewardDistributor.RewardDistributorZeroHash.selector));
        d = emptyDistribution(0);
        d.batchesHash = 0;
        expectProposalRefused(d, abi.encodeWithSelector(IRewardDistributor.RewardDistributorZeroHash.selector));
        for (uint8 role = 0; role < 3; ++role) {
            for (uint256 mask = 1; mask < 7; ++mask) {
                d = emptyDistribution(0);
                if (mask & 1 != 0) d.roots[role] = "r";
                if (mask & 2 != 0) d.totals[role] = 1;
                if (mask & 4 != 0) d.counts[role] = 1;
                expectProposalRefused(
                    d,
                    abi.encodeWithSelector(
                        IRewardDistributor.RewardDistributorInconsistentRole.selector,
                        role,
                        d.roots[role],
                        d.totals[role],
                        d.counts[role]
                    )
                );
            }
        }
    }

    function expectProposalRefused(Distribution memory d, bytes memory wanted) private {
        bytes[] memory signatures = one(attest(d, gateway));
        vm.expectRevert(wanted);
        distributor.propose(d, signatures);
    }

    function test_propose_QuorumIsStrictlyMoreThanTwoThirds() public {
        Actor memory two = joinGateway(11, GATEWAY_MIN);
        Actor memory three = joinGateway(12, GATEWAY_MIN);
        openWithUnits(0, 1);
        toProposals(0);
        Distribution memory d = emptyDistribution(0);
        bytes[] memory signatures = new bytes[](2);
        signatures[0] = attest(d, gateway);
        signatures[1] = attest(d, two);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRewardDistributor.RewardDistributorNoQuorum.selector,
                2 * GATEWAY_MIN,
                3 * GATEWAY_MIN
            )
        );
        distributor.propose(d, signatures);
        signatures = new bytes[](3);
        signatures[0] = attest(d, gateway);
        signatures[1] = attest(d, two);
        signatures[2] = attest(d, three);
        distributor.propose(d, signatures);
    }

    function test_propose_RevertWhen_SignersRepeatOrAreUnsorted_Class13() public {
        Actor memory two = joinGateway(11, 10 * GATEWAY_MIN);
        openWithUnits(0, 1);
        toProposals(0);
        Distribution memory d = emptyDistribution(0);
        bytes[] memory signatures = new bytes[](2);
        signatures[0] = attest(d, two);
        signatures[1] = attest(d, two);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRewardDistributor.RewardDistributorUnsortedSigners.selector,
                two.account,
                two.account
            )
        );
        distributor.propose(d, signatures);
        signatures[1] = attest(d, gateway);
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorUnsortedSigners.selector);
        distributor.propose(d, signatures);
        (signatures[0], signatures[1]) = (signatures[1], signatures[0]);
        distributor.propose(d, signatures);
    }

    function test_propose_RevertWhen_ASignatureIsForeignOrForSomethingElse_Class11() public {
        openWithUnits(0, 1);
        toProposals(0);
        Distribution memory d = emptyDistribution(0);
        bytes32 hash = distributor.distributionHashOf(d);
        bytes32[5] memory digests = [
            distributor.attestationDigest(1, 0, hash),
            distributor.attestationDigest(0, 1, hash),
            distributor.attestationDigest(0, 0, keccak256("else")),
            keccak256("nothing"),
            distributor.attestationDigest(0, 0, hash)
        ];
        for (uint256 i = 0; i < 5; ++i) {
            bytes memory signature_ = signature(i == 4 ? nodes[0].key : gateway.key, digests[i]);
            vm.expectPartialRevert(IRewardDistributor.RewardDistributorNotAttester.selector);
            distributor.propose(d, one(signature_));
        }
        vm.expectPartialRevert(ECDSA.ECDSAInvalidSignatureLength.selector);
        distributor.propose(d, one(hex"00"));
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorNoQuorum.selector);
        distributor.propose(d, new bytes[](0));
    }

    function test_propose_RevertWhen_SignaturesAreTooMany_Class28() public {
        openWithUnits(0, 1);
        toProposals(0);
        Distribution memory d = emptyDistribution(0);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorTooManySignatures.selector, 65, 64));
        distributor.propose(d, new bytes[](65));
        // 64 are read: the first of them is no signature.
        vm.expectPartialRevert(ECDSA.ECDSAInvalidSignatureLength.selector);
        distributor.propose(d, new bytes[](64));
    }

    function test_propose_RevertWhen_TheSignerFellBelowTheMinimum() public {
        openWithUnits(0, 1);
        toProposals(0);
        vm.prank(gateway.account);
        staking.requestUnbond(ROLE_GATEWAY, 1);
        Distribution memory d = emptyDistribution(0);
        bytes[] memory signatures = one(attest(d, gateway));
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorNotAttester.selector, gateway.signer)
        );
        distributor.propose(d, signatures);
    }

    function test_propose_ElectorateIsTheOneOfTheEpochsStart_Class23() public {
        openWithUnits(0, 1);
        Actor memory whale = joinGateway(11, 100 * GATEWAY_MIN);
        toProposals(0);
        Distribution memory d = emptyDistribution(0);
        bytes[] memory signatures = one(attest(d, whale));
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorNotAttester.selector);
        distributor.propose(d, signatures);
        proposeBy(d, gateway);
    }

    /// @dev A vote weighs what a verdict about it can still reach, not what was bonded once.
    function test_propose_StakeThatLeftOrCanLeaveDoesNotVote_Class16() public {
        Actor memory whale = joinGateway(11, 10 * GATEWAY_MIN);
        openWithUnits(0, 1);
        vm.prank(whale.account);
        staking.requestUnbond(ROLE_GATEWAY, 9 * GATEWAY_MIN);
        uint256 matures = epochStart(0) + timing.unbonding;

        // Round 0 begins early enough: a dispute about it ends before that stake can leave.
        vm.warp(matures - timing.disputeWindow - timing.arbiterDeadline);
        (, uint256 weight) = staking.attesterOf(whale.signer, 0);
        eq(weight, 10 * GATEWAY_MIN, "all of it at risk");
        vm.warp(time() + 1);
        (, weight) = staking.attesterOf(whale.signer, 0);
        eq(weight, GATEWAY_MIN, "what can leave before a verdict does not vote");

        vm.warp(matures);
        vm.prank(whale.account);
        staking.withdraw(ROLE_GATEWAY);
        Distribution memory d = emptyDistribution(0);
        bytes[] memory signatures = one(attest(d, whale));
        vm.expectRevert(
            abi.encodeWithSelector(
                IRewardDistributor.RewardDistributorNoQuorum.selector,
                GATEWAY_MIN,
                11 * uint256(GATEWAY_MIN)
            )
        );
        distributor.propose(d, signatures);

        // Stake that came later does not vote in an older epoch either.
        vm.startPrank(whale.account);
        token.approve(address(staking), type(uint256).max);
        staking.stake(ROLE_GATEWAY, 9 * GATEWAY_MIN);
        vm.stopPrank();
        (, weight) = staking.attesterOf(whale.signer, 1);
        eq(weight, GATEWAY_MIN, "of the epoch's start");
    }

    function test_nextRound_AfterRoundDurationWithoutQuorum() public {
        openWithUnits(0, 1);
        toProposals(0);
        uint256 ends = time() + 1 days;
        vm.warp(ends - 1);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorRoundRunning.selector, 0, ends));
        distributor.nextRound(0);
        Distribution memory old = emptyDistribution(0);
        bytes[] memory signatures = one(attest(old, gateway));
        vm.warp(ends);
        vm.expectEmit(true, true, true, true, address(distributor));
        emit IRewardDistributor.RoundStarted(0, 1, uint64(ends));
        distributor.nextRound(0);
        eq(distributor.epochInfo(0).round, 1, "round");
        eq(distributor.epochInfo(0).roundStartsAt, ends, "start");
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorWrongRound.selector, 0, 1, 0));
        distributor.propose(old, signatures);
        proposeBy(emptyDistribution(0), gateway);
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorWrongState.selector);
        distributor.nextRound(0);
    }

    function test_finalize_AfterTheWindowOnly_Class35() public {
        openWithUnits(0, 1);
        toProposals(0);
        proposeBy(emptyDistribution(0), gateway);
        uint64 at_ = distributor.epochInfo(0).finalizableAt;
        vm.warp(at_ - 1);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorDisputeWindowOpen.selector, 0, at_));
        distributor.finalize(0);
        vm.warp(at_);
        distributor.finalize(0);
        yes(distributor.stateOf(0) == EpochState.Final, "final");
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorWrongState.selector);
        distributor.finalize(0);
    }

    function test_finalize_EmptyRolesGiveTheirPoolsBack_Class24() public {
        uint256 before = distributor.reserve();
        openWithUnits(0, PLENTY);
        toProposals(0);
        proposeBy(emptyDistribution(0), gateway);
        finalizeAfterWindow(0);
        eq(distributor.reserve(), before, "everything back");
        assertBooks(listed());
    }

    function test_finalize_CutsThePoolsToPaidUnits() public {
        openWithUnits(0, 1_000);
        uint256 reserveBefore = distributor.reserve();
        RewardLeaf[] memory leaves = fourLeaves(0);
        Distribution memory d = emptyDistribution(0);
        setRole(d, 0, leaves);
        toProposals(0);
        proposeBy(d, gateway);
        EpochInfo memory before = distributor.epochInfo(0);
        finalizeAfterWindow(0);
        EpochInfo memory info = distributor.epochInfo(0);
        eq(info.pools[0], (1_000 * uint256(MAX_REWARD_PER_UNIT) * 7) / 10, "role share of the multiple");
        eq(info.pools[1], 0, "empty");
        eq(distributor.reserve(), reserveBefore + before.pot - info.pools[0], "rest returned");
        assertBooks(listed());
    }

    function test_finalize_WithoutUnitsPaysNothing() public {
        openWithUnits(0, 0);
        RewardLeaf[] memory leaves = fourLeaves(0);
        Distribution memory d = emptyDistribution(0);
        setRole(d, 0, leaves);
        toProposals(0);
        proposeBy(d, gateway);
        finalizeAfterWindow(0);
        eq(distributor.claim(leaves[0], proofOf(leaves, 0)), 0, "nothing");
        yes(distributor.isClaimed(leaves[0].account, 0, 0), "claimed");
        assertBooks(listed());
    }

    function test_table_LagsTwoEpochsAndTheHighestFinalWins() public {
        enterEpoch(0);
        enterEpoch(1);
        (bytes32 root, uint64 tableEpoch) = distributor.tableOf(1);
        eq(root, bytes32(0), "genesis");
        eq(tableEpoch, type(uint64).max, "genesis");
        (bool exists, ) = distributor.latestFinal();
        no(exists, "none final");
        vm.warp(epochStart(2));
        Distribution memory d1 = emptyDistribution(1);
        d1.tableRoot = "table1";
        toProposals(1);
        proposeBy(d1, gateway);
        Distribution memory d0 = emptyDistribution(0);
        d0.tableRoot = "table0";
        proposeBy(d0, gateway);
        vm.warp(time() + 3 days);
        distributor.finalize(1);
        distributor.finalize(0);
        uint64 latest;
        (exists, latest) = distributor.latestFinal();
        yes(exists, "exists");
        eq(latest, 1, "highest, not last");
        enterEpoch(2);
        (root, tableEpoch) = distributor.tableOf(2);
        eq(root, "table1", "table");
        eq(tableEpoch, 1, "its epoch");
        eq(distributor.epochInfo(2).tableRoot, "table1", "the same in the epoch's own words");
        eq(distributor.epochInfo(2).tableEpoch, 1, "with its epoch");
        enterEpoch(3);
        (root, tableEpoch) = distributor.tableOf(3);
        eq(root, "table1", "still");
    }

    function test_voidEpoch_WithEmptyElectorateRightAfterTheEpoch() public {
        vm.prank(gateway.account);
        staking.close(ROLE_GATEWAY);
        uint256 before = distributor.reserve();
        enterEpoch(0);
        vm.warp(epochStart(1) - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorNotVoidable.selector, 0, epochStart(1))
        );
        distributor.voidEpoch(0);
        vm.warp(epochStart(1));
        uint256 pot = distributor.epochInfo(0).pot;
        vm.expectEmit(true, true, true, true, address(distributor));
        emit IRewardDistributor.EpochVoided(0, pot);
        distributor.voidEpoch(0);
        eq(distributor.reserve(), before, "back");
        yes(distributor.stateOf(0) == EpochState.Void, "void");
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorWrongState.selector);
        distributor.voidEpoch(0);
        assertBooks(listed());
    }

    function test_voidEpoch_WithoutAProposalAfterOneUnbondingPeriod() public {
        enterEpoch(0);
        uint256 at_ = epochStart(1) + 14 days;
        vm.warp(at_ - 1);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorNotVoidable.selector, 0, at_));
        distributor.voidEpoch(0);
        vm.warp(at_);
        distributor.voidEpoch(0);
        assertBooks(listed());
    }

    function test_voidEpoch_RevertWhen_AProposalStands() public {
        enterEpoch(0);
        toProposals(0);
        proposeBy(emptyDistribution(0), gateway);
        vm.warp(epochStart(1) + 14 days);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorWrongState.selector, 0, EpochState.Proposed)
        );
        distributor.voidEpoch(0);
        distributor.finalize(0);
    }

    function test_dispute_IsAStateNotATimer_Class02() public {
        openWithUnits(0, PLENTY / 100);
        RewardLeaf[] memory leaves = fourLeaves(0);
        Distribution memory d = emptyDistribution(0);
        setRole(d, 0, leaves);
        toProposals(0);
        proposeBy(d, gateway);
        SumNode[] memory proof = proofOf(leaves, 0);
        vm.warp(distributor.epochInfo(0).finalizableAt - 1);
        vm.expectEmit(true, true, true, true, address(distributor));
        emit IRewardDistributor.EpochDisputed(0, 0);
        vm.prank(address(court));
        distributor.dispute(0);
        vm.warp(time() + 1000 days);
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorWrongState.selector);
        distributor.finalize(0);
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorWrongState.selector);
        distributor.claim(leaves[0], proof);
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorWrongState.selector);
        distributor.voidEpoch(0);
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorWrongState.selector);
        distributor.nextRound(0);
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorWrongState.selector);
        vm.prank(address(court));
        distributor.dispute(0);
        vm.prank(address(court));
        distributor.resolve(0, true);
        yes(distributor.claim(leaves[0], proof) > 0, "paid after the verdict");
        assertBooks(listed());
    }

    function test_dispute_RevertWhen_TheWindowIsOver_Class35() public {
        openWithUnits(0, 1);
        toProposals(0);
        proposeBy(emptyDistribution(0), gateway);
        uint64 at_ = distributor.epochInfo(0).finalizableAt;
        vm.warp(at_);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorDisputeWindowClosed.selector, 0, at_)
        );
        vm.prank(address(court));
        distributor.dispute(0);
    }

    function test_resolve_OverturnedStartsTheNextRoundAndForgetsTheProposal_Class04() public {
        openWithUnits(0, PLENTY / 100);
        RewardLeaf[] memory leaves = fourLeaves(0);
        Distribution memory d = emptyDistribution(0);
        setRole(d, 0, leaves);
        d.tableRoot = "table";
        toProposals(0);
        proposeBy(d, gateway);
        yes(distributor.verifyReward(leaves[0], proofOf(leaves, 0)), "in the proposal");
        vm.startPrank(address(court));
        distributor.dispute(0);
        vm.expectEmit(true, true, true, true, address(distributor));
        emit IRewardDistributor.DistributionOverturned(0, 0, distributor.distributionHashOf(d));
        distributor.resolve(0, false);
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorWrongState.selector);
        distributor.resolve(0, false);
        vm.stopPrank();
        EpochInfo memory info = distributor.epochInfo(0);
        yes(info.state == EpochState.Open, "open");
        eq(info.round, 1, "round");
        eq(info.roundStartsAt, time(), "from now");
        eq(info.distributionHash, bytes32(0), "hash");
        eq(info.signersHash, bytes32(0), "signers");
        eq(info.nextTableRoot, bytes32(0), "table");
        eq(info.proposedAt, 0, "time");
        eq(info.roots[0], bytes32(0), "root");
        eq(info.totals[0], 0, "total");
        eq(info.counts[0], 0, "count");
        no(distributor.verifyReward(leaves[0], proofOf(leaves, 0)), "no longer");
        bytes[] memory signatures = one(attest(d, gateway));
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorWrongRound.selector);
        distributor.propose(d, signatures);
        proposeBy(emptyDistribution(0), gateway);
    }

    // ------------------------------------------------------------------------------------------------------ claims

    function test_claim_PaysTheWeightedShareToThePayout() public {
        RewardLeaf[] memory leaves = finalEpoch(0);
        uint256 pool = distributor.epochInfo(0).pools[0];
        uint256 wanted = pool / 10;
        (uint256 preview, bool claimed) = distributor.previewClaim(leaves[0]);
        eq(preview, wanted, "preview");
        no(claimed, "unclaimed");
        vm.expectEmit(true, true, true, true, address(distributor));
        emit IRewardDistributor.Claimed(nodes[0].account, 0, 0, nodes[0].payout, wanted, 0);
        eq(distributor.claim(leaves[0], proofOf(leaves, 0)), wanted, "amount");
        eq(token.balanceOf(nodes[0].payout), wanted, "paid to the payout, whoever calls");
        (preview, claimed) = distributor.previewClaim(leaves[0]);
        yes(claimed, "claimed");
        assertBooks(listed());
    }

    function test_claim_CapsTheShareAndReturnsTheExcess() public {
        RewardLeaf[] memory leaves = finalEpoch(0);
        uint256 pool = distributor.epochInfo(0).pools[0];
        uint256 before = distributor.reserve();
        // 3 of 10 and 4 of 10 both exceed the quarter.
        eq(distributor.claim(leaves[3], proofOf(leaves, 3)), pool / 4, "capped");
        eq(distributor.reserve(), before + (pool * 4) / 10 - pool / 4, "excess returned");
        eq(distributor.claim(leaves[2], proofOf(leaves, 2)), pool / 4, "capped");
        eq(
            distributor.reserve(),
            before + (pool * 4) / 10 + (pool * 3) / 10 - 2 * (pool / 4),
            "both excesses returned"
        );
        distributor.claim(leaves[0], proofOf(leaves, 0));
        distributor.claim(leaves[1], proofOf(leaves, 1));
        assertBooks(listed());
        atMost(pool - takenFrom[0][0], 4, "dust");
    }

    function test_claim_UsesThePayoutRegisteredNow() public {
        RewardLeaf[] memory leaves = finalEpoch(0);
        vm.prank(nodes[0].account);
        staking.proposePayout(0, address(77));
        vm.prank(address(77));
        staking.acceptPayout(nodes[0].account, 0);
        uint256 amount = distributor.claim(leaves[0], proofOf(leaves, 0));
        eq(token.balanceOf(address(77)), amount, "new payout");
    }

    function test_claim_RevertWhen_Twice() public {
        RewardLeaf[] memory leaves = finalEpoch(0);
        SumNode[] memory proof = proofOf(leaves, 0);
        distributor.claim(leaves[0], proof);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorAlreadyClaimed.selector, 0, 0, leaves[0].account)
        );
        distributor.claim(leaves[0], proof);
    }

    function test_claim_RevertWhen_NotFinal() public {
        RewardLeaf[] memory leaves = fourLeaves(0);
        SumNode[] memory proof = proofOf(leaves, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorWrongState.selector, 0, EpochState.None)
        );
        distributor.claim(leaves[0], proof);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorWrongState.selector, 0, EpochState.None)
        );
        distributor.previewClaim(leaves[0]);
    }

    function test_claim_RevertWhen_AnyFieldIsChanged_Class30() public {
        RewardLeaf[] memory leaves = finalEpoch(0);
        SumNode[] memory proof = proofOf(leaves, 0);
        for (uint256 i = 0; i < 5; ++i) {
            RewardLeaf memory leaf = fourLeaves(0)[0];
            if (i == 0) leaf.quality += 1;
            if (i == 1) leaf.volume += 1;
            if (i == 2) leaf.difficulty += 1;
            if (i == 3) leaf.feedback += 1;
            if (i == 4) leaf.account = nodes[1].account;
            vm.expectRevert(
                abi.encodeWithSelector(IRewardDistributor.RewardDistributorInvalidProof.selector, 0, 0, leaf.account)
            );
            distributor.claim(leaf, proof);
            no(distributor.verifyReward(leaf, proof), "nor verified");
        }
    }

    function test_claim_RevertWhen_ProofIsOfAnotherEpochRoleOrContract_Class11() public {
        RewardLeaf[] memory leaves = finalEpoch(0);
        SumNode[] memory proof = proofOf(leaves, 0);
        finalEpoch(1);
        RewardLeaf memory moved = leaves[0];
        moved.epoch = 1;
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorInvalidProof.selector);
        distributor.claim(moved, proof);
        Actor memory evaluator = nodes[0];
        evaluator.key = actor(50).key;
        evaluator.signer = vm.addr(evaluator.key);
        register(evaluator, ROLE_EVALUATOR);
        moved = fourLeaves(0)[0];
        moved.role = ROLE_EVALUATOR;
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorInvalidProof.selector);
        distributor.claim(moved, proof);
        IRewardDistributor twin = this.createDistributor(distributorConfig(address(court)));
        yes(twin.hashReward(leaves[0]) != distributor.hashReward(leaves[0]), "contract in the leaf");
        vm.chainId(97);
        no(distributor.verifyReward(leaves[0], proof), "another chain");
        vm.chainId(31_337);
    }

    function test_claim_RevertWhen_ProofIsEmptyShortOrLong_Class06_Class07() public {
        RewardLeaf[] memory leaves = finalEpoch(0);
        SumNode[] memory proof = proofOf(leaves, 0);
        SumNode[] memory short = new SumNode[](1);
        short[0] = proof[0];
        SumNode[] memory long = new SumNode[](3);
        (long[0], long[1]) = (proof[0], proof[1]);
        SumNode[][3] memory bad = [new SumNode[](0), short, long];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectPartialRevert(IRewardDistributor.RewardDistributorInvalidProof.selector);
            distributor.claim(leaves[0], bad[i]);
        }
    }

    function test_claim_RevertWhen_FieldsAreOutsideTheProtocolsRanges() public {
        finalEpoch(0);
        RewardLeaf[8] memory bad;
        for (uint256 i = 0; i < 8; ++i) {
            RewardLeaf memory leaf = leafOf(0, 0, nodes[0].account, 10_000, 1);
            if (i == 0) leaf.quality = 10_001;
            if (i == 1) leaf.quality = 0;
            if (i == 2) leaf.volume = 0;
            if (i == 3) leaf.difficulty = 4_999;
            if (i == 4) leaf.difficulty = 20_001;
            if (i == 5) leaf.feedback = 8_999;
            if (i == 6) leaf.feedback = 11_001;
            if (i == 7) leaf.role = 3;
            bad[i] = leaf;
        }
        SumNode[] memory proof = new SumNode[](0);
        for (uint256 i = 0; i < 7; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorInvalidLeaf.selector, bad[i]));
            distributor.claim(bad[i], proof);
        }
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorInvalidLeaf.selector, bad[7]));
        distributor.previewClaim(bad[7]);
    }

    function test_claim_AcceptsTheBoundsOfTheRanges() public {
        openWithUnits(0, 1_000);
        RewardLeaf[] memory leaves = new RewardLeaf[](2);
        leaves[0] = RewardLeaf(0, 0, nodes[0].account, 10_000, type(uint64).max, 20_000, 11_000);
        leaves[1] = RewardLeaf(0, 0, nodes[1].account, 1, 1, 5_000, 9_000);
        Distribution memory d = emptyDistribution(0);
        setRole(d, 0, leaves);
        toProposals(0);
        proposeBy(d, gateway);
        finalizeAfterWindow(0);
        eq(distributor.claim(leaves[0], proofOf(leaves, 0)), distributor.epochInfo(0).pools[0] / 4, "largest weight");
        eq(distributor.claim(leaves[1], proofOf(leaves, 1)), 0, "smallest rounds down to nothing");
        assertBooks(listed());
    }

    function test_claim_RevertWhen_TheAccountHasNoPayout() public {
        openWithUnits(0, 1_000);
        RewardLeaf[] memory leaves = new RewardLeaf[](1);
        leaves[0] = leafOf(0, 0, address(99), 1, 1);
        Distribution memory d = emptyDistribution(0);
        setRole(d, 0, leaves);
        toProposals(0);
        proposeBy(d, gateway);
        finalizeAfterWindow(0);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorNoPayout.selector, address(99), 0));
        distributor.claim(leaves[0], new SumNode[](0));
    }

    function test_previewClaim_RevertWhen_WeightExceedsTheTree() public {
        finalEpoch(0);
        RewardLeaf memory leaf = leafOf(0, 0, nodes[0].account, 10_000, type(uint64).max);
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorInvalidProof.selector);
        distributor.previewClaim(leaf);
        leaf.role = ROLE_GATEWAY;
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorInvalidProof.selector);
        distributor.previewClaim(leaf);
    }

    function test_claimMany_PaysOnceAndSkipsWhatIsClaimed_Class25() public {
        RewardLeaf[] memory leaves = new RewardLeaf[](3);
        SumNode[][] memory proofs = new SumNode[][](3);
        uint256 total;
        for (uint64 e = 0; e < 3; ++e) {
            RewardLeaf[] memory all = finalEpoch(e);
            leaves[e] = all[0];
            proofs[e] = proofOf(all, 0);
            total += distributor.epochInfo(e).pools[0] / 10;
        }
        // A front-runner claims the middle one: the batch goes on.
        uint256 first = distributor.claim(leaves[1], proofs[1]);
        eq(distributor.claimMany(leaves, proofs), total - first, "the rest");
        eq(token.balanceOf(nodes[0].payout), total, "all");
        eq(distributor.claimMany(leaves, proofs), 0, "nothing twice");
        assertBooks(listed());
    }

    function test_claimMany_RevertWhen_ListsDifferAreEmptyOrMixed() public {
        RewardLeaf[] memory leaves = finalEpoch(0);
        SumNode[][] memory proofs = new SumNode[][](3);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorLengthMismatch.selector, 4, 3));
        distributor.claimMany(leaves, proofs);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorLengthMismatch.selector, 4, 3));
        distributor.claimFor(leaves, proofs);
        RewardLeaf[] memory none = new RewardLeaf[](0);
        proofs = new SumNode[][](0);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorLengthMismatch.selector, 0, 0));
        distributor.claimMany(none, proofs);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistributor.RewardDistributorLengthMismatch.selector, 0, 0));
        distributor.claimFor(none, proofs);
        proofs = new SumNode[][](4);
        for (uint256 i = 0; i < 4; ++i) proofs[i] = proofOf(leaves, i);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorMixedClaim.selector, nodes[1].account, 0)
        );
        distributor.claimMany(leaves, proofs);
        leaves[1].account = leaves[0].account;
        leaves[1].role = 1;
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorMixedClaim.selector, nodes[0].account, 1)
        );
        distributor.claimMany(leaves, proofs);
    }

    function test_claimFor_PaysEverybodyAndSkipsWhatIsClaimed() public {
        RewardLeaf[] memory leaves = finalEpoch(0);
        SumNode[][] memory proofs = new SumNode[][](4);
        for (uint256 i = 0; i < 4; ++i) proofs[i] = proofOf(leaves, i);
        uint256 pool = distributor.epochInfo(0).pools[0];
        distributor.claim(leaves[2], proofs[2]);
        eq(distributor.claimFor(leaves, proofs), pool / 10 + (pool * 2) / 10 + pool / 4, "three of four");
        eq(token.balanceOf(nodes[1].payout), (pool * 2) / 10, "second");
        eq(token.balanceOf(nodes[3].payout), pool / 4, "fourth, capped");
        assertBooks(listed());
    }

    function test_claims_OfEarlierEpochsGoOnWhileALaterOneIsDisputed() public {
        RewardLeaf[] memory leaves = finalEpoch(0);
        openWithUnits(1, 1);
        toProposals(1);
        proposeBy(emptyDistribution(1), gateway);
        vm.prank(address(court));
        distributor.dispute(1);
        staking.setStakingPaused(true);
        yes(distributor.claim(leaves[0], proofOf(leaves, 0)) > 0, "claims cannot be paused");
    }

    function test_isClaimed_BitsOfDifferentWordsRolesAndAccountsAreApart() public {
        RewardLeaf[] memory leaves = finalEpoch(0);
        distributor.claim(leaves[0], proofOf(leaves, 0));
        address account = leaves[0].account;
        yes(distributor.isClaimed(account, 0, 0), "this");
        no(distributor.isClaimed(account, 0, 256), "next word");
        no(distributor.isClaimed(account, 0, 1), "next bit");
        no(distributor.isClaimed(account, 1, 0), "other role");
        no(distributor.isClaimed(nodes[1].account, 0, 0), "other account");
    }

    /// @dev An account of ones only touches the role's bits on one side, and the role those of the epoch.
    function test_isClaimed_TheLargestAccountTakesNoBitOfItsRole() public {
        Actor memory tall = actor(30);
        tall.account = address(type(uint160).max);
        register(tall, ROLE_INFERENCE);
        openWithUnits(0, 900_000);
        RewardLeaf[] memory leaves = new RewardLeaf[](1);
        leaves[0] = leafOf(0, 0, tall.account, 8_000, 1_000);
        Distribution memory d = emptyDistribution(0);
        setRole(d, 0, leaves);
        toProposals(0);
        proposeBy(d, gateway);
        finalizeAfterWindow(0);
        distributor.claim(leaves[0], new SumNode[](0));
        yes(distributor.isClaimed(tall.account, 0, 0), "this");
        no(distributor.isClaimed(tall.account, 1, 0), "next role");
        no(distributor.isClaimed(tall.account, 2, 0), "last role");
        no(distributor.isClaimed(address(type(uint160).max >> 1), 0, 0), "half of it");
        for (uint64 epoch = 256; epoch <= 1_024; epoch *= 2) no(distributor.isClaimed(tall.account, 0, epoch), "word");
    }

    function test_leaderRank_IsTheTaggedHash() public view {
        eq(
            distributor.leaderRank(3, 1, address(7)),
            keccak256(abi.encode(keccak256("DGrid.leader.v1"), uint64(3), uint32(1), address(7))),
            "rank"
        );
    }

    // -------------------------------------------------------------------------------------- the sum tree's promise

    /// @dev Whatever an evil quorum signs, the pool is never overdrawn: here it promises more than its total.
    function testFuzz_evilQuorum_CannotOverdraw_Class01(uint256 seed) public {
        openWithUnits(0, 900_000);
        RewardLeaf[] memory leaves = new RewardLeaf[](4);
        SumNode[] memory sums = new SumNode[](4);
        for (uint256 i = 0; i < 4; ++i) {
            uint64 volume = uint64(bound(uint256(keccak256(abi.encode(seed, i))), 1, type(uint64).max));
            leaves[i] = leafOf(0, 0, nodes[i].account, 10_000, volume);
            sums[i] = SumNode(distributor.hashReward(leaves[i]), uint128(weightOf(leaves[i])));
        }
        Distribution memory d = emptyDistribution(0);
        SumNode memory top = Trees.sumRoot(sums);
        d.roots[0] = top.hash;
        // The lie: half the true total, so that every share would double.
        d.totals[0] = seed % 3 == 0 ? top.sum / 2 : (seed % 3 == 1 ? 1 : top.sum);
        d.counts[0] = 4;
        toProposals(0);
        proposeBy(d, gateway);
        finalizeAfterWindow(0);
        uint256 pool = distributor.epochInfo(0).pools[0];
        uint256 paid;
        for (uint256 i = 0; i < 4; ++i) {
            try distributor.claim(leaves[i], Trees.sumProof(sums, i)) returns (uint256 amount) {
                paid += amount;
            } catch {}
        }
        atMost(paid, pool, "pool");
        if (d.totals[0] != top.sum) eq(paid, 0, "a false total pays nobody");
        assertBooks(listed());
    }

    function test_evilQuorum_WrappedSumsAreRefused_Class01() public {
        openWithUnits(0, 900_000);
        RewardLeaf memory leaf = leafOf(0, 0, nodes[0].account, 10_000, 1_000);
        uint128 weight = uint128(weightOf(leaf));
        // A sibling so heavy that the sum would wrap to the leaf's own weight.
        SumNode memory sibling = SumNode("heavy", type(uint128).max);
        bytes32 leafHash = distributor.hashReward(leaf);
        bool first = leafHash < sibling.hash;
        Distribution memory d = emptyDistribution(0);
        d.roots[0] =
            first
                ? keccak256(abi.encode(leafHash, uint256(weight), sibling.hash, uint256(sibling.sum)))
                : keccak256(abi.encode(sibling.hash, uint256(sibling.sum), leafHash, uint256(weight)));
        unchecked {
            d.totals[0] = weight + sibling.sum;
        }
        d.counts[0] = 2;
        toProposals(0);
        proposeBy(d, gateway);
        finalizeAfterWindow(0);
        SumNode[] memory proof = new SumNode[](1);
        proof[0] = sibling;
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorInvalidProof.selector);
        distributor.claim(leaf, proof);
    }

    function testFuzz_claims_ConserveThePool_Class15(uint256 seed, uint8 size) public {
        uint256 n = bound(size, 1, 9);
        openWithUnits(0, 1 + uint64(seed % 900_000));
        RewardLeaf[] memory leaves = new RewardLeaf[](n);
        for (uint256 i = 0; i < n; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            leaves[i] = RewardLeaf(
                0,
                0,
                nodes[i % 4].account,
                uint16(1 + (dice % 10_000)),
                uint64(1 + ((dice >> 16) % 1e9)),
                uint16(5_000 + ((dice >> 64) % 15_001)),
                uint16(9_000 + ((dice >> 96) % 2_001))
            );
            if (i >= 4) leaves[i].account = join(100 + i, 0, 10_000e18).account;
        }
        Distribution memory d = emptyDistribution(0);
        setRole(d, 0, leaves);
        toProposals(0);
        proposeBy(d, gateway);
        finalizeAfterWindow(0);
        uint256 pool = distributor.epochInfo(0).pools[0];
        for (uint256 i = 0; i < n; ++i) {
            uint256 wanted = (pool * weightOf(leaves[i])) / d.totals[0];
            uint256 cap = (pool * 2_500) / 10_000;
            eq(distributor.claim(leaves[i], proofOf(leaves, i)), wanted < cap ? wanted : cap, "amount");
        }
        bookClaims(vm.getRecordedLogs());
        atMost(pool - takenFrom[0][0], n, "only dust stays");
        eq(token.balanceOf(address(distributor)), owedByDistributor(), "books");
    }
}

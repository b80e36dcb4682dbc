// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {INodeStaking} from "../../contracts/interfaces/INodeStaking.sol";
import {Batch, IProofRegistry, RegistryConfig} from "../../contracts/interfaces/IProofRegistry.sol";
import "../../contracts/interfaces/Types.sol";
import {EpochLib} from "../../contracts/libraries/EpochLib.sol";
import {Trees} from "./support/Trees.sol";
import {vm} from "./support/Vm.sol";
import {World} from "./support/World.sol";

contract ProofRegistryTest is World {
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;
    uint96 private constant GATEWAY_MIN = 100_000e18;

    Actor private gateway;
    Actor private other;

    function setUp() public {
        deploy();
        gateway = joinGateway(1, GATEWAY_MIN);
        other = joinGateway(2, GATEWAY_MIN);
        enterEpoch(0);
    }

    function registryConfig() private view returns (RegistryConfig memory) {
        return RegistryConfig(address(staking), address(distributor), address(manager), 100, FEE);
    }

    function anchorAs(
        address caller,
        bytes32 root,
        uint64 from,
        uint64 to,
        uint32 count,
        uint64 units
    ) private returns (uint64) {
        vm.prank(caller);
        return registry.anchorReceipts(root, from, to, count, units, DATA);
    }

    // --------------------------------------------------------------------------------------------------- deployment

    function test_constructor_KeepsEveryParameter() public view {
        eq(registry.floorBps(), 100, "floor");
        eq(registry.feePerUnitOf(0), FEE, "fee");
        eq(registry.recordWindow(), timing.recordWindow, "window");
        eq(registry.staking(), address(staking), "staking");
        eq(registry.distributor(), address(distributor), "distributor");
        eq(IAccessManaged(address(registry)).authority(), address(manager), "authority");
    }

    function test_constructor_RevertWhen_ConfigIsBad() public {
        for (uint256 i = 0; i < 3; ++i) {
            RegistryConfig memory config = registryConfig();
            if (i == 0) config.staking = address(0);
            if (i == 1) config.distributor = address(0);
            if (i == 2) config.authority = address(0);
            vm.expectRevert(IProofRegistry.ProofRegistryZeroAddress.selector);
            this.createRegistry(config);
        }
        RegistryConfig memory bad = registryConfig();
        bad.floorBps = 0;
        vm.expectRevert(abi.encodeWithSelector(IProofRegistry.ProofRegistryInvalidFloor.selector, 0));
        this.createRegistry(bad);
        bad.floorBps = 10_001;
        vm.expectRevert(abi.encodeWithSelector(IProofRegistry.ProofRegistryInvalidFloor.selector, 10_001));
        this.createRegistry(bad);
        bad.floorBps = 10_000;
        bad.feePerUnit = 1e18 + 1;
        vm.expectRevert(abi.encodeWithSelector(IProofRegistry.ProofRegistryFeeTooHigh.selector, 1e18 + 1, 1e18));
        this.createRegistry(bad);
        bad.feePerUnit = 1e18;
        this.createRegistry(bad);
    }

    // ------------------------------------------------------------------------------------------------------ receipts

    function test_anchorReceipts_StoresTheBatchAndChargesTheFee() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProofRegistry.ReceiptsAnchored(1, gateway.account, 0, "root", 0, 10, 7, 500, DATA, 500 * uint256(FEE));
        uint64 id = anchorAs(gateway.signer, "root", 0, 10, 7, 500);
        eq(id, 1, "ids count from 1");
        eq(registry.batchCount(), 1, "count");
        eq(registry.nextSerial(gateway.account), 10, "next serial");
        eq(registry.unitsOf(0), 500, "units");
        eq(staking.pendingBurn(), 500 * uint256(FEE), "fee burns");
        Batch memory batch = registry.batchOf(id);
        eq(batch.gateway, gateway.account, "gateway");
        eq(batch.epoch, 0, "epoch");
        eq(batch.root, "root", "root");
        eq(batch.anchorBlock, vm.getBlockNumber(), "block");
        eq(batch.anchoredAt, time(), "time");
        eq(batch.recordBy, time() + 1 days, "record by");
        eq(batch.seed, bytes32(0), "no seed");
        eq(batch.recordsRoot, bytes32(0), "no records");
        (bool exists, uint64 epoch) = registry.lastAnchorEpoch(gateway.account);
        yes(exists, "anchored");
        eq(epoch, 0, "last");
        (exists, ) = registry.lastAnchorEpoch(other.account);
        no(exists, "other never did");
    }

    function test_anchorReceipts_IdsAreDenseOverGatewaysAndEpochs() public {
        eq(anchorAs(gateway.signer, "a", 0, 1, 1, 1), 1, "first");
        eq(anchorAs(other.signer, "a", 0, 1, 1, 2), 2, "same root from another gateway");
        enterEpoch(1);
        eq(anchorAs(gateway.signer, "b", 1, 2, 1, 4), 3, "third");
        eq(registry.unitsOf(0), 3, "units of 0");
        eq(registry.unitsOf(1), 4, "units of 1");
        eq(registry.batchOf(1).epoch, 0, "epoch of 1");
        eq(registry.batchOf(3).epoch, 1, "epoch of 3");
        enterEpoch(3);
        anchorAs(gateway.signer, "c", 2, 3, 1, 0);
        eq(registry.unitsOf(1), 4, "kept");
        eq(registry.unitsOf(2), 0, "nothing in 2");
        eq(registry.unitsOf(3), 0, "zero units");
    }

    function test_anchorReceipts_RevertWhen_PostedAgainOrOutOfOrder_Class13() public {
        anchorAs(gateway.signer, "a", 0, 5, 5, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IProofRegistry.ProofRegistryUnexpectedSerial.selector, gateway.account, 5, 0)
        );
        anchorAs(gateway.signer, "a", 0, 5, 5, 1);
        vm.expectRevert(
            abi.encodeWithSelector(IProofRegistry.ProofRegistryUnexpectedSerial.selector, gateway.account, 5, 6)
        );
        anchorAs(gateway.signer, "b", 6, 7, 1, 1);
        anchorAs(gateway.signer, "b", 5, 100, 1, 1);
        eq(registry.nextSerial(gateway.account), 100, "gaps are allowed");
        eq(registry.nextSerial(other.account), 0, "per gateway");
    }

    function test_anchorReceipts_RevertWhen_RootOrRangeIsBad_Class06() public {
        vm.expectRevert(IProofRegistry.ProofRegistryZeroRoot.selector);
        anchorAs(gateway.signer, 0, 0, 1, 1, 1);
        uint64[3][5] memory bad = [
            [uint64(0), 1, 0],
            [uint64(0), 0, 1],
            [uint64(0), 5, 6],
            [uint64(5), 4, 1],
            [type(uint64).max, 0, 1]
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IProofRegistry.ProofRegistryInvalidRange.selector,
                    bad[i][0],
                    bad[i][1],
                    uint32(bad[i][2])
                )
            );
            anchorAs(gateway.signer, "r", bad[i][0], bad[i][1], uint32(bad[i][2]), 1);
        }
        anchorAs(gateway.signer, "r", 0, 5, 5, 1);
    }

    function test_anchorReceipts_RevertWhen_CallerIsNoGatewaySigner() public {
        vm.expectPartialRevert(INodeStaking.NodeStakingNotCurrentSigner.selector);
        anchorAs(gateway.account, "r", 0, 1, 1, 1);
        Actor memory node = join(7, ROLE_INFERENCE, 10_000e18);
        vm.expectPartialRevert(INodeStaking.NodeStakingNotCurrentSigner.selector);
        anchorAs(node.signer, "r", 0, 1, 1, 1);
        Actor memory late = joinGateway(8, GATEWAY_MIN);
        vm.expectPartialRevert(INodeStaking.NodeStakingNotEligible.selector);
        anchorAs(late.signer, "r", 0, 1, 1, 1);
    }

    function test_anchorReceipts_RevertWhen_EpochIsNotOpen() public {
        vm.warp(epochStart(1));
        vm.expectRevert(abi.encodeWithSelector(IProofRegistry.ProofRegistryEpochNotOpen.selector, 1));
        anchorAs(gateway.signer, "r", 0, 1, 1, 1);
        distributor.openEpoch(1);
        anchorAs(gateway.signer, "r", 0, 1, 1, 1);
    }

    function test_anchorReceipts_RevertWhen_BeforeGenesis() public {
        vm.warp(timing.genesis - 1);
        vm.expectPartialRevert(EpochLib.EpochBeforeGenesis.selector);
        anchorAs(gateway.signer, "r", 0, 1, 1, 1);
    }

    function test_anchorReceipts_RevertWhen_FeesRunOut() public {
        uint64 units = uint64(1_000_000e18 / uint256(FEE)) + 1;
        vm.expectPartialRevert(INodeStaking.NodeStakingInsufficientFees.selector);
        anchorAs(gateway.signer, "r", 0, 1, 1, units);
        anchorAs(gateway.signer, "r", 0, 1, 1, units - 1);
        eq(staking.feeBalanceOf(gateway.account), 0, "to the last unit");
    }

    // --------------------------------------------------------------------------------------------------------- seeds

    function test_fixSeed_IsTheHashOfTheNextBlockOnly() public {
        uint64 id = anchor(gateway, "r", 1, 1);
        uint64 seedBlock = uint64(vm.getBlockNumber() + 1);
        bytes memory tooEarly = abi.encodeWithSelector(
            IProofRegistry.ProofRegistrySeedUnavailable.selector,
            id,
            seedBlock
        );
        vm.expectRevert(tooEarly);
        registry.fixSeed(id);
        vm.roll(seedBlock);
        vm.expectRevert(tooEarly);
        registry.fixSeed(id);
        vm.roll(seedBlock + 1);
        vm.setBlockhash(seedBlock, keccak256("hash"));
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProofRegistry.SeedFixed(id, keccak256("hash"), seedBlock);
        eq(registry.fixSeed(id), keccak256("hash"), "seed");
        eq(registry.batchOf(id).seed, keccak256("hash"), "stored");
        vm.expectRevert(abi.encodeWithSelector(IProofRegistry.ProofRegistrySeedKnown.selector, id));
        registry.fixSeed(id);
    }

    function test_fixSeed_AfterTheHashIsForgottenReadsTheHistoryContract_Class36() public {
        uint64 id = anchor(gateway, "r", 1, 1);
        uint256 seedBlock = vm.getBlockNumber() + 1;
        bytes memory forgotten = abi.encodeWithSelector(
            IProofRegistry.ProofRegistrySeedUnavailable.selector,
            id,
            seedBlock
        );
        vm.roll(seedBlock + 257);
        vm.etch(HISTORY, "");
        vm.expectRevert(forgotten); // no code: the call succeeds and answers nothing
        registry.fixSeed(id);
        vm.etch(HISTORY, type(EmptyAnswer).runtimeCode);
        vm.expectRevert(forgotten);
        registry.fixSeed(id);
        vm.etch(HISTORY, type(RevertingAnswer).runtimeCode);
        vm.expectRevert(forgotten); // 32 bytes, but of an error
        registry.fixSeed(id);
        vm.etch(HISTORY, type(ZeroAnswer).runtimeCode);
        vm.expectRevert(forgotten);
        registry.fixSeed(id);
        vm.etch(HISTORY, type(LongAnswer).runtimeCode);
        vm.expectRevert(forgotten);
        registry.fixSeed(id);
        vm.etch(HISTORY, type(HistoryDouble).runtimeCode);
        eq(registry.fixSeed(id), keccak256(abi.encode("history", seedBlock)), "from EIP-2935");
    }

    function test_fixSeed_RevertWhen_ItsBlockIsTheRunningOneWhateverTheHistorySays_Class36() public {
        uint64 id = anchor(gateway, "r", 1, 1);
        uint256 seedBlock = vm.getBlockNumber() + 1;
        vm.etch(HISTORY, type(AnyAnswer).runtimeCode);
        for (uint256 number = seedBlock - 1; number <= seedBlock; ++number) {
            vm.roll(number);
            vm.expectRevert(
                abi.encodeWithSelector(IProofRegistry.ProofRegistrySeedUnavailable.selector, id, seedBlock)
            );
            registry.fixSeed(id);
        }
    }

    /// @dev An epoch is half-open: its last second is its own, the next one is the next epoch's.
    function test_anchorReceipts_TheLastSecondBelongsToItsEpoch_Class35() public {
        for (uint64 epoch = 1; epoch < 3; ++epoch) {
            vm.warp(epochStart(epoch) - 1);
            eq(registry.batchOf(anchor(gateway, "last", 1, 0)).epoch, epoch - 1, "last second");
            vm.warp(epochStart(epoch));
            distributor.openEpoch(epoch);
            eq(registry.batchOf(anchor(gateway, "first", 1, 0)).epoch, epoch, "first second");
        }
    }

    function test_unitsOf_ASingleUnitOutlivesItsEpoch() public {
        anchor(gateway, "r", 1, 1);
        enterEpoch(1);
        anchor(gateway, "s", 1, 0);
        eq(registry.unitsOf(0), 1, "of the epoch before");
        eq(registry.unitsOf(1), 0, "of the running one");
    }

    function test_anchorReceipts_TwoGatewaysMayPostOneRoot_Class26() public {
        uint64 mine = anchor(gateway, "same", 1, 0);
        // Whoever copies the call before it is mined anchors for itself, or not at all.
        vm.expectPartialRevert(INodeStaking.NodeStakingNotCurrentSigner.selector);
        anchorAs(address(0xBAD), "same", 0, 1, 1, 0);
        uint64 theirs = anchor(other, "same", 1, 0);
        eq(theirs, mine + 1, "ids are counted");
        eq(registry.batchOf(mine).gateway, gateway.account, "mine");
        eq(registry.batchOf(theirs).gateway, other.account, "theirs");
        eq(registry.nextSerial(gateway.account), 1, "my serials");
    }

    function test_unknownBatch_Reverts_Class34() public {
        bytes memory wanted = abi.encodeWithSelector(IProofRegistry.ProofRegistryUnknownBatch.selector, 9);
        Receipt memory receipt;
        PoqRecord memory poqRecord;
        bytes32[] memory proof;
        vm.expectRevert(wanted);
        registry.fixSeed(9);
        vm.expectRevert(wanted);
        registry.batchOf(9);
        vm.expectRevert(wanted);
        registry.verifyReceipt(9, receipt, proof);
        vm.expectRevert(wanted);
        registry.verifyRecord(9, poqRecord, proof);
        vm.expectRevert(wanted);
        registry.reportAbandoned(9);
        vm.expectRevert(wanted);
        vm.prank(gateway.signer);
        registry.anchorRecords(9, "r", 1, DATA);
    }

    // ------------------------------------------------------------------------------------------------------- records

    function test_anchorRecords_OnceByTheGatewayWithTheSeed() public {
        uint64 id = anchor(gateway, "r", 3, 1);
        bytes32 seed = mineSeed();
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProofRegistry.RecordsAnchored(id, gateway.account, 0, "records", 3, DATA);
        vm.prank(gateway.signer);
        registry.anchorRecords(id, "records", 3, DATA);
        eq(registry.batchOf(id).recordsRoot, "records", "root");
        eq(registry.batchOf(id).seed, seed, "seed fixed on the way");
        vm.expectRevert(abi.encodeWithSelector(IProofRegistry.ProofRegistryAlreadyRecorded.selector, id));
        vm.prank(gateway.signer);
        registry.anchorRecords(id, "other", 3, DATA);
    }

    function test_anchorRecords_KeepsASeedThatIsFixed() public {
        uint64 id = anchor(gateway, "r", 3, 1);
        bytes32 seed = mineSeed();
        registry.fixSeed(id);
        vm.roll(vm.getBlockNumber() + 1_000);
        vm.prank(gateway.signer);
        registry.anchorRecords(id, "records", 3, DATA);
        eq(registry.batchOf(id).seed, seed, "seed");
    }

    function test_anchorRecords_RevertWhen_InputIsBad() public {
        uint64 id = anchor(gateway, "r", 3, 1);
        vm.expectPartialRevert(IProofRegistry.ProofRegistrySeedUnavailable.selector);
        vm.prank(gateway.signer);
        registry.anchorRecords(id, "records", 3, DATA);
        mineSeed();
        vm.startPrank(gateway.signer);
        vm.expectRevert(IProofRegistry.ProofRegistryZeroRoot.selector);
        registry.anchorRecords(id, 0, 3, DATA);
        vm.expectRevert(IProofRegistry.ProofRegistryZeroCount.selector);
        registry.anchorRecords(id, "records", 0, DATA);
        vm.stopPrank();
        vm.expectRevert(
            abi.encodeWithSelector(IProofRegistry.ProofRegistryNotGateway.selector, other.signer, gateway.account)
        );
        vm.prank(other.signer);
        registry.anchorRecords(id, "records", 3, DATA);
    }

    function test_anchorRecords_WindowIsHalfOpen_Class35() public {
        uint64 first = anchor(gateway, "a", 1, 1);
        uint64 second = anchor(gateway, "b", 1, 1);
        mineSeed();
        uint64 recordBy = registry.batchOf(first).recordBy;
        vm.warp(recordBy - 1);
        vm.expectRevert(abi.encodeWithSelector(IProofRegistry.ProofRegistryNotAbandoned.selector, first, recordBy));
        registry.reportAbandoned(first);
        vm.prank(gateway.signer);
        registry.anchorRecords(first, "records", 1, DATA);
        vm.warp(recordBy);
        vm.expectRevert(
            abi.encodeWithSelector(IProofRegistry.ProofRegistryRecordWindowClosed.selector, second, recordBy)
        );
        vm.prank(gateway.signer);
        registry.anchorRecords(second, "records", 1, DATA);
        registry.reportAbandoned(second);
    }

    function test_anchorRecords_WorksForAGatewayThatHasLeft() public {
        uint64 id = anchor(gateway, "r", 1, 1);
        mineSeed();
        vm.prank(gateway.account);
        staking.close(ROLE_GATEWAY);
        vm.prank(gateway.signer);
        registry.anchorRecords(id, "records", 1, DATA);
        eq(registry.batchOf(id).recordsRoot, "records", "recorded");
    }

    function test_reportAbandoned_SlashesOnceAndPaysTheReporter() public {
        uint64 id = anchor(gateway, "r", 1, 0);
        mineSeed();
        vm.warp(registry.batchOf(id).recordBy);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProofRegistry.BatchAbandoned(id, gateway.account, address(77), 1_000e18);
        vm.prank(address(77));
        registry.reportAbandoned(id);
        eq(token.balanceOf(address(77)), 100e18, "bounty");
        eq(staking.stakeOf(gateway.account, ROLE_GATEWAY), 99_000e18, "one percent");
        vm.expectPartialRevert(INodeStaking.NodeStakingOffenceKnown.selector);
        registry.reportAbandoned(id);
    }

    /// @dev Whoever let the seed be fixed knows it for good, however long its block is forgotten.
    function test_reportAbandoned_AfterAFixedSeedsBlockIsForgotten() public {
        uint64 id = anchor(gateway, "r", 1, 0);
        bytes32 seed = mineSeed();
        registry.fixSeed(id);
        vm.etch(HISTORY, "");
        vm.roll(vm.getBlockNumber() + 10_000);
        vm.warp(registry.batchOf(id).recordBy);
        registry.reportAbandoned(id);
        eq(registry.batchOf(id).seed, seed, "kept");
        eq(staking.stakeOf(gateway.account, ROLE_GATEWAY), 99_000e18, "one percent");
    }

    function test_reportAbandoned_RevertWhen_Recorded() public {
        uint64 id = anchor(gateway, "r", 1, 0);
        mineSeed();
        vm.prank(gateway.signer);
        registry.anchorRecords(id, "records", 1, DATA);
        vm.warp(registry.batchOf(id).recordBy);
        vm.expectRevert(abi.encodeWithSelector(IProofRegistry.ProofRegistryAlreadyRecorded.selector, id));
        registry.reportAbandoned(id);
    }

    function test_reportAbandoned_RevertWhen_TheGatewayCouldNotHaveKnownTheSeed() public {
        uint64 id = anchor(gateway, "r", 1, 0);
        vm.etch(HISTORY, "");
        vm.roll(vm.getBlockNumber() + 300);
        vm.warp(registry.batchOf(id).recordBy);
        vm.expectPartialRevert(IProofRegistry.ProofRegistrySeedUnavailable.selector);
        registry.reportAbandoned(id);
        eq(staking.stakeOf(gateway.account, ROLE_GATEWAY), GATEWAY_MIN, "untouched");
    }

    // --------------------------------------------------------------------------------------------------------- golds

    function test_anchorGold_OncePerFutureEpoch() public {
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProofRegistry.GoldAnchored(gateway.account, 1, "gold", 9);
        vm.prank(gateway.signer);
        registry.anchorGold(1, "gold", 9);
        (bytes32 root, uint32 count) = registry.goldOf(gateway.account, 1);
        eq(root, "gold", "root");
        eq(count, 9, "count");
        vm.expectRevert(abi.encodeWithSelector(IProofRegistry.ProofRegistryGoldKnown.selector, gateway.account, 1));
        vm.prank(gateway.signer);
        registry.anchorGold(1, "gold2", 9);
        (root, count) = registry.goldOf(other.account, 1);
        eq(root, bytes32(0), "other");
        eq(count, 0, "other");
    }

    function test_anchorGold_RevertWhen_EpochHasBegunOrInputIsBad() public {
        vm.startPrank(gateway.signer);
        vm.expectRevert(abi.encodeWithSelector(IProofRegistry.ProofRegistryEpochStarted.selector, 0, 1));
        registry.anchorGold(0, "gold", 9);
        vm.expectRevert(IProofRegistry.ProofRegistryZeroRoot.selector);
        registry.anchorGold(1, 0, 9);
        vm.expectRevert(IProofRegistry.ProofRegistryZeroCount.selector);
        registry.anchorGold(1, "gold", 0);
        vm.stopPrank();
        vm.expectRevert(
            abi.encodeWithSelector(IProofRegistry.ProofRegistryNotGateway.selector, address(5), address(0))
        );
        vm.prank(address(5));
        registry.anchorGold(1, "gold", 9);
    }

    function test_anchorGold_UntilTheLastSecondBeforeItsEpoch_Class35() public {
        vm.startPrank(gateway.signer);
        for (uint64 epoch = 2; epoch < 5; ++epoch) {
            vm.warp(epochStart(epoch));
            vm.expectRevert(
                abi.encodeWithSelector(IProofRegistry.ProofRegistryEpochStarted.selector, epoch, epoch + 1)
            );
            registry.anchorGold(epoch, "gold", 1);
            vm.warp(epochStart(epoch) - 1);
            registry.anchorGold(epoch, "gold", 1);
        }
        vm.stopPrank();
    }

    function test_anchorGold_BeforeGenesisForEpochZero() public {
        vm.warp(timing.genesis - 1);
        vm.prank(gateway.signer);
        registry.anchorGold(0, "gold", 9);
        (bytes32 root, ) = registry.goldOf(gateway.account, 0);
        eq(root, "gold", "root");
    }

    // ---------------------------------------------------------------------------------------------------------- fee

    /// @dev While units cost nothing, the largest figure that a batch can state must not stop the next one.
    function test_anchorReceipts_HugeUnitsBlockNobody() public {
        registry.setFeePerUnit(0);
        enterEpoch(1);
        anchor(gateway, "huge", 1, type(uint64).max);
        anchor(gateway, "huge again", 1, type(uint64).max);
        anchor(other, "usual", 1, 7);
        eq(registry.unitsOf(1), 2 * uint256(type(uint64).max) + 7, "units");
    }

    function test_setFeePerUnit_CountsFromTheNextEpoch_Class37() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(5)));
        vm.prank(address(5));
        registry.setFeePerUnit(5);
        vm.expectEmit(true, true, true, true, address(registry));
        emit IProofRegistry.FeePerUnitChanged(5, 1);
        registry.setFeePerUnit(5);
        eq(registry.feePerUnitOf(0), FEE, "running epoch");
        eq(registry.feePerUnitOf(1), 5, "next");
        anchorAs(gateway.signer, "a", 0, 1, 1, 10);
        eq(staking.pendingBurn(), 10 * uint256(FEE), "old fee");
        registry.setFeePerUnit(7);
        eq(registry.feePerUnitOf(0), FEE, "still");
        eq(registry.feePerUnitOf(1), 7, "changed again before it began");
        enterEpoch(1);
        anchorAs(gateway.signer, "b", 1, 2, 1, 10);
        eq(staking.pendingBurn(), 10 * uint256(FEE) + 70, "new fee");
        registry.setFeePerUnit(9);
        eq(registry.feePerUnitOf(1), 7, "running");
        eq(registry.feePerUnitOf(2), 9, "next");
        vm.expectRevert(abi.encodeWithSelector(IProofRegistry.ProofRegistryFeeTooHigh.selector, 1e18 + 1, 1e18));
        registry.setFeePerUnit(1e18 + 1);
    }

    function test_setFeePerUnit_BeforeGenesisCountsFromEpochZero() public {
        vm.warp(timing.genesis - 1);
        registry.setFeePerUnit(5);
        eq(registry.feePerUnitOf(0), 5, "epoch 0");
    }

    // -------------------------------------------------------------------------------------------------- verification

    function test_verify_AcceptsExactlyTheLeavesOfTheBatch_Invariant12() public {
        Receipt[] memory receipts = new Receipt[](7);
        PoqRecord[] memory records = new PoqRecord[](7);
        bytes32[] memory receiptLeaves = new bytes32[](7);
        bytes32[] memory recordLeaves = new bytes32[](7);
        for (uint64 i = 0; i < 7; ++i) {
            receipts[i].id = keccak256(abi.encode(i));
            receipts[i].gateway = gateway.account;
            receipts[i].serial = i;
            receiptLeaves[i] = registry.hashReceipt(receipts[i]);
            records[i].receiptLeaf = receiptLeaves[i];
            records[i].gateway = gateway.account;
            records[i].serial = i;
            recordLeaves[i] = registry.hashRecord(records[i]);
        }
        uint64 id = anchor(gateway, Trees.root(receiptLeaves), 7, 1);
        uint64 otherId = anchor(other, "another", 7, 1);
        no(registry.verifyRecord(id, records[0], Trees.proof(recordLeaves, 0)), "no records yet");
        mineSeed();
        vm.prank(gateway.signer);
        registry.anchorRecords(id, Trees.root(recordLeaves), 7, DATA);
        for (uint256 i = 0; i < 7; ++i) {
            bytes32[] memory proof = Trees.proof(receiptLeaves, i);
            yes(registry.verifyReceipt(id, receipts[i], proof), "receipt");
            no(registry.verifyReceipt(otherId, receipts[i], proof), "another batch");
            no(registry.verifyReceipt(id, receipts[i], new bytes32[](0)), "empty proof");
            no(registry.verifyReceipt(id, receipts[(i + 1) % 7], proof), "neighbour");
            Receipt memory changed = receipts[i];
            changed.units += 1;
            no(registry.verifyReceipt(id, changed, proof), "one unit more");
            proof = Trees.proof(recordLeaves, i);
            yes(registry.verifyRecord(id, records[i], proof), "record");
            records[i].score += 1;
            no(registry.verifyRecord(id, records[i], proof), "one point more");
        }
        vm.chainId(97);
        no(registry.verifyReceipt(id, receipts[0], Trees.proof(receiptLeaves, 0)), "another chain");
        vm.chainId(31_337);
    }

    function test_hash_DependsOnTheContract_Class11() public {
        IProofRegistry twin = this.createRegistry(registryConfig());
        Receipt memory receipt;
        PoqRecord memory poqRecord;
        yes(twin.hashReceipt(receipt) != registry.hashReceipt(receipt), "receipt");
        yes(twin.hashRecord(poqRecord) != registry.hashRecord(poqRecord), "record");
        yes(registry.hashRecord(poqRecord) != registry.hashReceipt(receipt), "kind");
    }
}

contract EmptyAnswer {
    fallback() external {}
}

contract RevertingAnswer {
    fallback() external {
        assembly {
            mstore(0, 1)
            revert(0, 32)
        }
    }
}

contract ZeroAnswer {
    fallback() external {
        assembly {
            mstore(0, 0)
            return(0, 32)
        }
    }
}

contract AnyAnswer {
    fallback() external {
        assembly {
            mstore(0, 1)
            return(0, 32)
        }
    }
}

contract LongAnswer {
    fallback() external {
        assembly {
            mstore(0, 1)
            return(0, 64)
        }
    }
}

/// @notice Behaves as EIP-2935 does inside its window.
contract HistoryDouble {
    fallback(bytes calldata input) external returns (bytes memory) {
        uint256 number = abi.decode(input, (uint256));
        require(input.length == 32 && number < block.number && block.number - number <= 8_191);
        return abi.encode(keccak256(abi.encode("history", number)));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {
    AnchoredReceipt,
    AnchoredRecord,
    Challenge,
    CourtConfig,
    IEvidenceCourt,
    TableEvidence
} from "../../contracts/interfaces/IEvidenceCourt.sol";
import {INodeStaking, StakingConfig} from "../../contracts/interfaces/INodeStaking.sol";
import {RegistryConfig} from "../../contracts/interfaces/IProofRegistry.sol";
import {DistributorConfig, EpochState, IRewardDistributor} from "../../contracts/interfaces/IRewardDistributor.sol";
import "../../contracts/interfaces/Types.sol";
import {LeafLib} from "../../contracts/libraries/LeafLib.sol";
import {MessageLib} from "../../contracts/libraries/MessageLib.sol";
import {Trees} from "./support/Trees.sol";
import {vm} from "./support/Vm.sol";
import {World} from "./support/World.sol";

/// @dev The library wants calldata.
contract Hasher {
    function evaluation(bytes32 leaf, bytes32 seed, Entry calldata entry) external pure returns (bytes32) {
        return MessageLib.evaluation(leaf, seed, entry);
    }

    function receipt(Receipt calldata x) external pure returns (bytes32) {
        return MessageLib.receipt(x);
    }

    function table(TableLeaf calldata x, address distributor) external view returns (bytes32) {
        return LeafLib.tableLeaf(x, distributor);
    }
}

contract EvidenceCourtTest is World {
    uint96 private constant GATEWAY_MIN = 100_000e18;
    uint256 private constant EVALUATORS = 8;
    address private constant REPORTER = address(0x4E904);

    Hasher private hasher;
    Actor private gateway;
    Actor private node;
    Actor[] private evaluators;

    function setUp() public {
        deploy();
        hasher = new Hasher();
        gateway = joinGateway(1, GATEWAY_MIN);
        node = join(2, ROLE_INFERENCE, 10_000e18);
        for (uint256 i = 0; i < EVALUATORS; ++i) evaluators.push(join(10 + i, ROLE_EVALUATOR, 10_000e18));
        enterEpoch(0);
    }

    // ------------------------------------------------------------------------------------------------------ helpers

    function receiptOf(uint64 serial) private view returns (Receipt memory receipt) {
        receipt.id = keccak256(abi.encode("id", serial));
        receipt.gateway = gateway.account;
        receipt.node = node.account;
        receipt.serial = serial;
        receipt.units = 100;
    }

    function ranked(bytes32 seed, bytes32 leaf) private view returns (Actor[] memory sorted) {
        sorted = new Actor[](EVALUATORS);
        for (uint256 i = 0; i < EVALUATORS; ++i) {
            uint256 j = i;
            while (j > 0 && rank(seed, leaf, sorted[j - 1].account) > rank(seed, leaf, evaluators[i].account)) {
                sorted[j] = sorted[j - 1];
                --j;
            }
            sorted[j] = evaluators[i];
        }
    }

    function rank(bytes32 seed, bytes32 leaf, address account) private pure returns (bytes32) {
        return keccak256(abi.encode(keccak256("DGrid.committee.v1"), seed, leaf, account));
    }

    /// @dev An honest committee of five: accuracies 7,000 … 7,400, trust 1,000 each. Consensus of accuracy is 7,200.
    function honestEntries(bytes32 seed, bytes32 leaf) private view returns (Entry[] memory entries) {
        Actor[] memory order = ranked(seed, leaf);
        entries = new Entry[](5);
        for (uint256 i = 0; i < 5; ++i) {
            entries[i] = Entry({
                evaluator: order[i].account,
                accuracy: uint16(7_000 + 100 * i),
                consistency: 5_000,
                format: 10_000,
                trust: 1_000,
                scorerId: "scorer",
                salt: bytes32(i),
                signature: ""
            });
            entries[i].signature = sign(order[i], hasher.evaluation(leaf, seed, entries[i]));
        }
    }

    function sign(Actor memory by, bytes32 structHash) private view returns (bytes memory) {
        return signature(by.key, typed(structHash));
    }

    function honestRecord(Receipt memory receipt, Entry[] memory entries) private view returns (PoqRecord memory) {
        return
            PoqRecord({
                receiptLeaf: registry.hashReceipt(receipt),
                gateway: gateway.account,
                serial: receipt.serial,
                status: RECORD_SCORED,
                committeeSize: 5,
                activeMask: 5,
                accuracy: 7_200,
                consistency: 0,
                format: 10_000,
                cost: 9_000,
                quality: 8_000,
                score: 7_000,
                evaluationsHash: keccak256(abi.encode(entries))
            });
    }

    /// @dev Anchors one receipt and gives the seed of its batch.
    function served(Receipt memory receipt) private returns (uint64 batchId, bytes32 seed) {
        bytes32 leaf = registry.hashReceipt(receipt);
        vm.prank(gateway.signer);
        batchId = registry.anchorReceipts(leaf, receipt.serial, receipt.serial + 1, 1, 0, DATA);
        seed = mineSeed();
    }

    function recordIn(uint64 batchId, PoqRecord memory poqRecord) private returns (AnchoredRecord memory) {
        bytes32 leaf = registry.hashRecord(poqRecord);
        vm.prank(gateway.signer);
        registry.anchorRecords(batchId, leaf, 1, DATA);
        return AnchoredRecord(batchId, poqRecord, new bytes32[](0));
    }

    function honest() private returns (Receipt memory receipt, Entry[] memory entries, AnchoredRecord memory anchored) {
        receipt = receiptOf(registry.nextSerial(gateway.account));
        (uint64 batchId, bytes32 seed) = served(receipt);
        entries = honestEntries(seed, registry.hashReceipt(receipt));
        anchored = recordIn(batchId, honestRecord(receipt, entries));
    }

    function noTable() private pure returns (TableEvidence memory evidence) {
        evidence.useDefault = true;
    }

    function expectInnocent() private {
        vm.expectRevert(IEvidenceCourt.EvidenceCourtNoContradiction.selector);
    }

    function assertGuilty(Actor memory who, uint8 role, uint8 kind, bytes32 subject) private view {
        bytes32 id = keccak256(abi.encode(kind, who.account, subject));
        yes(staking.isOffenceKnown(id), "offence known");
        uint256 minimum = staking.minimumStake(role);
        eq(staking.stakeOf(who.account, role), minimum - minimum / 10, "a tenth slashed");
        eq(token.balanceOf(REPORTER), minimum / 100, "bounty");
        yes(staking.nodeOf(who.account, role).jailedUntilEpoch > 0, "jailed");
    }

    function pair(bytes32 a, bytes32 b) private pure returns (bytes32[2] memory) {
        return [a, b];
    }

    // --------------------------------------------------------------------------------------------------- deployment

    function test_constructor_RevertWhen_AnythingIsMiswired_Class33() public {
        vm.warp(START);
        uint256 nonce = vm.getNonce(address(this));
        address nextCourt = vm.computeCreateAddress(address(this), nonce);
        // The deployed staking names the existing court, not the next one.
        vm.expectRevert(abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtMiswired.selector, address(staking)));
        this.createCourt(courtConfig());
        yes(nextCourt != address(court), "another address");

        for (uint256 wrong = 0; wrong < 6; ++wrong) {
            nonce = vm.getNonce(address(this));
            address s = vm.computeCreateAddress(address(this), nonce);
            address r = vm.computeCreateAddress(address(this), nonce + 1);
            address d = vm.computeCreateAddress(address(this), nonce + 2);
            address c = vm.computeCreateAddress(address(this), nonce + 3);
            StakingConfig memory sc = stakingConfig(wrong == 0 ? address(1) : r, c);
            this.createStaking(sc);
            this.createRegistry(
                RegistryConfig(
                    wrong == 1 ? address(staking) : s,
                    wrong == 2 ? address(1) : d,
                    address(manager),
                    100,
                    FEE
                )
            );
            DistributorConfig memory dc = distributorConfig(wrong == 3 ? address(1) : c);
            dc.staking = wrong == 4 ? address(staking) : s;
            dc.registry = wrong == 5 ? address(registry) : r;
            this.createDistributor(dc);
            CourtConfig memory cc = courtConfig();
            (cc.staking, cc.registry, cc.distributor) = (s, r, d);
            address guilty = wrong == 0 ? s : (wrong < 3 ? r : d);
            vm.expectRevert(abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtMiswired.selector, guilty));
            this.createCourt(cc);
        }
    }

    function test_constructor_RevertWhen_ConfigIsBad() public {
        CourtConfig memory bad = courtConfig();
        bad.authority = address(0);
        vm.expectRevert(IEvidenceCourt.EvidenceCourtZeroAddress.selector);
        this.createCourt(bad);
        for (uint256 i = 0; i < 3; ++i) {
            bad = courtConfig();
            if (i == 0) bad.minimumBond = 0;
            if (i == 1) bad.bondBps = 0;
            if (i == 2) bad.bondBps = 1_001;
            vm.expectRevert(
                abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtInvalidBond.selector, bad.minimumBond, bad.bondBps)
            );
            this.createCourt(bad);
        }
    }

    function test_setArbiter_ByTheAuthorityOnly() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(5)));
        vm.prank(address(5));
        court.setArbiter(address(6));
        vm.expectRevert(IEvidenceCourt.EvidenceCourtZeroAddress.selector);
        court.setArbiter(address(0));
        vm.expectEmit(true, true, true, true, address(court));
        emit IEvidenceCourt.ArbiterChanged(address(6));
        court.setArbiter(address(6));
        eq(court.arbiter(), address(6), "arbiter");
        eq(court.staking(), address(staking), "staking");
        eq(court.registry(), address(registry), "registry");
        eq(court.distributor(), address(distributor), "distributor");
    }

    // ------------------------------------------------------------------------------------------------- equivocation

    function test_proveTwoDistributions_ConvictsTheGateway() public {
        bytes[2] memory signatures = [
            signature(gateway.key, distributor.attestationDigest(3, 1, "a")),
            signature(gateway.key, distributor.attestationDigest(3, 1, "b"))
        ];
        bytes32 subject = keccak256(abi.encode(MessageLib.EPOCH_ATTESTATION_TYPEHASH, uint64(3), uint32(1)));
        vm.expectEmit(true, true, true, true, address(court));
        emit IEvidenceCourt.OffenceProven(
            gateway.account,
            ROLE_GATEWAY,
            OFFENCE_EQUIVOCATION,
            subject,
            REPORTER,
            10_000e18
        );
        vm.prank(REPORTER);
        court.proveTwoDistributions(3, 1, pair("a", "b"), signatures);
        assertGuilty(gateway, ROLE_GATEWAY, OFFENCE_EQUIVOCATION, subject);
        vm.expectPartialRevert(INodeStaking.NodeStakingOffenceKnown.selector);
        court.proveTwoDistributions(3, 1, pair("a", "b"), signatures);
    }

    function test_proveTwoDistributions_RevertWhen_ThereIsNoContradiction() public {
        bytes memory a = signature(gateway.key, distributor.attestationDigest(3, 1, "a"));
        expectInnocent();
        court.proveTwoDistributions(3, 1, pair("a", "a"), [a, a]);
        // One signature is of the next round: the digest recovers somebody unknown.
        bytes memory later = signature(gateway.key, distributor.attestationDigest(3, 2, "b"));
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtUnknownSigner.selector);
        court.proveTwoDistributions(3, 1, pair("a", "b"), [a, later]);
        Actor memory other = joinGateway(3, GATEWAY_MIN);
        bytes memory foreign = signature(other.key, distributor.attestationDigest(3, 1, "b"));
        vm.expectRevert(
            abi.encodeWithSelector(
                IEvidenceCourt.EvidenceCourtDifferentSigners.selector,
                gateway.account,
                other.account
            )
        );
        court.proveTwoDistributions(3, 1, pair("a", "b"), [a, foreign]);
        bytes memory byNode = signature(node.key, distributor.attestationDigest(3, 1, "b"));
        vm.expectRevert(
            abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtWrongRole.selector, node.account, ROLE_INFERENCE)
        );
        court.proveTwoDistributions(3, 1, pair("a", "b"), [a, byNode]);
    }

    function test_proveTwoDistributions_ReplacedKeyStillBinds_Class16() public {
        bytes[2] memory signatures = [
            signature(gateway.key, distributor.attestationDigest(0, 0, "a")),
            signature(gateway.key, distributor.attestationDigest(0, 0, "b"))
        ];
        uint256 newKey = actor(90).key;
        bytes memory auth = authSignature(gateway.account, ROLE_GATEWAY, newKey, uint64(time()));
        vm.prank(gateway.account);
        staking.setSigner(ROLE_GATEWAY, vm.addr(newKey), uint64(time()), auth);
        vm.prank(gateway.account);
        staking.close(ROLE_GATEWAY);
        vm.prank(REPORTER);
        court.proveTwoDistributions(0, 0, pair("a", "b"), signatures);
        eq(staking.nodeOf(gateway.account, ROLE_GATEWAY).unbonding, 90_000e18, "new key and unbonding: slashed");
    }

    function test_proveTwoCommitSets_ConvictsTheGateway() public {
        bytes[2] memory signatures = [
            sign(gateway, MessageLib.commitSet("leaf", "seed", 5, "a")),
            sign(gateway, MessageLib.commitSet("leaf", "seed", 5, "b"))
        ];
        vm.prank(REPORTER);
        court.proveTwoCommitSets("leaf", "seed", 5, pair("a", "b"), signatures);
        assertGuilty(
            gateway,
            ROLE_GATEWAY,
            OFFENCE_EQUIVOCATION,
            keccak256(abi.encode(MessageLib.COMMIT_SET_TYPEHASH, bytes32("leaf"), bytes32("seed"), uint8(5)))
        );
    }

    function test_proveTwoCommitSets_RevertWhen_SizesSeedsOrSetsAgree() public {
        bytes memory five = sign(gateway, MessageLib.commitSet("leaf", "seed", 5, "a"));
        bytes memory nine = sign(gateway, MessageLib.commitSet("leaf", "seed", 9, "b"));
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtUnknownSigner.selector);
        court.proveTwoCommitSets("leaf", "seed", 5, pair("a", "b"), [five, nine]);
        expectInnocent();
        court.proveTwoCommitSets("leaf", "seed", 5, pair("a", "a"), [five, five]);
    }

    function test_proveTwoCommitments_ConvictsTheEvaluator() public {
        Actor memory liar = evaluators[0];
        bytes[2] memory signatures = [
            sign(liar, MessageLib.evaluationCommit("leaf", "seed", liar.account, "a")),
            sign(liar, MessageLib.evaluationCommit("leaf", "seed", liar.account, "b"))
        ];
        vm.prank(REPORTER);
        court.proveTwoCommitments("leaf", "seed", liar.account, pair("a", "b"), signatures);
        assertGuilty(
            liar,
            ROLE_EVALUATOR,
            OFFENCE_EQUIVOCATION,
            keccak256(abi.encode(MessageLib.EVALUATION_COMMIT_TYPEHASH, bytes32("leaf"), bytes32("seed")))
        );
    }

    function test_proveTwoCommitments_RevertWhen_TheMessageNamesSomebodyElse() public {
        Actor memory victim = evaluators[0];
        Actor memory framer = evaluators[1];
        bytes[2] memory signatures = [
            sign(framer, MessageLib.evaluationCommit("leaf", "seed", victim.account, "a")),
            sign(framer, MessageLib.evaluationCommit("leaf", "seed", victim.account, "b"))
        ];
        vm.expectRevert(
            abi.encodeWithSelector(
                IEvidenceCourt.EvidenceCourtDifferentSigners.selector,
                framer.account,
                victim.account
            )
        );
        court.proveTwoCommitments("leaf", "seed", victim.account, pair("a", "b"), signatures);
        expectInnocent();
        court.proveTwoCommitments("leaf", "seed", framer.account, pair("a", "a"), signatures);
    }

    // --------------------------------------------------------------------------------------------------- bad record

    function test_honestRecord_CannotBeConvicted() public {
        (Receipt memory receipt, Entry[] memory entries, AnchoredRecord memory anchored) = honest();
        expectInnocent();
        court.proveWrongConsensus(anchored, entries);
        for (uint256 i = 0; i < 5; ++i) {
            expectInnocent();
            court.proveForeignEvaluation(anchored, entries, i);
            expectInnocent();
            court.proveWrongTrust(anchored, entries, i, noTable());
            address[] memory lower = new address[](5);
            vm.expectRevert();
            court.proveWrongCommittee(anchored, receipt, entries, i, lower);
        }
        vm.expectRevert(abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtWrongStatus.selector, RECORD_SCORED));
        court.proveSkippedDraw(anchored, receipt, true, noTable());
    }

    function test_proveWrongConsensus_ForEachDimension() public {
        for (uint256 i = 0; i < 3; ++i) {
            Receipt memory receipt = receiptOf(uint64(i));
            (uint64 batchId, bytes32 seed) = served(receipt);
            Entry[] memory entries = honestEntries(seed, registry.hashReceipt(receipt));
            PoqRecord memory poqRecord = honestRecord(receipt, entries);
            if (i == 0) poqRecord.accuracy += 1;
            if (i == 1) poqRecord.consistency = 5_000; // inactive must be zero
            if (i == 2) poqRecord.format -= 1;
            AnchoredRecord memory anchored = recordIn(batchId, poqRecord);
            uint256 before = staking.stakeOf(gateway.account, ROLE_GATEWAY);
            vm.prank(REPORTER);
            court.proveWrongConsensus(anchored, entries);
            yes(staking.stakeOf(gateway.account, ROLE_GATEWAY) < before, "slashed");
            yes(
                staking.isOffenceKnown(
                    keccak256(abi.encode(OFFENCE_BAD_RECORD, gateway.account, registry.hashRecord(poqRecord)))
                ),
                "known"
            );
            // Below the minimum and jailed from the next epoch; put the stake back for the next case.
            give(gateway.account, GATEWAY_MIN);
            vm.prank(gateway.account);
            staking.stake(ROLE_GATEWAY, GATEWAY_MIN);
        }
    }

    /// @dev Four of trust 1 and one of trust 96: the clip takes nobody, and the mean is nearly the one's.
    function test_proveWrongConsensus_TrustWeighs() public {
        for (uint256 i = 0; i < 2; ++i) {
            Receipt memory receipt = receiptOf(registry.nextSerial(gateway.account));
            (uint64 batchId, bytes32 seed) = served(receipt);
            Entry[] memory entries = honestEntries(seed, registry.hashReceipt(receipt));
            for (uint256 j = 0; j < 5; ++j) entries[j].trust = j == 4 ? 96 : 1;
            PoqRecord memory poqRecord = honestRecord(receipt, entries);
            // Equal voices would say 7,200; these say 7,400, to which the clip lifts everybody.
            if (i == 0) poqRecord.accuracy = 7_400;
            AnchoredRecord memory anchored = recordIn(batchId, poqRecord);
            if (i == 0) expectInnocent();
            vm.prank(REPORTER);
            court.proveWrongConsensus(anchored, entries);
        }
        assertGuiltyStake();
    }

    function assertGuiltyStake() private view {
        eq(staking.stakeOf(gateway.account, ROLE_GATEWAY), 90_000e18, "slashed once");
    }

    function test_proveWrongConsensus_ActiveConsistencyCounts() public {
        Receipt memory receipt = receiptOf(0);
        (uint64 batchId, bytes32 seed) = served(receipt);
        Entry[] memory entries = honestEntries(seed, registry.hashReceipt(receipt));
        PoqRecord memory poqRecord = honestRecord(receipt, entries);
        poqRecord.activeMask = 7;
        poqRecord.consistency = 5_000;
        AnchoredRecord memory anchored = recordIn(batchId, poqRecord);
        expectInnocent();
        court.proveWrongConsensus(anchored, entries);
    }

    function test_proveWrongConsensus_ConvictsSetsThatCannotScore() public {
        for (uint256 i = 0; i < 4; ++i) {
            Receipt memory receipt = receiptOf(uint64(i));
            (uint64 batchId, bytes32 seed) = served(receipt);
            Entry[] memory all = honestEntries(seed, registry.hashReceipt(receipt));
            Entry[] memory entries = new Entry[](i == 0 ? 3 : 5);
            for (uint256 j = 0; j < entries.length; ++j) entries[j] = all[j];
            if (i == 1) entries[4] = all[3];
            PoqRecord memory poqRecord = honestRecord(receipt, entries);
            if (i == 0) poqRecord.accuracy = 7_100; // the consensus of the three
            if (i == 1) poqRecord.accuracy = 7_200;
            if (i == 2) poqRecord.committeeSize = 4; // five reveals of four members
            if (i == 3) poqRecord.committeeSize = 10;
            AnchoredRecord memory anchored = recordIn(batchId, poqRecord);
            uint256 before = staking.stakeOf(gateway.account, ROLE_GATEWAY);
            vm.prank(REPORTER);
            court.proveWrongConsensus(anchored, entries);
            yes(staking.stakeOf(gateway.account, ROLE_GATEWAY) < before, "slashed");
            give(gateway.account, GATEWAY_MIN);
            vm.prank(gateway.account);
            staking.stake(ROLE_GATEWAY, GATEWAY_MIN);
        }
    }

    function test_proveWrongConsensus_ScoredWithoutEvaluations() public {
        Receipt memory receipt = receiptOf(0);
        (uint64 batchId, ) = served(receipt);
        Entry[] memory none = new Entry[](0);
        PoqRecord memory poqRecord = honestRecord(receipt, none);
        poqRecord.evaluationsHash = 0;
        AnchoredRecord memory anchored = recordIn(batchId, poqRecord);
        vm.prank(REPORTER);
        court.proveWrongConsensus(anchored, none);
        assertGuilty(gateway, ROLE_GATEWAY, OFFENCE_BAD_RECORD, registry.hashRecord(poqRecord));
    }

    function test_proveWrongConsensus_RevertWhen_TheRecordIsNotScored() public {
        (AnchoredRecord memory anchored, ) = unexamined(receiptOf(0));
        vm.expectRevert(abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtWrongStatus.selector, RECORD_UNEXAMINED));
        court.proveWrongConsensus(anchored, new Entry[](0));
    }

    /// @dev Two thirds of the committee, rounded up, and four at least; one less convicts.
    function test_proveWrongConsensus_TwoThirdsAndFourAtLeastAreNeeded() public {
        uint8[2][5] memory sizesAndNeeds = [[3, 4], [4, 4], [5, 4], [7, 5], [9, 6]];
        for (uint256 i = 0; i < sizesAndNeeds.length; ++i) {
            (uint8 size, uint8 needed) = (sizesAndNeeds[i][0], sizesAndNeeds[i][1]);
            (AnchoredRecord memory enough, Entry[] memory entries) = revealedBy(needed, size);
            // A committee of three is too small whatever it reveals.
            if (size >= needed) {
                expectInnocent();
                court.proveWrongConsensus(enough, entries);
            }
            (AnchoredRecord memory tooFew, Entry[] memory fewer) = revealedBy(needed - 1, size);
            uint256 before = staking.stakeOf(gateway.account, ROLE_GATEWAY);
            court.proveWrongConsensus(tooFew, fewer);
            yes(staking.stakeOf(gateway.account, ROLE_GATEWAY) < before, "too few");
            give(gateway.account, GATEWAY_MIN);
            vm.prank(gateway.account);
            staking.stake(ROLE_GATEWAY, GATEWAY_MIN);
        }
    }

    /// @dev Everybody says the same, so that the number of reveals is all that can be wrong.
    function revealedBy(
        uint256 count,
        uint8 size
    ) private returns (AnchoredRecord memory anchored, Entry[] memory entries) {
        Receipt memory receipt = receiptOf(registry.nextSerial(gateway.account));
        (uint64 batchId, bytes32 seed) = served(receipt);
        Actor[] memory order = ranked(seed, registry.hashReceipt(receipt));
        entries = new Entry[](count);
        for (uint256 j = 0; j < count; ++j) {
            entries[j] = Entry(order[j].account, 7_200, 0, 10_000, 1_000, "s", 0, "");
        }
        PoqRecord memory poqRecord = honestRecord(receipt, entries);
        poqRecord.committeeSize = size;
        anchored = recordIn(batchId, poqRecord);
    }

    function test_proveWrongConsensus_RevertWhen_EvidenceIsNotTheRecords() public {
        (, Entry[] memory entries, AnchoredRecord memory anchored) = honest();
        entries[0].accuracy = 0;
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtWrongEntries.selector);
        court.proveWrongConsensus(anchored, entries);
        anchored.poqRecord.accuracy = 1;
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtNotAnchored.selector);
        court.proveWrongConsensus(anchored, entries);
        anchored.poqRecord.accuracy = 7_200;
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtWrongEntries.selector);
        court.proveWrongConsensus(anchored, new Entry[](0));
    }

    function test_proveWrongConsensus_RevertWhen_ThereAreNoRecordsYet() public {
        Receipt memory receipt = receiptOf(0);
        (uint64 batchId, bytes32 seed) = served(receipt);
        Entry[] memory entries = honestEntries(seed, registry.hashReceipt(receipt));
        AnchoredRecord memory anchored = AnchoredRecord(batchId, honestRecord(receipt, entries), new bytes32[](0));
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtNotAnchored.selector);
        court.proveWrongConsensus(anchored, entries);
    }

    function test_proveWrongTrust_WithoutATableTheDefaultIsRight() public {
        Receipt memory receipt = receiptOf(0);
        (uint64 batchId, bytes32 seed) = served(receipt);
        Entry[] memory entries = honestEntries(seed, registry.hashReceipt(receipt));
        entries[2].trust = 1_001;
        PoqRecord memory poqRecord = honestRecord(receipt, entries);
        AnchoredRecord memory anchored = recordIn(batchId, poqRecord);
        expectInnocent();
        court.proveWrongTrust(anchored, entries, 1, noTable());
        vm.expectRevert(abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtNoSuchEntry.selector, 5, 5));
        court.proveWrongTrust(anchored, entries, 5, noTable());
        TableEvidence memory forged;
        forged.leaf = TableLeaf(TABLE_TRUST, entries[1].evaluator, 255, 7);
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtInvalidTable.selector);
        court.proveWrongTrust(anchored, entries, 1, forged);
        vm.prank(REPORTER);
        court.proveWrongTrust(anchored, entries, 2, noTable());
        assertGuilty(gateway, ROLE_GATEWAY, OFFENCE_BAD_RECORD, registry.hashRecord(poqRecord));
    }

    /// @dev Makes a table with the given leaves the one in force from epoch 2 on.
    function putTable(TableLeaf[] memory leaves) private returns (bytes32[] memory hashes) {
        hashes = new bytes32[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) hashes[i] = hasher.table(leaves[i], address(distributor));
        Distribution memory d = emptyDistribution(0);
        d.tableRoot = Trees.root(hashes);
        enterEpoch(1);
        toProposals(0);
        proposeBy(d, gateway);
        finalizeAfterWindow(0);
        enterEpoch(2);
    }

    function test_proveWrongTrust_TheTableDecides() public {
        TableLeaf[] memory leaves = new TableLeaf[](EVALUATORS + 1);
        for (uint256 i = 0; i < EVALUATORS; ++i) {
            leaves[i] = TableLeaf(TABLE_TRUST, evaluators[i].account, 255, uint16(900 + i));
        }
        leaves[EVALUATORS] = TableLeaf(TABLE_RATE, node.account, 255, 5_000);
        bytes32[] memory hashes = putTable(leaves);
        Receipt memory receipt = receiptOf(0);
        (uint64 batchId, bytes32 seed) = served(receipt);
        Entry[] memory entries = honestEntries(seed, registry.hashReceipt(receipt));
        uint256 position;
        for (uint256 j = 0; j < 5; ++j) {
            for (uint256 i = 0; i < EVALUATORS; ++i) {
                if (evaluators[i].account != entries[j].evaluator) continue;
                entries[j].trust = leaves[i].value;
                if (j == 3) position = i;
            }
        }
        entries[3].trust += 1;
        PoqRecord memory poqRecord = honestRecord(receipt, entries);
        AnchoredRecord memory anchored = recordIn(batchId, poqRecord);
        // The default is no excuse and no accusation for somebody the table covers.
        vm.expectRevert(
            abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtNotDefault.selector, entries[3].evaluator, 0)
        );
        court.proveWrongTrust(anchored, entries, 3, noTable());
        TableEvidence memory evidence;
        evidence.leaf = leaves[position];
        evidence.proof = Trees.proof(hashes, position);
        // Neither another account's leaf, nor a changed value, nor another kind.
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtInvalidTable.selector);
        court.proveWrongTrust(anchored, entries, 2, evidence);
        evidence.leaf.value += 5;
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtInvalidTable.selector);
        court.proveWrongTrust(anchored, entries, 3, evidence);
        evidence.leaf.value -= 5;
        evidence.leaf.kind = TABLE_RATE;
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtInvalidTable.selector);
        court.proveWrongTrust(anchored, entries, 3, evidence);
        evidence.leaf.kind = TABLE_TRUST;
        vm.prank(REPORTER);
        court.proveWrongTrust(anchored, entries, 3, evidence);
        assertGuilty(gateway, ROLE_GATEWAY, OFFENCE_BAD_RECORD, registry.hashRecord(poqRecord));
    }

    function test_proveWrongTrust_NewcomersHaveTheDefaultDespiteATable() public {
        TableLeaf[] memory leaves = new TableLeaf[](1);
        leaves[0] = TableLeaf(TABLE_TRUST, address(1), 255, 1);
        enterEpoch(0);
        Actor memory newcomer = join(60, ROLE_EVALUATOR, 10_000e18); // active from epoch 1, the table is of epoch 0
        putTable(leaves);
        Receipt memory receipt = receiptOf(0);
        (uint64 batchId, bytes32 seed) = served(receipt);
        Entry[] memory entries = honestEntries(seed, registry.hashReceipt(receipt));
        entries[0].evaluator = newcomer.account;
        entries[0].trust = 999;
        AnchoredRecord memory anchored = recordIn(batchId, honestRecord(receipt, entries));
        vm.prank(REPORTER);
        court.proveWrongTrust(anchored, entries, 0, noTable());
        yes(staking.stakeOf(gateway.account, ROLE_GATEWAY) < GATEWAY_MIN, "slashed");
    }

    /// @dev An account may be node and evaluator: its rate is not its trust, though both leaves are in the table.
    function test_proveWrongTrust_RevertWhen_TheLeafIsOfAnotherKind() public {
        TableLeaf[] memory leaves = new TableLeaf[](2 * EVALUATORS);
        for (uint256 i = 0; i < EVALUATORS; ++i) {
            leaves[2 * i] = TableLeaf(TABLE_TRUST, evaluators[i].account, 255, 1_000);
            leaves[2 * i + 1] = TableLeaf(TABLE_RATE, evaluators[i].account, 255, 5_000);
        }
        bytes32[] memory hashes = putTable(leaves);
        (, Entry[] memory entries, AnchoredRecord memory anchored) = honest();
        TableEvidence memory evidence;
        for (uint256 i = 0; i < leaves.length; ++i) {
            if (leaves[i].account != entries[0].evaluator || leaves[i].kind != TABLE_RATE) continue;
            evidence.leaf = leaves[i];
            evidence.proof = Trees.proof(hashes, i);
        }
        eq(evidence.leaf.value, 5_000, "found");
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtInvalidTable.selector);
        court.proveWrongTrust(anchored, entries, 0, evidence);
    }

    /// @dev A genesis table belongs to no epoch, so that nobody can show whom it leaves out: its leaves alone count.
    function test_proveWrongTrust_RevertWhen_AGenesisTableIsSaidToLeaveSomebodyOut() public {
        (, Entry[] memory entries, AnchoredRecord memory anchored) = honest();
        uint64 epoch = registry.batchOf(anchored.batchId).epoch;
        vm.mockCall(
            address(distributor),
            abi.encodeCall(IRewardDistributor.tableOf, (epoch)),
            abi.encode(keccak256("genesis table"), type(uint64).max)
        );
        vm.expectRevert(
            abi.encodeWithSelector(
                IEvidenceCourt.EvidenceCourtNotDefault.selector,
                entries[0].evaluator,
                type(uint64).max
            )
        );
        court.proveWrongTrust(anchored, entries, 0, noTable());
        vm.clearMockedCalls();
    }

    /// @dev Gateways read what a table says of all families; a leaf about a single one binds them to nothing.
    function test_proveWrongTrust_RevertWhen_TheLeafNamesAFamily() public {
        TableLeaf[] memory leaves = new TableLeaf[](2 * EVALUATORS);
        for (uint256 i = 0; i < EVALUATORS; ++i) {
            leaves[2 * i] = TableLeaf(TABLE_TRUST, evaluators[i].account, 255, 1_000);
            leaves[2 * i + 1] = TableLeaf(TABLE_TRUST, evaluators[i].account, 3, 1);
        }
        bytes32[] memory hashes = putTable(leaves);
        (, Entry[] memory entries, AnchoredRecord memory anchored) = honest();
        (TableEvidence memory general, TableEvidence memory special) = bothOf(leaves, hashes, entries[0].evaluator);
        expectInnocent();
        court.proveWrongTrust(anchored, entries, 0, general);
        vm.expectRevert(
            abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtInvalidTable.selector, Trees.root(hashes), special.leaf)
        );
        court.proveWrongTrust(anchored, entries, 0, special);
    }

    /// @dev What the dispute window is for: a table that says two things of one account, once final, convicts whichever of
    ///      them a gateway follows. The court takes either leaf, as the threat model says.
    function test_proveWrongTrust_AContradictoryTableConvictsByEitherLeaf() public {
        TableLeaf[] memory leaves = new TableLeaf[](2 * EVALUATORS);
        for (uint256 i = 0; i < EVALUATORS; ++i) {
            leaves[2 * i] = TableLeaf(TABLE_TRUST, evaluators[i].account, 255, 1_000);
            leaves[2 * i + 1] = TableLeaf(TABLE_TRUST, evaluators[i].account, 255, 1);
        }
        bytes32[] memory hashes = putTable(leaves);
        (, Entry[] memory entries, AnchoredRecord memory anchored) = honest();
        (TableEvidence memory first, TableEvidence memory second) = bothOf(leaves, hashes, entries[0].evaluator);
        expectInnocent();
        court.proveWrongTrust(anchored, entries, 0, first);
        vm.prank(REPORTER);
        court.proveWrongTrust(anchored, entries, 0, second);
        assertGuilty(gateway, ROLE_GATEWAY, OFFENCE_BAD_RECORD, registry.hashRecord(anchored.poqRecord));
    }

    /// @dev The two neighbouring leaves of one account.
    function bothOf(
        TableLeaf[] memory leaves,
        bytes32[] memory hashes,
        address account
    ) private pure returns (TableEvidence memory first, TableEvidence memory second) {
        uint256 i;
        while (leaves[i].account != account) i += 2;
        first = TableEvidence(false, leaves[i], Trees.proof(hashes, i));
        second = TableEvidence(false, leaves[i + 1], Trees.proof(hashes, i + 1));
    }

    /// @dev Entries that are not the record's accuse nobody, in any of the proofs that take entries.
    function test_proofs_RevertWhen_TheEntriesAreNotTheRecords() public {
        (Receipt memory receipt, Entry[] memory entries, AnchoredRecord memory anchored) = honest();
        entries[0].trust = 7;
        entries[0].evaluator = node.account;
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtWrongEntries.selector);
        court.proveWrongTrust(anchored, entries, 0, noTable());
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtWrongEntries.selector);
        court.proveForeignEvaluation(anchored, entries, 0);
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtWrongEntries.selector);
        court.proveWrongCommittee(anchored, receipt, entries, 0, new address[](0));
    }

    function test_proveForeignEvaluation_ConvictsForgedSignatures() public {
        for (uint256 i = 0; i < 5; ++i) {
            Receipt memory receipt = receiptOf(uint64(i));
            (uint64 batchId, bytes32 seed) = served(receipt);
            bytes32 leaf = registry.hashReceipt(receipt);
            Entry[] memory entries = honestEntries(seed, leaf);
            if (i == 0) entries[1].accuracy += 1; // signed something else
            if (i == 1) entries[1].signature = sign(node, hasher.evaluation(leaf, seed, entries[1])); // wrong role
            if (i == 2) entries[1].signature = hex"1234";
            if (i == 3) entries[1].signature = new bytes(65); // recovers nobody
            if (i == 4)
                entries[1].evaluator =
                    entries[2].evaluator == evaluators[0].account ? evaluators[1].account : evaluators[0].account;
            if (i == 4) {
                // Signed by a registered evaluator, but another one.
                Actor memory stranger = evaluators[7].account == entries[1].evaluator ? evaluators[6] : evaluators[7];
                entries[1].signature = sign(stranger, hasher.evaluation(leaf, seed, entries[1]));
            }
            AnchoredRecord memory anchored = recordIn(batchId, honestRecord(receipt, entries));
            uint256 before = staking.stakeOf(gateway.account, ROLE_GATEWAY);
            vm.prank(REPORTER);
            court.proveForeignEvaluation(anchored, entries, 1);
            yes(staking.stakeOf(gateway.account, ROLE_GATEWAY) < before, "slashed");
            give(gateway.account, GATEWAY_MIN);
            vm.prank(gateway.account);
            staking.stake(ROLE_GATEWAY, GATEWAY_MIN);
        }
    }

    function test_proveForeignEvaluation_OddFormsOfGenuineSignaturesDoNotFrame() public {
        Receipt memory receipt = receiptOf(0);
        (uint64 batchId, bytes32 seed) = served(receipt);
        Entry[] memory entries = honestEntries(seed, registry.hashReceipt(receipt));
        entries[0].signature = oddForm(entries[0].signature, true, false);
        entries[1].signature = oddForm(entries[1].signature, false, true);
        entries[2].signature = oddForm(entries[2].signature, true, true);
        AnchoredRecord memory anchored = recordIn(batchId, honestRecord(receipt, entries));
        for (uint256 i = 0; i < 3; ++i) {
            expectInnocent();
            court.proveForeignEvaluation(anchored, entries, i);
        }
    }

    /// @dev The same key's word in another notation: s replaced by n − s, v counted from 0.
    function oddForm(bytes memory given, bool highS, bool smallV) private pure returns (bytes memory) {
        bytes32 r;
        uint256 s;
        uint8 v = uint8(given[64]);
        assembly {
            r := mload(add(given, 32))
            s := mload(add(given, 64))
        }
        if (highS) {
            s = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 - s;
            v = v == 27 ? 28 : 27;
        }
        return abi.encodePacked(r, s, smallV ? v - 27 : v);
    }

    function unexamined(Receipt memory receipt) private returns (AnchoredRecord memory, bytes32 seed) {
        uint64 batchId;
        (batchId, seed) = served(receipt);
        PoqRecord memory poqRecord;
        poqRecord.receiptLeaf = registry.hashReceipt(receipt);
        poqRecord.gateway = gateway.account;
        poqRecord.serial = receipt.serial;
        poqRecord.cost = 9_000;
        return (recordIn(batchId, poqRecord), seed);
    }

    function drawOf(bytes32 seed, Receipt memory receipt) private view returns (uint256) {
        bytes32 leaf = registry.hashReceipt(receipt);
        return uint256(keccak256(abi.encode(keccak256("DGrid.sample.v1"), seed, leaf))) % 10_000;
    }

    function test_proveSkippedDraw_AtTheDefaultRateEverythingIsDrawn() public {
        Receipt memory receipt = receiptOf(0);
        (AnchoredRecord memory anchored, ) = unexamined(receipt);
        Receipt memory other = receiptOf(0);
        other.units += 1;
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtWrongReceipt.selector);
        court.proveSkippedDraw(anchored, other, false, noTable());
        vm.prank(REPORTER);
        court.proveSkippedDraw(anchored, receipt, false, noTable());
        assertGuilty(gateway, ROLE_GATEWAY, OFFENCE_BAD_RECORD, registry.hashRecord(anchored.poqRecord));
    }

    function test_proveSkippedDraw_FloorDecidesOnItsOwn() public {
        // Searches a receipt that the floor of one percent draws.
        uint64 serial = 0;
        bool convicted;
        for (; serial < 400 && !convicted; ++serial) {
            Receipt memory receipt = receiptOf(serial);
            (AnchoredRecord memory anchored, bytes32 seed) = unexamined(receipt);
            uint256 draw = drawOf(seed, receipt);
            if (draw < 100) {
                vm.prank(REPORTER);
                convicted = true;
            } else {
                vm.expectRevert(abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtNotDrawn.selector, draw, 100));
            }
            court.proveSkippedDraw(anchored, receipt, true, noTable());
        }
        yes(convicted, "one in four hundred is drawn");
    }

    function test_proveSkippedDraw_RateOfTheTable() public {
        TableLeaf[] memory leaves = new TableLeaf[](2);
        leaves[0] = TableLeaf(TABLE_RATE, node.account, 255, 3_000);
        leaves[1] = TableLeaf(TABLE_TRUST, evaluators[0].account, 255, 3_000);
        bytes32[] memory hashes = putTable(leaves);
        TableEvidence memory evidence;
        evidence.leaf = leaves[0];
        evidence.proof = Trees.proof(hashes, 0);
        bool drawn;
        bool spared;
        for (uint64 serial = 0; serial < 60 && !(drawn && spared); ++serial) {
            Receipt memory receipt = receiptOf(serial);
            (AnchoredRecord memory anchored, bytes32 seed) = unexamined(receipt);
            uint256 draw = drawOf(seed, receipt);
            vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtNotDefault.selector);
            court.proveSkippedDraw(anchored, receipt, false, noTable());
            if (draw < 3_000) {
                if (drawn) continue;
                drawn = true;
                vm.prank(REPORTER);
                court.proveSkippedDraw(anchored, receipt, false, evidence);
                give(gateway.account, GATEWAY_MIN);
                vm.prank(gateway.account);
                staking.stake(ROLE_GATEWAY, GATEWAY_MIN);
            } else {
                spared = true;
                vm.expectRevert(abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtNotDrawn.selector, draw, 3_000));
                court.proveSkippedDraw(anchored, receipt, false, evidence);
            }
        }
        yes(drawn && spared, "both happened");
    }

    function test_proveSkippedDraw_RevertWhen_NeverDrawnFlags() public {
        uint8[3] memory flags = [FLAG_PRIVATE, FLAG_REPLAY, FLAG_UNATTESTED];
        for (uint64 i = 0; i < 3; ++i) {
            Receipt memory receipt = receiptOf(i);
            receipt.flags = flags[i] | FLAG_GOLD;
            (AnchoredRecord memory anchored, ) = unexamined(receipt);
            vm.expectRevert(
                abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtNeverDrawn.selector, flags[i] | FLAG_GOLD)
            );
            court.proveSkippedDraw(anchored, receipt, false, noTable());
        }
        Receipt memory gold = receiptOf(3);
        gold.flags = FLAG_GOLD | FLAG_PINNED | FLAG_CACHED | FLAG_FORMAT_CONSTRAINED;
        (AnchoredRecord memory drawable, ) = unexamined(gold);
        vm.prank(REPORTER);
        court.proveSkippedDraw(drawable, gold, false, noTable());
    }

    // ---------------------------------------------------------------------------------------------- wrong committee

    function test_proveWrongCommittee_FiveBetterRankedConvict() public {
        Receipt memory receipt = receiptOf(0);
        (uint64 batchId, bytes32 seed) = served(receipt);
        bytes32 leaf = registry.hashReceipt(receipt);
        Entry[] memory entries = honestEntries(seed, leaf);
        Actor[] memory order = ranked(seed, leaf);
        entries[4].evaluator = order[5].account; // sixth instead of fifth
        PoqRecord memory poqRecord = honestRecord(receipt, entries);
        AnchoredRecord memory anchored = recordIn(batchId, poqRecord);
        address[] memory lower = sortedFirst(order, 5);

        address[] memory four = sortedFirst(order, 4);
        vm.expectRevert(abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtTooFew.selector, 4, 5));
        court.proveWrongCommittee(anchored, receipt, entries, 4, four);
        address[] memory unsorted = sortedFirst(order, 5);
        unsorted[1] = unsorted[0];
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtUnsorted.selector);
        court.proveWrongCommittee(anchored, receipt, entries, 4, unsorted);
        address[] memory withNode = sortedFirst(order, 5);
        withNode[0] = node.account;
        vm.expectRevert(abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtNotEligible.selector, node.account));
        court.proveWrongCommittee(anchored, receipt, entries, 4, withNode);
        // The third of the committee has only two below it.
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtNotLower.selector);
        court.proveWrongCommittee(anchored, receipt, entries, 2, lower);

        vm.prank(REPORTER);
        court.proveWrongCommittee(anchored, receipt, entries, 4, lower);
        assertGuilty(gateway, ROLE_GATEWAY, OFFENCE_WRONG_COMMITTEE, registry.hashRecord(poqRecord));
    }

    function sortedFirst(Actor[] memory order, uint256 n) private pure returns (address[] memory list) {
        list = new address[](n);
        for (uint256 i = 0; i < n; ++i) {
            uint256 j = i;
            while (j > 0 && list[j - 1] > order[i].account) {
                list[j] = list[j - 1];
                --j;
            }
            list[j] = order[i].account;
        }
    }

    /// @dev Another receipt would exclude other accounts from the committee.
    function test_proveWrongCommittee_RevertWhen_TheReceiptIsAnother() public {
        (Receipt memory receipt, Entry[] memory entries, AnchoredRecord memory anchored) = honest();
        receipt.node = entries[0].evaluator;
        vm.expectRevert(
            abi.encodeWithSelector(
                IEvidenceCourt.EvidenceCourtWrongReceipt.selector,
                anchored.poqRecord.receiptLeaf,
                registry.hashReceipt(receipt)
            )
        );
        court.proveWrongCommittee(anchored, receipt, entries, 0, new address[](0));
    }

    /// @dev Every member against everybody: who is refused first follows from the ranks alone.
    function test_proveWrongCommittee_RanksEverybodyByTagSeedReceiptAndAccount() public {
        for (uint256 n = 0; n < 3; ++n) {
            (Receipt memory receipt, Entry[] memory entries, AnchoredRecord memory anchored) = honest();
            (bytes32 seed, bytes32 leaf) = (registry.batchOf(anchored.batchId).seed, anchored.poqRecord.receiptLeaf);
            address[] memory everybody = sortedFirst(ranked(seed, leaf), EVALUATORS);
            for (uint256 i = 0; i < entries.length; ++i) {
                bytes32 own = rank(seed, leaf, entries[i].evaluator);
                uint256 first;
                while (rank(seed, leaf, everybody[first]) < own) ++first;
                vm.expectRevert(
                    abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtNotLower.selector, everybody[first])
                );
                court.proveWrongCommittee(anchored, receipt, entries, i, everybody);
            }
        }
    }

    function test_proveWrongCommittee_RankEqualIsNotLower() public {
        (Receipt memory receipt, Entry[] memory entries, AnchoredRecord memory anchored) = honest();
        Actor[] memory order = ranked(registry.batchOf(anchored.batchId).seed, anchored.poqRecord.receiptLeaf);
        address[] memory lower = sortedFirst(order, 5); // the member itself is among them
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtNotLower.selector);
        court.proveWrongCommittee(anchored, receipt, entries, 4, lower);
    }

    function test_proveWrongCommittee_ConvictsMembersThatAreNotEligible() public {
        // The node's account evaluates itself; the gateway's account too; somebody who is not active.
        Actor memory self = node;
        self.key = actor(70).key;
        self.signer = vm.addr(self.key);
        register(self, ROLE_EVALUATOR);
        Actor memory own = gateway;
        own.key = actor(71).key;
        own.signer = vm.addr(own.key);
        register(own, ROLE_EVALUATOR);
        give(self.account, 10_000e18);
        vm.prank(self.account);
        staking.stake(ROLE_EVALUATOR, 10_000e18);
        give(own.account, 10_000e18);
        vm.prank(own.account);
        staking.stake(ROLE_EVALUATOR, 10_000e18);
        enterEpoch(1);
        Actor memory late = join(72, ROLE_EVALUATOR, 10_000e18);
        address[3] memory bad = [self.account, own.account, late.account];
        for (uint256 i = 0; i < 3; ++i) {
            Receipt memory receipt = receiptOf(uint64(i));
            (uint64 batchId, bytes32 seed) = served(receipt);
            Entry[] memory entries = honestEntries(seed, registry.hashReceipt(receipt));
            entries[0].evaluator = bad[i];
            AnchoredRecord memory anchored = recordIn(batchId, honestRecord(receipt, entries));
            uint256 before = staking.stakeOf(gateway.account, ROLE_GATEWAY);
            vm.prank(REPORTER);
            court.proveWrongCommittee(anchored, receipt, entries, 0, new address[](0));
            yes(staking.stakeOf(gateway.account, ROLE_GATEWAY) < before, "slashed");
            give(gateway.account, GATEWAY_MIN);
            vm.prank(gateway.account);
            staking.stake(ROLE_GATEWAY, GATEWAY_MIN);
        }
    }

    function test_proveWrongCommittee_EvaluatorThatLeftLaterWasEligibleThen() public {
        (Receipt memory receipt, Entry[] memory entries, AnchoredRecord memory anchored) = honest();
        vm.prank(entries[0].evaluator);
        staking.close(ROLE_EVALUATOR);
        enterEpoch(3);
        vm.expectRevert(abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtTooFew.selector, 0, 5));
        court.proveWrongCommittee(anchored, receipt, entries, 0, new address[](0));
    }

    // -------------------------------------------------------------------------------- double count and broken word

    function test_proveTwoRecords_ConvictsTheGateway() public {
        (, , AnchoredRecord memory first) = honest();
        Receipt memory receipt = receiptOf(1);
        (uint64 batchId, bytes32 seed) = served(receipt);
        Entry[] memory entries = honestEntries(seed, registry.hashReceipt(receipt));
        PoqRecord memory poqRecord = honestRecord(receipt, entries);
        poqRecord.serial = 0;
        AnchoredRecord memory second = recordIn(batchId, poqRecord);
        expectInnocent();
        court.proveTwoRecords(first, first);
        vm.prank(REPORTER);
        court.proveTwoRecords(first, second);
        assertGuilty(
            gateway,
            ROLE_GATEWAY,
            OFFENCE_DOUBLE_COUNT,
            keccak256(abi.encode(LeafLib.RECORD_TYPEHASH, uint64(0)))
        );
    }

    function test_proveTwoRecords_RevertWhen_SerialsOrGatewaysDiffer() public {
        (, , AnchoredRecord memory first) = honest();
        (, , AnchoredRecord memory second) = honest();
        expectInnocent();
        court.proveTwoRecords(first, second);
        // Another gateway anchors a record that names this one: that is its own business.
        Actor memory other = joinGateway(3, GATEWAY_MIN);
        enterEpoch(1);
        PoqRecord memory forged = first.poqRecord;
        forged.score = 1;
        uint64 id = anchor(other, "r", 1, 0);
        mineSeed();
        bytes32 leaf = registry.hashRecord(forged);
        vm.prank(other.signer);
        registry.anchorRecords(id, leaf, 1, DATA);
        (, , AnchoredRecord memory fresh) = (0, 0, first);
        fresh = AnchoredRecord(first.batchId, second.poqRecord, second.proof);
        AnchoredRecord memory theirs = AnchoredRecord(id, forged, new bytes32[](0));
        vm.expectRevert();
        court.proveTwoRecords(fresh, theirs);
        expectInnocent();
        court.proveTwoRecords(second, theirs);
        expectInnocent();
        court.proveTwoRecords(theirs, second);
    }

    /// @dev What a gateway anchors in another one's name is no record of its own, in either place.
    function test_proveTwoRecords_RevertWhen_OneNamesAnotherGateway() public {
        (Receipt memory receipt, Entry[] memory entries, AnchoredRecord memory own) = honest();
        (uint64 batchId, ) = served(receiptOf(1));
        PoqRecord memory foreign = honestRecord(receipt, entries);
        foreign.gateway = node.account;
        AnchoredRecord memory theirs = recordIn(batchId, foreign);
        expectInnocent();
        court.proveTwoRecords(own, theirs);
        expectInnocent();
        court.proveTwoRecords(theirs, own);
    }

    /// @dev The same of receipts.
    function test_proveTwoReceipts_RevertWhen_OneNamesAnotherGateway() public {
        (AnchoredReceipt memory own, AnchoredReceipt memory theirs) = (anchoredAs(0, gateway), anchoredAs(1, node));
        expectInnocent();
        court.proveTwoReceipts(own, theirs);
        expectInnocent();
        court.proveTwoReceipts(theirs, own);
    }

    /// @dev A receipt with the id of serial 0 under the given serial, in the gateway's batch but in the name of `named`.
    function anchoredAs(uint64 serial, Actor memory named) private returns (AnchoredReceipt memory) {
        Receipt memory receipt = receiptOf(0);
        (receipt.serial, receipt.gateway) = (serial, named.account);
        (uint64 batchId, ) = served(receipt);
        return AnchoredReceipt(batchId, receipt, new bytes32[](0));
    }

    function test_proveTwoReceipts_ConvictsTheGateway() public {
        Receipt memory a = receiptOf(0);
        Receipt memory b = receiptOf(1);
        b.id = a.id;
        (uint64 idA, ) = served(a);
        (uint64 idB, ) = served(b);
        AnchoredReceipt memory first = AnchoredReceipt(idA, a, new bytes32[](0));
        AnchoredReceipt memory second = AnchoredReceipt(idB, b, new bytes32[](0));
        expectInnocent();
        court.proveTwoReceipts(first, first);
        AnchoredReceipt memory lost = AnchoredReceipt(idA, b, new bytes32[](0));
        vm.expectPartialRevert(IEvidenceCourt.EvidenceCourtNotAnchored.selector);
        court.proveTwoReceipts(first, lost);
        vm.prank(REPORTER);
        court.proveTwoReceipts(first, second);
        assertGuilty(
            gateway,
            ROLE_GATEWAY,
            OFFENCE_DOUBLE_COUNT,
            keccak256(abi.encode(LeafLib.RECEIPT_TYPEHASH, a.id))
        );
    }

    function test_proveTwoReceipts_RevertWhen_IdsOrGatewaysDiffer() public {
        Receipt memory a = receiptOf(0);
        Receipt memory b = receiptOf(1);
        (uint64 idA, ) = served(a);
        (uint64 idB, ) = served(b);
        expectInnocent();
        court.proveTwoReceipts(AnchoredReceipt(idA, a, new bytes32[](0)), AnchoredReceipt(idB, b, new bytes32[](0)));
        // Same id, but one of the leaves names another gateway.
        Receipt memory c = receiptOf(2);
        c.id = a.id;
        c.gateway = address(9);
        (uint64 idC, ) = served(c);
        expectInnocent();
        court.proveTwoReceipts(AnchoredReceipt(idA, a, new bytes32[](0)), AnchoredReceipt(idC, c, new bytes32[](0)));
        expectInnocent();
        court.proveTwoReceipts(AnchoredReceipt(idC, c, new bytes32[](0)), AnchoredReceipt(idA, a, new bytes32[](0)));
    }

    /// @dev Another gateway anchors, in its own batch, what it says the honest one served: that frames nobody.
    function test_doubleCount_RevertWhen_TheSecondLeafIsInAnotherGatewaysBatch() public {
        (Receipt memory receipt, , AnchoredRecord memory anchored) = honest();
        Actor memory liar = joinGateway(3, GATEWAY_MIN);
        enterEpoch(1);
        Receipt memory forged = receipt;
        forged.responseHash = "another";
        uint64 id = anchor(liar, registry.hashReceipt(forged), 1, 0);
        mineSeed();
        PoqRecord memory other = anchored.poqRecord;
        PoqRecord memory copy = abi.decode(abi.encode(other), (PoqRecord));
        copy.score = 1;
        bytes32 leaf = registry.hashRecord(copy);
        vm.prank(liar.signer);
        registry.anchorRecords(id, leaf, 1, DATA);

        AnchoredRecord memory theirs = AnchoredRecord(id, copy, new bytes32[](0));
        expectInnocent();
        court.proveTwoRecords(anchored, theirs);
        expectInnocent();
        court.proveTwoRecords(theirs, anchored);
        AnchoredReceipt memory false_ = AnchoredReceipt(id, forged, new bytes32[](0));
        AnchoredReceipt memory true_ = AnchoredReceipt(anchored.batchId, receiptOf(receipt.serial), new bytes32[](0));
        expectInnocent();
        court.proveTwoReceipts(true_, false_);
        expectInnocent();
        court.proveTwoReceipts(false_, true_);
    }

    function test_proveBrokenWord_ConvictsTheGateway() public {
        Receipt memory anchored = receiptOf(0);
        Receipt memory promised = receiptOf(0);
        promised.priceMicroUsd = 5;
        (uint64 id, ) = served(anchored);
        bytes memory word = sign(gateway, hasher.receipt(promised));
        AnchoredReceipt memory evidence = AnchoredReceipt(id, anchored, new bytes32[](0));

        bytes memory kept = sign(gateway, hasher.receipt(anchored));
        expectInnocent();
        court.proveBrokenWord(evidence, anchored, kept);
        Receipt memory otherSerial = promised;
        otherSerial.serial = 1;
        bytes memory otherWord = sign(gateway, hasher.receipt(otherSerial));
        expectInnocent();
        court.proveBrokenWord(evidence, otherSerial, otherWord);
        otherSerial.serial = 0;
        otherSerial.gateway = address(9);
        otherWord = sign(gateway, hasher.receipt(otherSerial));
        expectInnocent();
        court.proveBrokenWord(evidence, otherSerial, otherWord);
        otherSerial.gateway = gateway.account;
        Actor memory other = joinGateway(3, GATEWAY_MIN);
        otherWord = sign(other, hasher.receipt(promised));
        vm.expectRevert(
            abi.encodeWithSelector(
                IEvidenceCourt.EvidenceCourtDifferentSigners.selector,
                other.account,
                gateway.account
            )
        );
        court.proveBrokenWord(evidence, promised, otherWord);

        vm.prank(REPORTER);
        court.proveBrokenWord(evidence, promised, word);
        assertGuilty(gateway, ROLE_GATEWAY, OFFENCE_BROKEN_WORD, 0);
    }

    function test_proveBrokenWord_RevertWhen_TheAnchoredReceiptNamesAnotherGateway() public {
        Receipt memory foreign = receiptOf(0);
        foreign.gateway = address(9);
        (uint64 id, ) = served(foreign);
        Receipt memory promised = receiptOf(0);
        bytes memory word = sign(gateway, hasher.receipt(promised));
        expectInnocent();
        court.proveBrokenWord(AnchoredReceipt(id, foreign, new bytes32[](0)), promised, word);
    }

    // -------------------------------------------------------------------------------------------------- challenges

    function proposed() private returns (bytes32 hash) {
        Distribution memory d = emptyDistribution(0);
        hash = distributor.distributionHashOf(d);
        toProposals(0);
        proposeBy(d, gateway);
    }

    function fundChallenger(uint256 amount) private {
        token.transfer(REPORTER, amount);
        vm.prank(REPORTER);
        token.approve(address(court), type(uint256).max);
    }

    function test_challenge_TakesTheBondAndFreezesTheEpoch() public {
        bytes32 hash = proposed();
        uint256 pot = distributor.epochInfo(0).pot;
        uint256 bond = court.bondOf(0);
        eq(bond, pot / 100, "one percent of the pools");
        fundChallenger(bond);
        vm.expectRevert(
            abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtWrongDistribution.selector, hash, bytes32("another"))
        );
        vm.prank(REPORTER);
        court.challenge(0, "another");
        vm.expectEmit(true, true, true, true, address(court));
        emit IEvidenceCourt.ChallengeOpened(0, 0, REPORTER, bond, uint64(time()) + 2 days);
        vm.prank(REPORTER);
        court.challenge(0, hash);
        yes(distributor.stateOf(0) == EpochState.Disputed, "disputed");
        eq(token.balanceOf(address(court)), bond, "bond held");
        Challenge memory running = court.challengeOf(0);
        eq(running.challenger, REPORTER, "challenger");
        eq(running.bond, bond, "bond");
        eq(running.rulingBy, time() + 2 days, "deadline");
        eq(running.distributionHash, hash, "hash");
        // One at a time: nobody can take over the first one's bond.
        fundChallenger(bond);
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorWrongState.selector);
        vm.prank(REPORTER);
        court.challenge(0, hash);
        eq(court.challengeOf(0).challenger, REPORTER, "kept");
    }

    function test_challenge_MinimumBondWhenThePoolsAreSmall() public view {
        eq(court.bondOf(77), 1_000e18, "minimum");
    }

    function test_challenge_RevertWhen_TheWindowIsOverOrThereIsNoProposal_Class03() public {
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistributor.RewardDistributorWrongState.selector, 0, EpochState.Open)
        );
        court.challenge(0, 0);
        bytes32 hash = proposed();
        fundChallenger(court.bondOf(0));
        vm.warp(distributor.epochInfo(0).finalizableAt);
        vm.expectPartialRevert(IRewardDistributor.RewardDistributorDisputeWindowClosed.selector);
        vm.prank(REPORTER);
        court.challenge(0, hash);
    }

    function test_rule_StandsBurnsTheBondAndIsFinal() public {
        bytes32 hash = proposed();
        uint256 bond = court.bondOf(0);
        fundChallenger(bond);
        vm.prank(REPORTER);
        court.challenge(0, hash);
        vm.expectRevert(abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtUnauthorized.selector, address(this)));
        court.rule(0, true, new address[](0));
        uint256 supply = token.totalSupply();
        vm.expectEmit(true, true, true, true, address(court));
        emit IEvidenceCourt.ChallengeResolved(0, 0, true, bond, 0);
        vm.prank(arbiter);
        court.rule(0, true, new address[](0));
        eq(token.totalSupply(), supply - bond, "burned");
        eq(token.balanceOf(address(court)), 0, "nothing held");
        yes(distributor.stateOf(0) == EpochState.Final, "final at once");
        vm.expectRevert(abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtNotChallenged.selector, 0));
        vm.prank(arbiter);
        court.rule(0, true, new address[](0));
    }

    function test_rule_OverturnedSlashesTheSignersAndRewardsTheChallenger() public {
        bytes32 hash = proposed();
        uint256 bond = court.bondOf(0);
        fundChallenger(bond);
        vm.prank(REPORTER);
        court.challenge(0, hash);
        address[] memory signers = listOf(gateway.account);
        address[] memory wrong = listOf(node.account);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEvidenceCourt.EvidenceCourtWrongSigners.selector,
                keccak256(abi.encode(signers)),
                keccak256(abi.encode(wrong))
            )
        );
        vm.prank(arbiter);
        court.rule(0, false, wrong);
        vm.expectEmit(true, true, true, true, address(court));
        emit IEvidenceCourt.OffenceProven(gateway.account, ROLE_GATEWAY, OFFENCE_OVERTURNED, hash, REPORTER, 10_000e18);
        vm.expectEmit(true, true, true, true, address(court));
        emit IEvidenceCourt.ChallengeResolved(0, 0, false, bond, 1_000e18);
        vm.prank(arbiter);
        court.rule(0, false, signers);
        eq(token.balanceOf(REPORTER), bond + 1_000e18, "bond and bounty");
        eq(staking.stakeOf(gateway.account, ROLE_GATEWAY), 90_000e18, "slashed");
        eq(staking.nodeOf(gateway.account, ROLE_GATEWAY).jailedUntilEpoch, 0, "a wrong distribution does not jail");
        yes(distributor.stateOf(0) == EpochState.Open, "next round");
        eq(distributor.epochInfo(0).round, 1, "round");
        eq(token.balanceOf(address(court)), 0, "bonds in = bonds out");
    }

    function test_rule_OverturnedAddsUpTheBountiesOfAllSigners() public {
        Actor memory second = joinGateway(3, 2 * GATEWAY_MIN);
        enterEpoch(1);
        toProposals(1);
        Distribution memory d = emptyDistribution(1);
        bytes[] memory signatures = new bytes[](2);
        signatures[0] = attest(d, gateway);
        signatures[1] = attest(d, second);
        distributor.propose(d, signatures);
        uint256 bond = court.bondOf(1);
        fundChallenger(bond);
        bytes32 hash = distributor.distributionHashOf(d);
        vm.prank(REPORTER);
        court.challenge(1, hash);
        address[] memory signers = new address[](2);
        (signers[0], signers[1]) = (gateway.account, second.account);
        vm.expectEmit(true, true, true, true, address(court));
        emit IEvidenceCourt.OffenceProven(gateway.account, ROLE_GATEWAY, OFFENCE_OVERTURNED, hash, REPORTER, 10_000e18);
        vm.expectEmit(true, true, true, true, address(court));
        emit IEvidenceCourt.OffenceProven(second.account, ROLE_GATEWAY, OFFENCE_OVERTURNED, hash, REPORTER, 20_000e18);
        vm.expectEmit(true, true, true, true, address(court));
        emit IEvidenceCourt.ChallengeResolved(1, 0, false, bond, 3_000e18);
        vm.prank(arbiter);
        court.rule(1, false, signers);
        eq(token.balanceOf(REPORTER), bond + 3_000e18, "bond and both bounties");
    }

    function test_rule_AfterTheDeadlineDecidesButSlashesNobody_Class35() public {
        bytes32 hash = proposed();
        uint256 bond = court.bondOf(0);
        fundChallenger(bond);
        vm.prank(REPORTER);
        court.challenge(0, hash);
        vm.warp(court.challengeOf(0).rulingBy);
        vm.expectEmit(true, true, true, true, address(court));
        emit IEvidenceCourt.ChallengeResolved(0, 0, false, bond, 0);
        address[] memory signers = listOf(gateway.account);
        vm.prank(arbiter);
        court.rule(0, false, signers);
        eq(staking.stakeOf(gateway.account, ROLE_GATEWAY), GATEWAY_MIN, "stakes are free");
        eq(token.balanceOf(REPORTER), bond, "bond back");
    }

    function test_rule_LastSecondBeforeTheDeadlineStillSlashes_Class35() public {
        bytes32 hash = proposed();
        fundChallenger(court.bondOf(0));
        vm.prank(REPORTER);
        court.challenge(0, hash);
        vm.warp(court.challengeOf(0).rulingBy - 1);
        address[] memory signers = listOf(gateway.account);
        vm.prank(arbiter);
        court.rule(0, false, signers);
        eq(staking.stakeOf(gateway.account, ROLE_GATEWAY), 90_000e18, "slashed");
    }

    /// @dev A signer that asks for its stake right after it attested is still there when the last verdict falls.
    function test_rule_UnbondingAfterAttestingDoesNotEscape_Class16() public {
        bytes32 hash = proposed();
        vm.prank(gateway.account);
        staking.close(ROLE_GATEWAY);
        vm.warp(distributor.epochInfo(0).finalizableAt - 1);
        fundChallenger(court.bondOf(0));
        vm.prank(REPORTER);
        court.challenge(0, hash);
        vm.warp(court.challengeOf(0).rulingBy - 1);
        address[] memory signers = listOf(gateway.account);
        vm.prank(arbiter);
        court.rule(0, false, signers);
        eq(staking.nodeOf(gateway.account, ROLE_GATEWAY).unbonding, 90_000e18, "slashed in unbonding");
    }

    /// @dev Two verdicts on round 0 were scheduled and one was executed: the other one must not meet round 1.
    function test_rule_RevertWhen_TheVerdictIsOnAnotherRound_Class11() public {
        challenged(proposed());
        address[] memory signers = listOf(gateway.account);
        vm.prank(arbiter);
        court.rule(0, false, signers);
        Distribution memory d = emptyDistribution(0);
        give(gateway.account, GATEWAY_MIN);
        vm.prank(gateway.account);
        staking.stake(ROLE_GATEWAY, GATEWAY_MIN);
        proposeBy(d, gateway);
        challenged(distributor.distributionHashOf(d));
        uint64[3] memory others = [uint64(0), 2 << 32, (1 << 32) | 1];
        for (uint256 i = 0; i < others.length; ++i) {
            for (uint256 stands = 0; stands < 2; ++stands) {
                vm.expectRevert(abi.encodeWithSelector(IEvidenceCourt.EvidenceCourtNotChallenged.selector, others[i]));
                vm.prank(arbiter);
                court.rule(others[i], stands == 1, signers);
            }
        }
        eq(court.challengeOf(0).round, 1, "still waiting");
        vm.prank(arbiter);
        court.rule(1 << 32, true, signers);
        yes(distributor.stateOf(0) == EpochState.Final, "decided");
    }

    function challenged(bytes32 hash) private {
        fundChallenger(court.bondOf(0));
        vm.prank(REPORTER);
        court.challenge(0, hash);
    }

    function test_challenge_OfTheNextRoundIsAnotherOffence_Class20() public {
        for (uint32 round = 0; round < 2; ++round) {
            Distribution memory d = emptyDistribution(0);
            if (round == 0) toProposals(0);
            proposeBy(d, gateway);
            fundChallenger(court.bondOf(0));
            bytes32 hash = distributor.distributionHashOf(d);
            vm.prank(REPORTER);
            court.challenge(0, hash);
            address[] memory signers = listOf(gateway.account);
            uint64 challengeId = challengeIdOf(0);
            vm.prank(arbiter);
            court.rule(challengeId, false, signers);
            give(gateway.account, GATEWAY_MIN);
            vm.prank(gateway.account);
            staking.stake(ROLE_GATEWAY, GATEWAY_MIN);
        }
        eq(distributor.epochInfo(0).round, 2, "both overturned");
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {
    AnchoredReceipt,
    AnchoredRecord,
    IEvidenceCourt,
    TableEvidence
} from "../../../contracts/interfaces/IEvidenceCourt.sol";
import {NodeInfo} from "../../../contracts/interfaces/INodeStaking.sol";
import {IProofRegistry} from "../../../contracts/interfaces/IProofRegistry.sol";
import "../../../contracts/interfaces/Types.sol";
import {Consensus} from "../../../contracts/libraries/Consensus.sol";
import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {MessageLib} from "../../../contracts/libraries/MessageLib.sol";
import {Trees} from "../support/Trees.sol";
import {vm} from "../support/Vm.sol";
import {World} from "../support/World.sol";

/// @dev The libraries want calldata.
contract Hashes {
    function evaluation(bytes32 leaf, bytes32 seed, Entry calldata entry) external pure returns (bytes32) {
        return MessageLib.evaluation(leaf, seed, entry);
    }

    function receipt(Receipt calldata x) external pure returns (bytes32) {
        return MessageLib.receipt(x);
    }

    function tableLeaf(TableLeaf calldata x, address distributor) external view returns (bytes32) {
        return LeafLib.tableLeaf(x, distributor);
    }
}

/// @notice One gateway that keeps its word through crashes, retries, replaced keys and reorganised chains, and returns
///         within the record window; and everybody else, who uses each word it ever gave against it.
/// @dev What the gateway wrote down before it spoke is all that it remembers: the lists below are its store.
contract HonestGateway is World {
    uint256 private constant EVALUATORS = 7;
    uint8 private constant COMMITTEE = 5;
    uint256 public constant KINDS = 11;
    uint256 public constant STAKE = 300_000e18;
    uint16 private constant RATE = 3_000;

    struct Attestation {
        uint64 epoch;
        uint32 round;
        bytes32 hash;
        bytes signature;
    }

    struct CommitSet {
        bytes32 leaf;
        bytes32 seed;
        bytes32 hash;
        bytes signature;
    }

    struct SignedReceipt {
        Receipt receipt;
        bytes signature;
    }

    struct OwnBatch {
        uint64 id;
        uint256 first;
        uint256 count;
        uint64 recordBy;
        bool recorded;
    }

    struct OwnRecord {
        AnchoredRecord anchored;
        Receipt receipt;
        bytes entries;
    }

    Hashes private hashes;
    Actor private honest;
    uint256 private honestKey;
    Actor private evil;
    Actor[2] private nodes;
    Actor[] private evaluators;
    TableLeaf[] private tableLeaves;
    bytes32[] private tableHashes;

    // The gateway's words, and where they were anchored.
    Attestation[] private attestations;
    CommitSet[] private commitSets;
    SignedReceipt[] private receipts;
    OwnBatch[] private batches;
    bytes[] private records;
    bytes[] private anchoredReceipts;
    uint256 private anchoredUpTo;
    uint64 private nextSerial;
    mapping(bytes32 epochAndRound => bool) private attested;
    uint256 private keys;

    string public broken;
    mapping(string call => uint256) public calls;
    /// @dev How often a kind of submission was refused for which reason.
    mapping(uint256 kind => mapping(bytes4 reason => uint256)) public refused;

    constructor() {
        deploy();
        hashes = new Hashes();
        honest = joinGateway(1, STAKE);
        honestKey = honest.key;
        evil = joinGateway(2, STAKE);
        for (uint256 i = 0; i < 2; ++i) nodes[i] = join(3 + i, ROLE_INFERENCE, 20_000e18);
        for (uint256 i = 0; i < EVALUATORS; ++i) evaluators.push(join(10 + i, ROLE_EVALUATOR, 20_000e18));
        enterEpoch(0);
        finalizeTable();
        // Of this one the table knows nothing: it joined after the table's epoch.
        evaluators.push(join(10 + EVALUATORS, ROLE_EVALUATOR, 20_000e18));
        enterEpoch(2);
    }

    /// @dev Epoch 0 ends with a table: a rate of 30 % for the first node, another trust for each evaluator.
    function finalizeTable() private {
        tableLeaves.push(TableLeaf(TABLE_RATE, nodes[0].account, 255, RATE));
        for (uint256 i = 0; i < EVALUATORS; ++i) {
            tableLeaves.push(TableLeaf(TABLE_TRUST, evaluators[i].account, 255, uint16(400 + 100 * i)));
        }
        // The second node's leaf says what the default would say.
        tableLeaves.push(TableLeaf(TABLE_RATE, nodes[1].account, 255, DEFAULT_RATE_BPS));
        for (uint256 i = 0; i < tableLeaves.length; ++i) {
            tableHashes.push(hashes.tableLeaf(tableLeaves[i], address(distributor)));
        }
        toProposals(0);
        Distribution memory d = emptyDistribution(0);
        d.tableRoot = Trees.root(tableHashes);
        bytes[] memory signatures = new bytes[](2);
        signatures[0] = attest(d, honest);
        signatures[1] = attest(d, evil);
        attestations.push(Attestation(0, 0, distributor.distributionHashOf(d), signatures[0]));
        attested[keccak256(abi.encode(uint64(0), uint32(0)))] = true;
        distributor.propose(d, signatures);
        finalizeAfterWindow(0);
    }

    function fail(string memory what) private {
        if (bytes(broken).length == 0) broken = what;
    }

    // ---------------------------------------------------------------------------------------------- the honest one

    function sign(bytes32 structHash) private view returns (bytes memory) {
        return signature(honestKey, typed(structHash));
    }

    /// @notice Serves some requests: each receipt is written down under its serial, then signed for the caller.
    function serve(uint256 seed) public {
        uint256 count = 1 + (seed % 3);
        for (uint256 i = 0; i < count; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            Receipt memory receipt;
            receipt.id = keccak256(abi.encode("id", nextSerial));
            receipt.gateway = honest.account;
            receipt.node = nodes[dice % 2].account;
            receipt.serial = nextSerial++;
            receipt.servedAt = uint64(time());
            receipt.responseHash = bytes32(dice);
            receipt.units = uint64(dice % 1_000);
            uint8[5] memory flags = [0, 0, FLAG_PRIVATE, FLAG_UNATTESTED, FLAG_CACHED];
            receipt.flags = flags[(dice >> 8) % 5];
            receipts.push(SignedReceipt(receipt, sign(hashes.receipt(receipt))));
        }
        ++calls["serve"];
    }

    /// @notice A crash between the durable serial and the answer: the serial is used up, no receipt has it.
    function crash() external {
        ++nextSerial;
        ++calls["crash"];
    }

    /// @notice Anchors what is waiting. In a reorganisation the anchor, its seed and all that followed are undone, and the
    ///         gateway does the same again from what it wrote down; everybody keeps what it said in between.
    function anchorWaiting(uint256 seed) public {
        uint256 first = anchoredUpTo;
        uint256 count = receipts.length - first;
        if (count == 0) return;
        openEpochs();
        bytes32[] memory leaves = leavesOf(first, count);
        uint64 from = registry.nextSerial(honest.account);
        if (seed % 4 == 0) {
            CommitSet[] memory said = orphaned(leaves, from, count);
            for (uint256 i = 0; i < said.length; ++i) commitSets.push(said[i]);
            vm.roll(vm.getBlockNumber() + 1);
            ++calls["reorganised"];
        }
        vm.prank(vm.addr(honestKey));
        uint64 id = registry.anchorReceipts(Trees.root(leaves), from, nextSerial, uint32(count), 0, DATA);
        batches.push(OwnBatch(id, first, count, registry.batchOf(id).recordBy, false));
        for (uint256 i = 0; i < count; ++i) {
            AnchoredReceipt memory anchored = AnchoredReceipt(id, receipts[first + i].receipt, Trees.proof(leaves, i));
            anchoredReceipts.push(abi.encode(anchored));
        }
        anchoredUpTo = receipts.length;
        // It is not sure whether the transaction went through, and sends it again.
        vm.prank(vm.addr(honestKey));
        try registry.anchorReceipts(Trees.root(leaves), from, nextSerial, uint32(count), 0, DATA) {
            fail("a batch was anchored twice");
        } catch {}
        ++calls["anchorWaiting"];
    }

    function leavesOf(uint256 first, uint256 count) private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) leaves[i] = registry.hashReceipt(receipts[first + i].receipt);
    }

    /// @dev What the gateway signs on a branch of the chain that is then forgotten. Memory outlives the branch.
    function orphaned(bytes32[] memory leaves, uint64 from, uint256 count) private returns (CommitSet[] memory said) {
        uint256 branch = vm.snapshotState();
        vm.prank(vm.addr(honestKey));
        uint64 id = registry.anchorReceipts(Trees.root(leaves), from, nextSerial, uint32(count), 0, DATA);
        mineSeed();
        bytes32 seed = registry.fixSeed(id);
        said = new CommitSet[](count);
        for (uint256 i = 0; i < count; ++i) said[i] = commitSetOf(leaves[i], seed, "orphaned");
        vm.revertToState(branch);
    }

    function commitSetOf(bytes32 leaf, bytes32 seed, bytes32 hash) private view returns (CommitSet memory) {
        return CommitSet(leaf, seed, hash, sign(MessageLib.commitSet(leaf, seed, COMMITTEE, hash)));
    }

    /// @notice Records the oldest batch that waits for it.
    function recordOldest(uint256 seed) public {
        for (uint256 b = 0; b < batches.length; ++b) {
            if (batches[b].recorded) continue;
            record(batches[b], seed);
            return;
        }
    }

    function record(OwnBatch storage own, uint256 seed) private {
        uint64 seedBlock = uint64(registry.batchOf(own.id).anchorBlock) + 1;
        if (vm.getBlockNumber() <= seedBlock) vm.roll(seedBlock + 1);
        vm.setBlockhash(seedBlock, keccak256(abi.encode("hash", seedBlock)));
        bytes32 drawn = registry.batchOf(own.id).seed;
        if (drawn == 0) drawn = registry.fixSeed(own.id);
        PoqRecord[] memory made = new PoqRecord[](own.count);
        bytes[] memory entries = new bytes[](own.count);
        bytes32[] memory leaves = new bytes32[](own.count);
        for (uint256 i = 0; i < own.count; ++i) {
            (made[i], entries[i]) = examine(receipts[own.first + i].receipt, drawn, seed);
            leaves[i] = registry.hashRecord(made[i]);
        }
        vm.prank(vm.addr(honestKey));
        registry.anchorRecords(own.id, Trees.root(leaves), uint32(own.count), DATA);
        own.recorded = true;
        for (uint256 i = 0; i < own.count; ++i) {
            AnchoredRecord memory anchored = AnchoredRecord(own.id, made[i], Trees.proof(leaves, i));
            records.push(abi.encode(OwnRecord(anchored, receipts[own.first + i].receipt, entries[i])));
        }
        ++calls["record"];
    }

    function examine(
        Receipt memory receipt,
        bytes32 drawn,
        uint256 seed
    ) private returns (PoqRecord memory made, bytes memory encoded) {
        bytes32 leaf = registry.hashReceipt(receipt);
        made.receiptLeaf = leaf;
        made.gateway = honest.account;
        made.serial = receipt.serial;
        made.activeMask = DIMENSION_ACCURACY | DIMENSION_FORMAT;
        Entry[] memory entries;
        uint256 rate = receipt.node == nodes[0].account ? RATE : DEFAULT_RATE_BPS;
        uint256 draw = uint256(keccak256(abi.encode(keccak256("DGrid.sample.v1"), drawn, leaf))) % BPS;
        bool never = receipt.flags & (FLAG_PRIVATE | FLAG_REPLAY | FLAG_UNATTESTED) != 0;
        if (!never && draw < rate) {
            // Some members do not reveal; below four there is no score.
            entries = evaluationsOf(leaf, drawn, COMMITTEE - (seed % 4));
            commitSets.push(commitSetOf(leaf, drawn, keccak256(abi.encode(entries))));
            made.committeeSize = COMMITTEE;
            made.status = entries.length < 4 ? RECORD_UNSCORED : RECORD_SCORED;
            made.evaluationsHash = keccak256(abi.encode(entries));
            if (made.status == RECORD_SCORED) (made.accuracy, made.format) = consensusOf(entries);
            ++calls[made.status == RECORD_SCORED ? "scored" : "unscored"];
        } else {
            ++calls["unexamined"];
        }
        return (made, abi.encode(entries));
    }

    function consensusOf(Entry[] memory entries) private pure returns (uint16 accuracy, uint16 format) {
        uint16[] memory accuracies = new uint16[](entries.length);
        uint16[] memory formats = new uint16[](entries.length);
        uint16[] memory trusts = new uint16[](entries.length);
        for (uint256 i = 0; i < entries.length; ++i) {
            (accuracies[i], formats[i], trusts[i]) = (entries[i].accuracy, entries[i].format, entries[i].trust);
        }
        return (Consensus.aggregate(accuracies, trusts), Consensus.aggregate(formats, trusts));
    }

    /// @dev The committee by rank; each member scores as it likes and signs, some with a high s or a low v.
    function evaluationsOf(
        bytes32 leaf,
        bytes32 drawn,
        uint256 revealed
    ) private view returns (Entry[] memory entries) {
        Actor[] memory order = ranked(drawn, leaf);
        entries = new Entry[](revealed);
        for (uint256 i = 0; i < revealed; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(leaf, drawn, i)));
            Entry memory entry;
            entry.evaluator = order[i].account;
            (entry.accuracy, entry.format) = (uint16(dice % 10_001), uint16((dice >> 16) % 10_001));
            entry.trust = uint16(trustOf(order[i].account));
            entry.salt = bytes32(dice);
            entry.signature = oddly(
                signature(order[i].key, typed(hashes.evaluation(leaf, drawn, entry))),
                uint8(dice >> 32) % 3
            );
            entries[i] = entry;
        }
    }

    /// @dev Other forms of the same signature: v from 0, or the other s.
    function oddly(bytes memory signed, uint8 form) private pure returns (bytes memory) {
        uint8 v = uint8(signed[64]);
        if (form == 1) signed[64] = bytes1(v - 27);
        if (form == 2) {
            uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
            uint256 s;
            assembly ("memory-safe") {
                s := mload(add(signed, 0x40))
                mstore(add(signed, 0x40), sub(order, s))
            }
            signed[64] = bytes1(v == 27 ? 28 : 27);
        }
        return signed;
    }

    function trustOf(address evaluator) private view returns (uint256) {
        for (uint256 i = 0; i < tableLeaves.length; ++i) {
            TableLeaf memory leaf = tableLeaves[i];
            if (leaf.kind == TABLE_TRUST && leaf.account == evaluator) return leaf.value;
        }
        return DEFAULT_TRUST;
    }

    function ranked(bytes32 seed, bytes32 leaf) private view returns (Actor[] memory sorted) {
        sorted = new Actor[](evaluators.length);
        for (uint256 i = 0; i < sorted.length; ++i) {
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

    /// @notice Signs the distribution of an epoch and round it has not signed yet.
    function attestSomething(uint256 seed) external {
        uint64 epoch = uint64(seed % distributor.nextEpochToOpen());
        uint32 round = uint32((seed >> 64) % 3);
        bytes32 key = keccak256(abi.encode(epoch, round));
        if (attested[key]) return;
        attested[key] = true;
        bytes32 hash = bytes32(seed | 1);
        bytes memory signed = signature(honestKey, distributor.attestationDigest(epoch, round, hash));
        attestations.push(Attestation(epoch, round, hash, signed));
        ++calls["attest"];
    }

    function replaceKey() external {
        uint256 key = actor(100 + ++keys).key;
        bytes memory auth = authSignature(honest.account, ROLE_GATEWAY, key, uint64(time()));
        vm.prank(honest.account);
        staking.setSigner(ROLE_GATEWAY, vm.addr(key), uint64(time()), auth);
        honestKey = key;
        ++calls["replaceKey"];
    }

    // --------------------------------------------------------------------------------------------------------- time

    /// @notice Time passes, and the gateway may be away for all of it but the last second in which it can still record.
    function warp(uint256 by) public {
        uint256 target = time() + bound(by, 1 minutes, 3 days);
        for (uint256 b = 0; b < batches.length; ++b) {
            OwnBatch storage own = batches[b];
            if (own.recorded || own.recordBy > target) continue;
            if (time() < own.recordBy - 1) vm.warp(own.recordBy - 1);
            record(own, by);
            ++calls["backInTime"];
        }
        vm.warp(target);
        vm.roll(vm.getBlockNumber() + 1 + (by % 100));
        openEpochs();
    }

    function openEpochs() private {
        for (uint64 next = distributor.nextEpochToOpen(); time() >= epochStart(next); ++next) {
            distributor.openEpoch(next);
        }
    }

    // ------------------------------------------------------------------------------------------------ everybody else

    /// @notice Everything that one submission to the court or the registry can be made of, drawn from what was ever said.
    /// @dev Whoever convicts the liar gets its time back, so that it stays free to lie.
    function accuse(uint256 kind, uint256 a, uint256 b, uint256 c) public {
        kind %= KINDS;
        if (!isThereAWord(kind)) return;
        openEpochs();
        uint256 before = vm.snapshotState();
        (bool ok, bytes memory reason) = address(this).call(abi.encodeCall(this.submit, (kind, a, b, c)));
        bool stillInnocent = innocent();
        if (ok) vm.revertToState(before);
        if (!stillInnocent) fail("the honest gateway was punished");
        ++calls["accuse"];
        if (ok) ++calls["accepted"];
        else if (isExpected(kind, bytes4(reason))) ++refused[kind][bytes4(reason)];
        else fail(string.concat("kind ", vm.toString(kind), " failed with ", vm.toString(bytes32(bytes4(reason)))));
    }

    function isThereAWord(uint256 kind) private view returns (bool) {
        if (kind == 0) return attestations.length > 0;
        if (kind == 1) return commitSets.length > 0;
        if (kind < 4) return anchoredReceipts.length > 0;
        return kind == 4 || records.length > 0;
    }

    /// @dev Why a submission of the kind may be refused. Any other failure would mean that it never got to what it tests.
    function isExpected(uint256 kind, bytes4 reason) private pure returns (bool) {
        if (kind == 4) {
            return
                reason == IProofRegistry.ProofRegistryUnknownBatch.selector ||
                reason == IProofRegistry.ProofRegistryAlreadyRecorded.selector ||
                reason == IProofRegistry.ProofRegistryNotAbandoned.selector;
        }
        if (kind == 8) {
            return
                reason == IEvidenceCourt.EvidenceCourtWrongStatus.selector ||
                reason == IEvidenceCourt.EvidenceCourtNeverDrawn.selector ||
                reason == IEvidenceCourt.EvidenceCourtNotDrawn.selector ||
                isTableReason(reason);
        }
        if (kind == 9) {
            return
                isEntryReason(reason) ||
                reason == IEvidenceCourt.EvidenceCourtTooFew.selector ||
                reason == IEvidenceCourt.EvidenceCourtNotEligible.selector ||
                reason == IEvidenceCourt.EvidenceCourtNotLower.selector;
        }
        if (reason == IEvidenceCourt.EvidenceCourtNoContradiction.selector) return true;
        if (kind < 2) return reason == IEvidenceCourt.EvidenceCourtUnknownSigner.selector;
        if (kind == 2) {
            return
                reason == IEvidenceCourt.EvidenceCourtUnknownSigner.selector ||
                reason == IEvidenceCourt.EvidenceCourtDifferentSigners.selector;
        }
        if (kind == 5) {
            return
                reason == IEvidenceCourt.EvidenceCourtWrongStatus.selector ||
                reason == IEvidenceCourt.EvidenceCourtWrongEntries.selector;
        }
        if (kind == 6) return isEntryReason(reason) || isTableReason(reason);
        return kind == 7 && isEntryReason(reason);
    }

    function isEntryReason(bytes4 reason) private pure returns (bool) {
        return
            reason == IEvidenceCourt.EvidenceCourtWrongEntries.selector ||
            reason == IEvidenceCourt.EvidenceCourtNoSuchEntry.selector;
    }

    function isTableReason(bytes4 reason) private pure returns (bool) {
        return
            reason == IEvidenceCourt.EvidenceCourtInvalidTable.selector ||
            reason == IEvidenceCourt.EvidenceCourtNotDefault.selector;
    }

    function submit(uint256 kind, uint256 a, uint256 b, uint256 c) external {
        if (msg.sender != address(this)) revert NotTrue("own calls only");
        if (kind == 0) twoDistributions(a, b);
        else if (kind == 1) twoCommitSets(a, b);
        else if (kind == 2) brokenWord(a, b, c);
        else if (kind == 3) twoReceipts(a, b, c);
        else if (kind == 4) registry.reportAbandoned(uint64(1 + (a % (registry.batchCount() + 1))));
        else aboutRecords(kind, a, b, c);
    }

    function aboutRecords(uint256 kind, uint256 a, uint256 b, uint256 c) private {
        OwnRecord memory own = abi.decode(records[a % records.length], (OwnRecord));
        Entry[] memory entries = abi.decode(own.entries, (Entry[]));
        if (kind != 5 && c % 13 == 0) entries = tampered(entries, b);
        if (kind == 5) court.proveWrongConsensus(own.anchored, tampered(entries, b));
        else if (kind == 6) court.proveWrongTrust(own.anchored, entries, b % (entries.length + 1), evidence(c));
        else if (kind == 7) court.proveForeignEvaluation(own.anchored, entries, b % (entries.length + 1));
        else if (kind == 8) court.proveSkippedDraw(own.anchored, own.receipt, b % 2 == 0, evidence(c));
        else if (kind == 9) {
            uint256 index = b % (entries.length + 1);
            court.proveWrongCommittee(own.anchored, own.receipt, entries, index, lowerThan(c));
        } else twoRecords(own.anchored, b, c);
    }

    function twoDistributions(uint256 a, uint256 b) private {
        Attestation memory x = attestations[a % attestations.length];
        Attestation memory y = attestations[b % attestations.length];
        court.proveTwoDistributions(x.epoch, x.round, [x.hash, y.hash], [x.signature, y.signature]);
    }

    function twoCommitSets(uint256 a, uint256 b) private {
        CommitSet memory x = commitSets[a % commitSets.length];
        CommitSet memory y = commitSets[b % commitSets.length];
        court.proveTwoCommitSets(x.leaf, x.seed, COMMITTEE, [x.hash, y.hash], [x.signature, y.signature]);
    }

    /// @dev A batch of the liar's own: the honest gateway's receipt or record and another one in its name.
    function forgedReceipt(uint256 a, uint256 b) private returns (AnchoredReceipt memory forged) {
        Receipt memory receipt = receipts[a % receipts.length].receipt;
        bytes32[] memory leaves = new bytes32[](2);
        leaves[0] = registry.hashReceipt(receipt);
        if (b % 2 == 0) receipt.responseHash = bytes32(b);
        if (b % 3 == 0) receipt.gateway = evil.account;
        leaves[1] = registry.hashReceipt(receipt);
        uint64 id = anchor(evil, Trees.root(leaves), 2, 0);
        return AnchoredReceipt(id, receipt, Trees.proof(leaves, 1));
    }

    function someReceipt(uint256 a, bool forge, uint256 how) private returns (AnchoredReceipt memory) {
        if (forge) return forgedReceipt(a, how >> 8);
        return abi.decode(anchoredReceipts[a % anchoredReceipts.length], (AnchoredReceipt));
    }

    function brokenWord(uint256 a, uint256 b, uint256 c) private {
        // Mostly of the same serial; what is anchored stands in the order in which it was signed.
        a %= anchoredReceipts.length;
        SignedReceipt memory word = receipts[b % 4 == 0 ? (b >> 2) % receipts.length : a];
        if (c % 3 == 0) word.receipt.responseHash = bytes32(c);
        if (c % 5 == 0) word.signature = signature(evil.key, typed(hashes.receipt(word.receipt)));
        court.proveBrokenWord(someReceipt(a, c % 4 == 1, c), word.receipt, word.signature);
    }

    function twoReceipts(uint256 a, uint256 b, uint256 c) private {
        a %= anchoredReceipts.length;
        if (c % 2 == 0) b = a;
        court.proveTwoReceipts(someReceipt(a, c % 5 == 0, a), someReceipt(b, c % 3 == 0, c));
    }

    function twoRecords(AnchoredRecord memory first, uint256 b, uint256 c) private {
        AnchoredRecord memory second = abi.decode(records[b % records.length], (OwnRecord)).anchored;
        if (c % 2 == 0) {
            PoqRecord memory other = abi.decode(abi.encode(first.poqRecord), (PoqRecord));
            other.score = uint16(c);
            AnchoredReceipt memory carrier = forgedReceipt(b, c);
            mineSeed();
            bytes32 leaf = registry.hashRecord(other);
            vm.prank(evil.signer);
            registry.anchorRecords(carrier.batchId, leaf, 1, DATA);
            second = AnchoredRecord(carrier.batchId, other, new bytes32[](0));
        }
        court.proveTwoRecords(first, second);
    }

    function tampered(Entry[] memory entries, uint256 how) private pure returns (Entry[] memory) {
        if (entries.length < 2 || how % 3 == 0) return entries;
        if (how % 3 == 1) (entries[0], entries[1]) = (entries[1], entries[0]);
        else {
            assembly ("memory-safe") {
                mstore(entries, sub(mload(entries), 1))
            }
        }
        return entries;
    }

    function evidence(uint256 c) private view returns (TableEvidence memory given) {
        uint256 index = (c >> 1) % tableLeaves.length;
        given.useDefault = c % 2 == 0;
        given.leaf = tableLeaves[index];
        given.proof = Trees.proof(tableHashes, index);
        if (c % 7 == 0) given.leaf.value = uint16(c >> 16);
        if (c % 11 == 0) given.leaf.account = evaluators[(c >> 32) % evaluators.length].account;
    }

    /// @dev Evaluators in ascending order, as many as the dice say.
    function lowerThan(uint256 c) private view returns (address[] memory lower) {
        uint256 length = c % (evaluators.length + 1);
        lower = new address[](length);
        uint256 offset = (c >> 8) % (evaluators.length - length + 1);
        for (uint256 i = 0; i < length; ++i) lower[i] = evaluators[offset + i].account;
    }

    // ---------------------------------------------------------------------------------- what the invariants compare

    /// @notice Nothing was taken and nobody locked it up. It never unbonds, so that its stake is what it brought.
    function innocent() public view returns (bool) {
        NodeInfo memory node = staking.nodeOf(honest.account, ROLE_GATEWAY);
        return node.stake == STAKE && node.jailedUntilEpoch == 0;
    }

    /// @notice How many words there are to use against the gateway.
    function words() external view returns (uint256, uint256, uint256, uint256) {
        return (attestations.length, commitSets.length, receipts.length, records.length);
    }
}

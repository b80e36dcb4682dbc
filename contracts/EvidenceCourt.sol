// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {
    AnchoredReceipt,
    AnchoredRecord,
    Challenge,
    CourtConfig,
    IEvidenceCourt,
    TableEvidence
} from "./interfaces/IEvidenceCourt.sol";
import {INodeStaking} from "./interfaces/INodeStaking.sol";
import {Batch, IProofRegistry} from "./interfaces/IProofRegistry.sol";
import {EpochInfo, IRewardDistributor} from "./interfaces/IRewardDistributor.sol";
import {
    BPS,
    DEFAULT_RATE_BPS,
    DEFAULT_TRUST,
    DIMENSION_ACCURACY,
    DIMENSION_CONSISTENCY,
    DIMENSION_FORMAT,
    Entry,
    FAMILY_ANY,
    FLAG_PRIVATE,
    FLAG_REPLAY,
    FLAG_UNATTESTED,
    OFFENCE_BAD_RECORD,
    OFFENCE_BROKEN_WORD,
    OFFENCE_DOUBLE_COUNT,
    OFFENCE_EQUIVOCATION,
    OFFENCE_OVERTURNED,
    OFFENCE_WRONG_COMMITTEE,
    PoqRecord,
    Receipt,
    RECORD_SCORED,
    RECORD_UNEXAMINED,
    ROLE_EVALUATOR,
    ROLE_GATEWAY,
    ROLE_INFERENCE,
    TABLE_RATE,
    TABLE_TRUST
} from "./interfaces/Types.sol";
import {Consensus} from "./libraries/Consensus.sol";
import {LeafLib} from "./libraries/LeafLib.sol";
import {MessageLib} from "./libraries/MessageLib.sol";
import {ReentrancyLock} from "./libraries/ReentrancyLock.sol";

/// @title EvidenceCourt
/// @notice Evidence that proves itself, and bonded challenges. The manual is `IEvidenceCourt`.
contract EvidenceCourt is IEvidenceCourt, AccessManaged, ReentrancyLock {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    uint256 private constant MAX_BOND_BPS = 1_000;
    uint256 private constant MAX_COMMITTEE = 9;
    uint256 private constant MIN_REVEALS = 4;
    uint8 private constant NEVER_DRAWN = FLAG_PRIVATE | FLAG_REPLAY | FLAG_UNATTESTED;
    bytes32 private constant SAMPLE_TAG = keccak256("DGrid.sample.v1");
    bytes32 private constant COMMITTEE_TAG = keccak256("DGrid.committee.v1");

    address public immutable staking;
    address public immutable registry;
    address public immutable distributor;
    address private immutable _token;
    uint64 private immutable _arbiterDeadline;
    uint96 private immutable _minimumBond;
    uint16 private immutable _bondBps;

    address public arbiter;
    mapping(uint64 epoch => Challenge) private _challenges;

    constructor(CourtConfig memory config) AccessManaged(config.authority) {
        if (config.authority == address(0)) revert EvidenceCourtZeroAddress();
        if (config.minimumBond == 0 || config.bondBps == 0 || config.bondBps > MAX_BOND_BPS) {
            revert EvidenceCourtInvalidBond(config.minimumBond, config.bondBps);
        }
        staking = config.staking;
        registry = config.registry;
        distributor = config.distributor;
        _token = INodeStaking(config.staking).token();
        _arbiterDeadline = INodeStaking(config.staking).timing().arbiterDeadline;
        _minimumBond = config.minimumBond;
        _bondBps = config.bondBps;
        _checkWiring(config);
        _setArbiter(config.arbiter);
    }

    // ------------------------------------------------------------------------------------------- 1. equivocation

    /// @inheritdoc IEvidenceCourt
    function proveTwoDistributions(
        uint64 epoch,
        uint32 round,
        bytes32[2] calldata distributionHashes,
        bytes[2] calldata signatures
    ) external nonReentrant {
        _checkContradiction(distributionHashes);
        address account = _sameSigner(
            ROLE_GATEWAY,
            MessageLib.epochAttestation(epoch, round, distributionHashes[0]),
            MessageLib.epochAttestation(epoch, round, distributionHashes[1]),
            signatures
        );
        bytes32 subject = keccak256(abi.encode(MessageLib.EPOCH_ATTESTATION_TYPEHASH, epoch, round));
        _convict(account, ROLE_GATEWAY, OFFENCE_EQUIVOCATION, subject);
    }

    /// @inheritdoc IEvidenceCourt
    function proveTwoCommitSets(
        bytes32 receiptLeaf,
        bytes32 seed,
        uint8 size,
        bytes32[2] calldata commitmentsHashes,
        bytes[2] calldata signatures
    ) external nonReentrant {
        _checkContradiction(commitmentsHashes);
        address account = _sameSigner(
            ROLE_GATEWAY,
            MessageLib.commitSet(receiptLeaf, seed, size, commitmentsHashes[0]),
            MessageLib.commitSet(receiptLeaf, seed, size, commitmentsHashes[1]),
            signatures
        );
        bytes32 subject = keccak256(abi.encode(MessageLib.COMMIT_SET_TYPEHASH, receiptLeaf, seed, size));
        _convict(account, ROLE_GATEWAY, OFFENCE_EQUIVOCATION, subject);
    }

    /// @inheritdoc IEvidenceCourt
    function proveTwoCommitments(
        bytes32 receiptLeaf,
        bytes32 seed,
        address evaluator,
        bytes32[2] calldata commitments,
        bytes[2] calldata signatures
    ) external nonReentrant {
        _checkContradiction(commitments);
        address account = _sameSigner(
            ROLE_EVALUATOR,
            MessageLib.evaluationCommit(receiptLeaf, seed, evaluator, commitments[0]),
            MessageLib.evaluationCommit(receiptLeaf, seed, evaluator, commitments[1]),
            signatures
        );
        // A message that names somebody else binds nobody.
        if (account != evaluator) revert EvidenceCourtDifferentSigners(account, evaluator);
        bytes32 subject = keccak256(abi.encode(MessageLib.EVALUATION_COMMIT_TYPEHASH, receiptLeaf, seed));
        _convict(account, ROLE_EVALUATOR, OFFENCE_EQUIVOCATION, subject);
    }

    // --------------------------------------------------------------------------------------------- 2. bad record

    /// @inheritdoc IEvidenceCourt
    function proveWrongConsensus(AnchoredRecord calldata anchored, Entry[] calldata entries) external nonReentrant {
        (Batch memory batch, bytes32 leaf) = _anchoredRecord(anchored);
        PoqRecord calldata poqRecord = anchored.poqRecord;
        if (poqRecord.status != RECORD_SCORED) revert EvidenceCourtWrongStatus(poqRecord.status);
        _checkEntries(poqRecord, entries);
        if (_isValidSet(poqRecord, entries) && _isConsensus(poqRecord, entries)) revert EvidenceCourtNoContradiction();
        _convict(batch.gateway, ROLE_GATEWAY, OFFENCE_BAD_RECORD, leaf);
    }

    /// @inheritdoc IEvidenceCourt
    function proveWrongTrust(
        AnchoredRecord calldata anchored,
        Entry[] calldata entries,
        uint256 index,
        TableEvidence calldata evidence
    ) external nonReentrant {
        (Batch memory batch, bytes32 leaf) = _anchoredRecord(anchored);
        Entry calldata entry = _entryAt(anchored.poqRecord, entries, index);
        uint256 trust = _tableValue(batch.epoch, TABLE_TRUST, entry.evaluator, evidence);
        if (entry.trust == trust) revert EvidenceCourtNoContradiction();
        _convict(batch.gateway, ROLE_GATEWAY, OFFENCE_BAD_RECORD, leaf);
    }

    /// @inheritdoc IEvidenceCourt
    function proveForeignEvaluation(
        AnchoredRecord calldata anchored,
        Entry[] calldata entries,
        uint256 index
    ) external nonReentrant {
        (Batch memory batch, bytes32 leaf) = _anchoredRecord(anchored);
        Entry calldata entry = _entryAt(anchored.poqRecord, entries, index);
        bytes32 digest = _digest(MessageLib.evaluation(anchored.poqRecord.receiptLeaf, batch.seed, entry));
        // No signature at all leads to the zero address, which is nobody's key and has no role of an evaluator.
        address signer = _lenientRecover(digest, entry.signature);
        (address account, uint8 role) = INodeStaking(staking).accountOfSigner(signer);
        if (account == entry.evaluator && role == ROLE_EVALUATOR) revert EvidenceCourtNoContradiction();
        _convict(batch.gateway, ROLE_GATEWAY, OFFENCE_BAD_RECORD, leaf);
    }

    /// @inheritdoc IEvidenceCourt
    function proveSkippedDraw(
        AnchoredRecord calldata anchored,
        Receipt calldata receipt,
        bool useFloor,
        TableEvidence calldata evidence
    ) external nonReentrant {
        (Batch memory batch, bytes32 leaf) = _anchoredRecord(anchored);
        PoqRecord calldata poqRecord = anchored.poqRecord;
        if (poqRecord.status != RECORD_UNEXAMINED) revert EvidenceCourtWrongStatus(poqRecord.status);
        _checkReceipt(poqRecord, receipt);
        if (receipt.flags & NEVER_DRAWN != 0) revert EvidenceCourtNeverDrawn(receipt.flags);
        uint256 rateBps =
            useFloor
                ? IProofRegistry(registry).floorBps()
                : _tableValue(batch.epoch, TABLE_RATE, receipt.node, evidence);
        uint256 draw = uint256(keccak256(abi.encode(SAMPLE_TAG, batch.seed, poqRecord.receiptLeaf))) % BPS;
        if (draw >= rateBps) revert EvidenceCourtNotDrawn(draw, rateBps);
        _convict(batch.gateway, ROLE_GATEWAY, OFFENCE_BAD_RECORD, leaf);
    }

    // ---------------------------------------------------------------------------------------- 3. wrong committee

    /// @inheritdoc IEvidenceCourt
    function proveWrongCommittee(
        AnchoredRecord calldata anchored,
        Receipt calldata receipt,
        Entry[] calldata entries,
        uint256 index,
        address[] calldata lower
    ) external nonReentrant {
        (Batch memory batch, bytes32 leaf) = _anchoredRecord(anchored);
        _checkReceipt(anchored.poqRecord, receipt);
        address member = _entryAt(anchored.poqRecord, entries, index).evaluator;
        if (_isCandidate(member, receipt, batch.epoch)) {
            if (lower.length < anchored.poqRecord.committeeSize) {
                revert EvidenceCourtTooFew(lower.length, anchored.poqRecord.committeeSize);
            }
            _checkLower(anchored.poqRecord.receiptLeaf, receipt, batch, member, lower);
        }
        _convict(batch.gateway, ROLE_GATEWAY, OFFENCE_WRONG_COMMITTEE, leaf);
    }

    // -------------------------------------------------------------------------------------------- 4. double count

    /// @inheritdoc IEvidenceCourt
    function proveTwoRecords(AnchoredRecord calldata first, AnchoredRecord calldata second) external nonReentrant {
        (Batch memory batch, bytes32 leaf) = _anchoredRecord(first);
        (Batch memory otherBatch, bytes32 otherLeaf) = _anchoredRecord(second);
        uint64 serial = first.poqRecord.serial;
        if (
            leaf == otherLeaf ||
            batch.gateway != otherBatch.gateway ||
            first.poqRecord.gateway != batch.gateway ||
            second.poqRecord.gateway != batch.gateway ||
            second.poqRecord.serial != serial
        ) revert EvidenceCourtNoContradiction();
        bytes32 subject = keccak256(abi.encode(LeafLib.RECORD_TYPEHASH, serial));
        _convict(batch.gateway, ROLE_GATEWAY, OFFENCE_DOUBLE_COUNT, subject);
    }

    /// @inheritdoc IEvidenceCourt
    function proveTwoReceipts(AnchoredReceipt calldata first, AnchoredReceipt calldata second) external nonReentrant {
        (address gateway, bytes32 leaf) = _anchoredReceipt(first);
        (address otherGateway, bytes32 otherLeaf) = _anchoredReceipt(second);
        bytes32 id = first.receipt.id;
        if (
            leaf == otherLeaf ||
            gateway != otherGateway ||
            first.receipt.gateway != gateway ||
            second.receipt.gateway != gateway ||
            second.receipt.id != id
        ) revert EvidenceCourtNoContradiction();
        bytes32 subject = keccak256(abi.encode(LeafLib.RECEIPT_TYPEHASH, id));
        _convict(gateway, ROLE_GATEWAY, OFFENCE_DOUBLE_COUNT, subject);
    }

    // --------------------------------------------------------------------------------------------- 5. broken word

    /// @inheritdoc IEvidenceCourt
    function proveBrokenWord(
        AnchoredReceipt calldata anchored,
        Receipt calldata signedReceipt,
        bytes calldata signature
    ) external nonReentrant {
        (address gateway, ) = _anchoredReceipt(anchored);
        bytes32 signedHash = MessageLib.receipt(signedReceipt);
        uint64 serial = anchored.receipt.serial;
        if (
            signedHash == MessageLib.receipt(anchored.receipt) ||
            anchored.receipt.gateway != gateway ||
            signedReceipt.gateway != gateway ||
            signedReceipt.serial != serial
        ) revert EvidenceCourtNoContradiction();
        address account = _accountOf(ROLE_GATEWAY, signedHash, signature);
        if (account != gateway) revert EvidenceCourtDifferentSigners(account, gateway);
        _convict(gateway, ROLE_GATEWAY, OFFENCE_BROKEN_WORD, bytes32(uint256(serial)));
    }

    // -------------------------------------------------------------------------------------------------- challenges

    /// @inheritdoc IEvidenceCourt
    function challenge(uint64 epoch, bytes32 distributionHash) external nonReentrant {
        EpochInfo memory info = IRewardDistributor(distributor).epochInfo(epoch);
        if (info.distributionHash != distributionHash) {
            revert EvidenceCourtWrongDistribution(info.distributionHash, distributionHash);
        }
        uint256 bond = _bondFor(info);
        uint64 rulingBy = uint64(block.timestamp) + _arbiterDeadline;
        _challenges[epoch] = Challenge({
            challenger: msg.sender,
            bond: bond.toUint96(),
            rulingBy: rulingBy,
            round: info.round,
            distributionHash: distributionHash
        });
        emit ChallengeOpened(epoch, info.round, msg.sender, bond, rulingBy);
        // Reverts unless there is a proposal in its dispute window; so there is never a second challenge at a time.
        IRewardDistributor(distributor).dispute(epoch);
        IERC20(_token).safeTransferFrom(msg.sender, address(this), bond);
    }

    /// @inheritdoc IEvidenceCourt
    function rule(uint64 challengeId, bool stands, address[] calldata signers) external nonReentrant {
        if (msg.sender != arbiter) revert EvidenceCourtUnauthorized(msg.sender);
        // casting to 'uint32' cuts the round off
        uint64 epoch = uint32(challengeId);
        Challenge memory running = _challenges[epoch];
        if (running.challenger == address(0) || running.round != challengeId >> 32) {
            revert EvidenceCourtNotChallenged(challengeId);
        }
        delete _challenges[epoch];

        if (stands) {
            emit ChallengeResolved(epoch, running.round, true, running.bond, 0);
            IRewardDistributor(distributor).resolve(epoch, true);
            ERC20Burnable(_token).burn(running.bond);
            return;
        }
        bytes32 expected = IRewardDistributor(distributor).epochInfo(epoch).signersHash;
        bytes32 given = keccak256(abi.encode(signers));
        if (given != expected) revert EvidenceCourtWrongSigners(expected, given);
        IRewardDistributor(distributor).resolve(epoch, false);
        uint256 reward = block.timestamp < running.rulingBy ? _slashSigners(signers, running) : 0;
        emit ChallengeResolved(epoch, running.round, false, running.bond, reward);
        IERC20(_token).safeTransfer(running.challenger, running.bond);
    }

    /// @inheritdoc IEvidenceCourt
    function setArbiter(address newArbiter) external restricted {
        _setArbiter(newArbiter);
    }

    // ------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IEvidenceCourt
    function bondOf(uint64 epoch) external view returns (uint256) {
        return _bondFor(IRewardDistributor(distributor).epochInfo(epoch));
    }

    /// @inheritdoc IEvidenceCourt
    function challengeOf(uint64 epoch) external view returns (Challenge memory) {
        return _challenges[epoch];
    }

    // ---------------------------------------------------------------------------------------------------- internals

    function _setArbiter(address newArbiter) private {
        if (newArbiter == address(0)) revert EvidenceCourtZeroAddress();
        arbiter = newArbiter;
        emit ArbiterChanged(newArbiter);
    }

    /// @dev Slashes once per fact (the staking contract keeps the ids), pays the bounty to the caller, and jails.
    function _convict(address account, uint8 role, uint8 kind, bytes32 subject) private {
        uint256 slashed = INodeStaking(staking).slash(account, role, kind, subject, msg.sender);
        emit OffenceProven(account, role, kind, subject, msg.sender, slashed);
        INodeStaking(staking).jail(account, role);
    }

    /// @dev At most 64 signers. Returns the bounties, which the staking contract pays.
    function _slashSigners(address[] calldata signers, Challenge memory running) private returns (uint256 reward) {
        uint256 bountyBps = INodeStaking(staking).slashConfig().bountyBps;
        for (uint256 i = 0; i < signers.length; ++i) {
            uint256 slashed = INodeStaking(staking).slash(
                signers[i],
                ROLE_GATEWAY,
                OFFENCE_OVERTURNED,
                running.distributionHash,
                running.challenger
            );
            reward += (slashed * bountyBps) / BPS;
            emit OffenceProven(
                signers[i],
                ROLE_GATEWAY,
                OFFENCE_OVERTURNED,
                running.distributionHash,
                running.challenger,
                slashed
            );
        }
    }

    function _bondFor(EpochInfo memory info) private view returns (uint256) {
        uint256 pools = info.pools[0] + info.pools[1] + info.pools[2];
        return Math.max(_minimumBond, (pools * _bondBps) / BPS);
    }

    function _checkWiring(CourtConfig memory config) private view {
        INodeStaking nodes = INodeStaking(config.staking);
        if (nodes.registry() != config.registry || nodes.court() != address(this)) {
            revert EvidenceCourtMiswired(config.staking);
        }
        IProofRegistry proofs = IProofRegistry(config.registry);
        if (proofs.staking() != config.staking || proofs.distributor() != config.distributor) {
            revert EvidenceCourtMiswired(config.registry);
        }
        IRewardDistributor rewards = IRewardDistributor(config.distributor);
        if (
            rewards.staking() != config.staking ||
            rewards.registry() != config.registry ||
            rewards.court() != address(this)
        ) revert EvidenceCourtMiswired(config.distributor);
    }

    // ------------------------------------------------------------------------------------------------ signatures

    function _digest(bytes32 structHash) private view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(INodeStaking(staking).domainSeparator(), structHash);
    }

    /// @dev The account of `role` that one of whose keys, past or present, signed the message.
    function _accountOf(uint8 role, bytes32 structHash, bytes calldata signature) private view returns (address) {
        address signer = ECDSA.recoverCalldata(_digest(structHash), signature);
        (address account, uint8 itsRole) = INodeStaking(staking).accountOfSigner(signer);
        if (account == address(0)) revert EvidenceCourtUnknownSigner(signer);
        if (itsRole != role) revert EvidenceCourtWrongRole(account, itsRole);
        return account;
    }

    function _sameSigner(
        uint8 role,
        bytes32 firstHash,
        bytes32 secondHash,
        bytes[2] calldata signatures
    ) private view returns (address account) {
        account = _accountOf(role, firstHash, signatures[0]);
        address other = _accountOf(role, secondHash, signatures[1]);
        if (other != account) revert EvidenceCourtDifferentSigners(account, other);
    }

    /// @dev Takes every form in which a key may have signed (high s, v counted from 0), because here the *absence* of a
    ///      signer convicts: an odd but genuine signature must not frame the gateway that listed it. 0 if there is none.
    function _lenientRecover(bytes32 digest, bytes calldata signature) private pure returns (address) {
        if (signature.length != 65) return address(0);
        uint8 v = uint8(signature[64]);
        if (v < 27) v += 27;
        return ecrecover(digest, v, bytes32(signature[0:32]), bytes32(signature[32:64]));
    }

    function _checkContradiction(bytes32[2] calldata hashes) private pure {
        if (hashes[0] == hashes[1]) revert EvidenceCourtNoContradiction();
    }

    // ------------------------------------------------------------------------------------------- records and tables

    function _anchoredRecord(AnchoredRecord calldata anchored) private view returns (Batch memory batch, bytes32 leaf) {
        batch = IProofRegistry(registry).batchOf(anchored.batchId);
        leaf = LeafLib.recordLeaf(anchored.poqRecord, registry);
        // Before the records are anchored their root is zero, and no leaf and no parent hashes to that.
        if (!MerkleProof.verifyCalldata(anchored.proof, batch.recordsRoot, leaf)) {
            revert EvidenceCourtNotAnchored(anchored.batchId, leaf);
        }
    }

    function _anchoredReceipt(AnchoredReceipt calldata anchored) private view returns (address gateway, bytes32 leaf) {
        Batch memory batch = IProofRegistry(registry).batchOf(anchored.batchId);
        gateway = batch.gateway;
        leaf = LeafLib.receiptLeaf(anchored.receipt, registry);
        if (!MerkleProof.verifyCalldata(anchored.proof, batch.root, leaf)) {
            revert EvidenceCourtNotAnchored(anchored.batchId, leaf);
        }
    }

    function _checkReceipt(PoqRecord calldata poqRecord, Receipt calldata receipt) private view {
        bytes32 leaf = LeafLib.receiptLeaf(receipt, registry);
        if (leaf != poqRecord.receiptLeaf) revert EvidenceCourtWrongReceipt(poqRecord.receiptLeaf, leaf);
    }

    function _checkEntries(PoqRecord calldata poqRecord, Entry[] calldata entries) private pure {
        bytes32 given = entries.length == 0 ? bytes32(0) : keccak256(abi.encode(entries));
        if (given != poqRecord.evaluationsHash) revert EvidenceCourtWrongEntries(poqRecord.evaluationsHash, given);
    }

    function _entryAt(
        PoqRecord calldata poqRecord,
        Entry[] calldata entries,
        uint256 index
    ) private pure returns (Entry calldata) {
        _checkEntries(poqRecord, entries);
        if (index >= entries.length) revert EvidenceCourtNoSuchEntry(index, entries.length);
        return entries[index];
    }

    /// @dev What the table in force in `epoch` says of `account`: the proven leaf, or the default. Trust and rates are of no
    ///      family: a leaf that names one is neither. Whether a table says two things of one account, a proof of one leaf
    ///      cannot tell; that is what the dispute window is for.
    function _tableValue(
        uint64 epoch,
        uint8 kind,
        address account,
        TableEvidence calldata evidence
    ) private view returns (uint256) {
        (bytes32 root, uint64 tableEpoch) = IRewardDistributor(distributor).tableOf(epoch);
        if (evidence.useDefault) {
            // A table has a leaf for everybody who was active in its epoch, and for nobody else.
            uint8 role = kind == TABLE_TRUST ? ROLE_EVALUATOR : ROLE_INFERENCE;
            // Whom a genesis table covers, the chain does not know: there only leaves count.
            bool genesisTable = tableEpoch == type(uint64).max;
            if (root != 0 && (genesisTable || INodeStaking(staking).isActive(account, role, tableEpoch))) {
                revert EvidenceCourtNotDefault(account, tableEpoch);
            }
            return kind == TABLE_TRUST ? DEFAULT_TRUST : DEFAULT_RATE_BPS;
        }
        bytes32 leaf = LeafLib.tableLeaf(evidence.leaf, distributor);
        // Without a table the root is zero, and no leaf and no parent hashes to that.
        if (
            evidence.leaf.kind != kind ||
            evidence.leaf.account != account ||
            evidence.leaf.family != FAMILY_ANY ||
            !MerkleProof.verifyCalldata(evidence.proof, root, leaf)
        ) revert EvidenceCourtInvalidTable(root, evidence.leaf);
        return evidence.leaf.value;
    }

    /// @dev Whether a scored record lists as many evaluations as scoring needs, no more than its committee, none twice.
    function _isValidSet(PoqRecord calldata poqRecord, Entry[] calldata entries) private pure returns (bool) {
        uint256 size = poqRecord.committeeSize;
        uint256 needed = Math.max(MIN_REVEALS, Math.ceilDiv(2 * size, 3));
        if (size > MAX_COMMITTEE || entries.length < needed || entries.length > size) return false;
        for (uint256 i = 1; i < entries.length; ++i) {
            for (uint256 j = 0; j < i; ++j) {
                if (entries[i].evaluator == entries[j].evaluator) return false;
            }
        }
        return true;
    }

    function _isConsensus(PoqRecord calldata poqRecord, Entry[] calldata entries) private pure returns (bool) {
        uint256 count = entries.length;
        uint16[] memory trusts = new uint16[](count);
        uint16[] memory accuracies = new uint16[](count);
        uint16[] memory consistencies = new uint16[](count);
        uint16[] memory formats = new uint16[](count);
        for (uint256 i = 0; i < count; ++i) {
            Entry calldata entry = entries[i];
            trusts[i] = entry.trust;
            accuracies[i] = entry.accuracy;
            consistencies[i] = entry.consistency;
            formats[i] = entry.format;
        }
        uint8 mask = poqRecord.activeMask;
        return
            poqRecord.accuracy == _expected(mask, DIMENSION_ACCURACY, accuracies, trusts) &&
            poqRecord.consistency == _expected(mask, DIMENSION_CONSISTENCY, consistencies, trusts) &&
            poqRecord.format == _expected(mask, DIMENSION_FORMAT, formats, trusts);
    }

    function _expected(
        uint8 mask,
        uint8 dimension,
        uint16[] memory scores,
        uint16[] memory trusts
    ) private pure returns (uint16) {
        return mask & dimension == 0 ? 0 : Consensus.aggregate(scores, trusts);
    }

    // ---------------------------------------------------------------------------------------------------- committee

    /// @dev Eligible for the receipt's committee: an evaluator active in the batch's epoch, of another account than the
    ///      node's and the gateway's.
    function _isCandidate(address account, Receipt calldata receipt, uint64 epoch) private view returns (bool) {
        return
            account != receipt.node &&
            account != receipt.gateway &&
            INodeStaking(staking).isActive(account, ROLE_EVALUATOR, epoch);
    }

    function _checkLower(
        bytes32 receiptLeaf,
        Receipt calldata receipt,
        Batch memory batch,
        address member,
        address[] calldata lower
    ) private view {
        bytes32 memberRank = _rankOf(batch.seed, receiptLeaf, member);
        address previous;
        for (uint256 i = 0; i < lower.length; ++i) {
            address account = lower[i];
            if (account <= previous) revert EvidenceCourtUnsorted(previous, account);
            previous = account;
            if (!_isCandidate(account, receipt, batch.epoch)) revert EvidenceCourtNotEligible(account);
            if (_rankOf(batch.seed, receiptLeaf, account) >= memberRank) revert EvidenceCourtNotLower(account);
        }
    }

    function _rankOf(bytes32 seed, bytes32 receiptLeaf, address evaluator) private pure returns (bytes32) {
        return keccak256(abi.encode(COMMITTEE_TAG, seed, receiptLeaf, evaluator));
    }
}

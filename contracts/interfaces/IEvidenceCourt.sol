// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Entry, PoqRecord, Receipt, TableLeaf} from "./Types.sol";

/// @notice Constructor argument of `EvidenceCourt`, the last contract of a deployment. Its constructor reverts unless
///         all four contracts name each other.
/// @param arbiter Gives the verdict on a challenged distribution (a timelock at first).
/// @param minimumBond Least bond of a challenge, base units, above zero.
/// @param bondBps Bond as a share of the challenged epoch's pools. 1…1,000.
struct CourtConfig {
    address staking;
    address registry;
    address distributor;
    address authority;
    address arbiter;
    uint96 minimumBond;
    uint16 bondBps;
}

/// @notice The running challenge of an epoch.
/// @param rulingBy First second at which a verdict slashes nobody any more; the epoch stays disputed until there is one.
struct Challenge {
    address challenger;
    uint96 bond;
    uint64 rulingBy;
    uint32 round;
    bytes32 distributionHash;
}

/// @notice A record, where it is anchored, and its way to the root.
struct AnchoredRecord {
    uint64 batchId;
    PoqRecord poqRecord;
    bytes32[] proof;
}

/// @notice A receipt, where it is anchored, and its way to the root.
struct AnchoredReceipt {
    uint64 batchId;
    Receipt receipt;
    bytes32[] proof;
}

/// @notice Proof of what the table in force says of an account.
/// @dev A table has a leaf for every evaluator (trust) and inference node (rate) that was active in the table's epoch;
///      for everybody else, and while the root is zero, the default holds. `useDefault` claims the default, which is
///      refused for an account that was active then; otherwise `leaf` with its `proof`.
struct TableEvidence {
    bool useDefault;
    TableLeaf leaf;
    bytes32[] proof;
}

/// @title EvidenceCourt
/// @notice Slashes on evidence that proves itself, and keeps the bonds of challenged distributions.
/// @dev Anybody submits, nobody judges. Every `prove…` function reverts unless the facts are complete; then it slashes
///      the offender once for that fact, pays the bounty to the caller and jails the offender. Only an operator's own
///      signature or its own anchor can convict it, so nobody can be framed. Signatures of replaced keys count: a key
///      belongs to its node for ever.
interface IEvidenceCourt {
    event OffenceProven(
        address indexed account,
        uint8 indexed role,
        uint8 indexed kind,
        bytes32 subject,
        address reporter,
        uint256 slashed
    );
    event ChallengeOpened(
        uint64 indexed epoch,
        uint32 indexed round,
        address indexed challenger,
        uint256 bond,
        uint64 rulingBy
    );
    /// @param reward Paid to the challenger beyond its bond.
    event ChallengeResolved(uint64 indexed epoch, uint32 indexed round, bool stands, uint256 bond, uint256 reward);
    event ArbiterChanged(address arbiter);

    error EvidenceCourtZeroAddress();
    error EvidenceCourtMiswired(address contractAddress);
    error EvidenceCourtInvalidBond(uint96 minimumBond, uint16 bondBps);
    error EvidenceCourtUnauthorized(address caller);
    error EvidenceCourtNotChallenged(uint64 challengeId);
    error EvidenceCourtWrongDistribution(bytes32 expected, bytes32 given);
    error EvidenceCourtWrongSigners(bytes32 expected, bytes32 given);
    error EvidenceCourtNoContradiction();
    error EvidenceCourtUnknownSigner(address signer);
    error EvidenceCourtWrongRole(address account, uint8 role);
    error EvidenceCourtDifferentSigners(address first, address second);
    error EvidenceCourtNotAnchored(uint64 batchId, bytes32 leaf);
    error EvidenceCourtWrongStatus(uint8 status);
    error EvidenceCourtWrongEntries(bytes32 expected, bytes32 given);
    error EvidenceCourtNoSuchEntry(uint256 index, uint256 length);
    error EvidenceCourtWrongReceipt(bytes32 expected, bytes32 given);
    error EvidenceCourtNeverDrawn(uint8 flags);
    error EvidenceCourtNotDrawn(uint256 draw, uint256 rateBps);
    error EvidenceCourtInvalidTable(bytes32 root, TableLeaf leaf);
    error EvidenceCourtNotDefault(address account, uint64 tableEpoch);
    error EvidenceCourtNotEligible(address account);
    error EvidenceCourtNotLower(address account);
    error EvidenceCourtUnsorted(address previous, address account);
    error EvidenceCourtTooFew(uint256 given, uint256 required);

    // ------------------------------------------------------------------------------------------- 1. equivocation

    /// @notice A gateway attested two distributions for one (epoch, round).
    function proveTwoDistributions(
        uint64 epoch,
        uint32 round,
        bytes32[2] calldata distributionHashes,
        bytes[2] calldata signatures
    ) external;

    /// @notice A gateway signed two commit sets for one (receiptLeaf, seed, size).
    function proveTwoCommitSets(
        bytes32 receiptLeaf,
        bytes32 seed,
        uint8 size,
        bytes32[2] calldata commitmentsHashes,
        bytes[2] calldata signatures
    ) external;

    /// @notice An evaluator signed two commitments for one (receiptLeaf, seed).
    function proveTwoCommitments(
        bytes32 receiptLeaf,
        bytes32 seed,
        address evaluator,
        bytes32[2] calldata commitments,
        bytes[2] calldata signatures
    ) external;

    // --------------------------------------------------------------------------------------------- 2. bad record

    /// @notice A scored record states a dimension that is not the consensus of its own evaluations (an inactive one: not
    ///         zero), or its evaluations cannot score anything: fewer than max(4, ⌈2 × committeeSize / 3⌉), more than
    ///         the committee, one evaluator twice, or a committee above nine.
    function proveWrongConsensus(AnchoredRecord calldata anchored, Entry[] calldata entries) external;

    /// @notice A record weighs an evaluator by a trust that the table in force does not give it.
    function proveWrongTrust(
        AnchoredRecord calldata anchored,
        Entry[] calldata entries,
        uint256 index,
        TableEvidence calldata evidence
    ) external;

    /// @notice A record lists an evaluation that no key of that evaluator ever signed.
    function proveForeignEvaluation(AnchoredRecord calldata anchored, Entry[] calldata entries, uint256 index) external;

    /// @notice A record calls a receipt unexamined that the seed drew, at the floor rate or at the rate that the table
    ///         in force gives its node.
    /// @param useFloor Whether `floorBps` decides; the table evidence is ignored then.
    function proveSkippedDraw(
        AnchoredRecord calldata anchored,
        Receipt calldata receipt,
        bool useFloor,
        TableEvidence calldata evidence
    ) external;

    // ---------------------------------------------------------------------------------------- 3. wrong committee

    /// @notice A record lists an evaluator who did not belong to the committee: not eligible, or outranked by at least
    ///         `committeeSize` eligible others.
    /// @param lower Eligible accounts of lower rank, strictly ascending by address; may be empty if the listed evaluator
    ///        is not eligible.
    function proveWrongCommittee(
        AnchoredRecord calldata anchored,
        Receipt calldata receipt,
        Entry[] calldata entries,
        uint256 index,
        address[] calldata lower
    ) external;

    // -------------------------------------------------------------------------------------------- 4. double count

    /// @notice Two different records of one (gateway, serial).
    function proveTwoRecords(AnchoredRecord calldata first, AnchoredRecord calldata second) external;

    /// @notice Two different receipts of one (gateway, id).
    function proveTwoReceipts(AnchoredReceipt calldata first, AnchoredReceipt calldata second) external;

    // --------------------------------------------------------------------------------------------- 5. broken word

    /// @notice The gateway signed a receipt for a caller and anchored a different one under the same serial.
    function proveBrokenWord(
        AnchoredReceipt calldata anchored,
        Receipt calldata signedReceipt,
        bytes calldata signature
    ) external;

    // -------------------------------------------------------------------------------------------------- challenges

    /// @notice Disputes a proposed distribution with a bond of max(minimumBond, bondBps of the pools).
    /// @param distributionHash What the caller objects to; guards against a proposal that was swapped meanwhile.
    function challenge(uint64 epoch, bytes32 distributionHash) external;

    /// @notice Verdict on the distribution. Arbiter only.
    /// @dev Stands: final at once, bond burned. Overturned: next round, bond returned; until `rulingBy` every signer is
    ///      slashed and the challenger gets the bounties. A round has one proposal, so that epoch and round name it: a
    ///      verdict that waited in a timelock never meets the proposal of a later round.
    /// @param challengeId epoch + 2³² × round, both as in the event `ChallengeOpened`; in round 0 the epoch itself.
    /// @param signers Accounts that attested, as in the event `DistributionProposed`.
    function rule(uint64 challengeId, bool stands, address[] calldata signers) external;

    /// @notice Authority only.
    function setArbiter(address arbiter) external;

    // ------------------------------------------------------------------------------------------------------- views

    /// @notice Bond that a challenge of this epoch's distribution needs, base units.
    function bondOf(uint64 epoch) external view returns (uint256);

    /// @notice The running challenge; challenger 0 if there is none.
    function challengeOf(uint64 epoch) external view returns (Challenge memory);

    function arbiter() external view returns (address);

    function staking() external view returns (address);

    function registry() external view returns (address);

    function distributor() external view returns (address);
}

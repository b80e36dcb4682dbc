// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Distribution, RewardLeaf, SumNode} from "./Types.sol";

/// @notice Numbers of the emission. A change counts from the next `openEpoch`; every epoch keeps its own copy.
/// @param emissionPpm Share of the reserve that an epoch's pot takes, in millionths. 0…20,000.
/// @param roleSplitBps Shares of inference, evaluators, gateways; they sum to 10,000.
/// @param maxShareBps Most of a pool that one leaf can be paid. 100…10,000.
/// @param maxRewardPerUnit Pools of an epoch are cut to this times its paid units. Base units, above zero.
struct RewardParams {
    uint32 emissionPpm;
    uint16[3] roleSplitBps;
    uint16 maxShareBps;
    uint96 maxRewardPerUnit;
}

/// @notice Constructor argument of `RewardDistributor`.
/// @param staking Deployed before; its clock is copied.
/// @param registry Deployed before; asked for an epoch's paid units.
/// @param court The `EvidenceCourt`, deployed next; the only one that can dispute and resolve.
/// @param authority OpenZeppelin `AccessManager` for `activate`, `setParamsHash` and `setRewardParams`.
/// @param paramsHash keccak256 of the RFC 8785 form of the protocol's parameters file.
/// @param genesisTableRoot Table in force until the first distribution is final; 0 means: defaults for everybody.
struct DistributorConfig {
    address staking;
    address registry;
    address court;
    address authority;
    RewardParams rewardParams;
    bytes32 paramsHash;
    bytes32 genesisTableRoot;
}

/// @notice Life of an epoch: None → Open → Proposed → (Disputed) → Final, or Void. Disputed is left by a verdict only.
enum EpochState {
    None,
    Open,
    Proposed,
    Disputed,
    Final,
    Void
}

/// @notice Everything the chain knows about an epoch. Arrays are by role: inference, evaluator, gateway.
/// @param round Round that a distribution must be attested for.
/// @param roundStartsAt `propose` reverts before it.
/// @param pot What left the reserve at the opening.
/// @param pools Its parts by role; after finalisation: as cut.
/// @param roots Reward trees proposed or final; zeros before.
/// @param electorate Bonded gateway stake at the epoch's start.
/// @param paramsHash Copied at the opening.
/// @param tableRoot Table in force during this epoch, copied at the opening.
/// @param tableEpoch Epoch whose distribution brought that table; 2⁶⁴−1 for the genesis table.
/// @param nextTableRoot Table that this epoch's own distribution brings.
/// @param proposedAt 0 unless there is a proposal.
/// @param finalizableAt End of the dispute window; 0 unless there is a proposal.
/// @param signersHash keccak256(abi.encode(address[])) of the accounts that attested, ascending.
struct EpochInfo {
    EpochState state;
    uint32 round;
    uint64 roundStartsAt;
    uint256 pot;
    uint256[3] pools;
    bytes32[3] roots;
    uint128[3] totals;
    uint32[3] counts;
    uint256 electorate;
    bytes32 paramsHash;
    bytes32 tableRoot;
    uint64 tableEpoch;
    bytes32 nextTableRoot;
    uint64 proposedAt;
    uint64 finalizableAt;
    bytes32 distributionHash;
    bytes32 signersHash;
    uint16 maxShareBps;
    uint96 maxRewardPerUnit;
}

/// @title RewardDistributor
/// @notice Turns anchored quality into DGAI: one pot per epoch, one Merkle sum tree per role, claims whose amount is
///         computed here from quality × volume × difficulty × feedback.
/// @dev Solvency does not rest on who signs: the sum tree bounds Σ weights by the total that payouts are divided by.
///      Invariant: balance = reserve + Σ over open, proposed, disputed and final epochs of (pools − claimed), plus
///      uninvited gifts, where `claimed` sums amount and returned of the epoch's `Claimed` events. It is not stored: no
///      decision of the contract needs it, and the shares under one (root, total) cannot exceed the pool.
///      All divisions round down; dust stays in the contract.
interface IRewardDistributor {
    event Funded(address indexed from, uint256 amount, uint256 reserve);
    event Activated(uint64 epoch);
    event ParamsHashChanged(bytes32 paramsHash);
    event RewardParamsChanged(RewardParams params);
    event EpochOpened(
        uint64 indexed epoch,
        uint256 pot,
        uint256[3] pools,
        uint256 electorate,
        bytes32 paramsHash,
        bytes32 tableRoot,
        uint64 tableEpoch,
        uint16 maxShareBps,
        uint96 maxRewardPerUnit
    );
    /// @param signers Accounts, not keys, ascending.
    event DistributionProposed(
        uint64 indexed epoch,
        uint32 indexed round,
        bytes32 indexed distributionHash,
        Distribution distribution,
        address[] signers,
        uint256 signedStake
    );
    event RoundStarted(uint64 indexed epoch, uint32 indexed round, uint64 startsAt);
    event EpochDisputed(uint64 indexed epoch, uint32 indexed round);
    event DistributionOverturned(uint64 indexed epoch, uint32 indexed round, bytes32 indexed distributionHash);
    /// @param pools As cut; `returned` is what went back to the reserve by the cut and by empty roles.
    event EpochFinalized(uint64 indexed epoch, bytes32 indexed distributionHash, uint256[3] pools, uint256 returned);
    event EpochVoided(uint64 indexed epoch, uint256 returned);
    /// @param returned What the cap took off, back to the reserve.
    event Claimed(
        address indexed account,
        uint8 indexed role,
        uint64 indexed epoch,
        address payout,
        uint256 amount,
        uint256 returned
    );

    error RewardDistributorZeroAddress();
    error RewardDistributorZeroAmount();
    error RewardDistributorInvalidParams(RewardParams params);
    error RewardDistributorUnauthorized(address caller);
    error RewardDistributorAlreadyActive();
    error RewardDistributorUnexpectedEpoch(uint64 expected, uint64 given);
    error RewardDistributorEpochNotStarted(uint64 epoch, uint64 startsAt);
    error RewardDistributorWrongState(uint64 epoch, EpochState state);
    error RewardDistributorWrongRound(uint64 epoch, uint32 expected, uint32 given);
    error RewardDistributorRoundNotStarted(uint64 epoch, uint64 startsAt);
    error RewardDistributorRoundRunning(uint64 epoch, uint64 endsAt);
    error RewardDistributorProposalsClosed(uint64 epoch, uint64 closedAt);
    error RewardDistributorWrongParams(bytes32 expected, bytes32 given);
    error RewardDistributorInconsistentRole(uint8 role, bytes32 root, uint128 total, uint32 count);
    error RewardDistributorZeroHash();
    error RewardDistributorTooManySignatures(uint256 given, uint256 maximum);
    error RewardDistributorUnsortedSigners(address previous, address account);
    error RewardDistributorNotAttester(address signer);
    error RewardDistributorNoQuorum(uint256 signedStake, uint256 totalStake);
    error RewardDistributorDisputeWindowOpen(uint64 epoch, uint64 finalizableAt);
    error RewardDistributorDisputeWindowClosed(uint64 epoch, uint64 finalizableAt);
    error RewardDistributorNotVoidable(uint64 epoch, uint64 voidableAt);
    error RewardDistributorInvalidLeaf(RewardLeaf leaf);
    error RewardDistributorInvalidProof(uint64 epoch, uint8 role, address account);
    error RewardDistributorAlreadyClaimed(uint64 epoch, uint8 role, address account);
    error RewardDistributorNoPayout(address account, uint8 role);
    error RewardDistributorLengthMismatch(uint256 leaves, uint256 proofs);
    error RewardDistributorMixedClaim(address account, uint8 role);

    // ---------------------------------------------------------------------------------------------------- emission

    /// @notice Adds DGAI to the reserve; anybody may. Counts what arrives.
    function fund(uint256 amount) external;

    /// @notice Ends the shadow epochs: pots are zero before. Authority only, once.
    function activate() external;

    /// @notice Opens epoch `epoch`: pots leave the reserve; parameters, table and electorate are fixed. Anybody, from the
    ///         epoch's start, in order.
    function openEpoch(uint64 epoch) external;

    /// @notice Parameters hash for epochs that are not open yet. Authority only.
    function setParamsHash(bytes32 paramsHash) external;

    /// @notice Emission numbers for epochs that are not open yet. Authority only.
    function setRewardParams(RewardParams calldata params) external;

    // ------------------------------------------------------------------------------------------------ distribution

    /// @notice Puts a distribution forward. Stands when the signers hold more than two thirds of the epoch's electorate.
    /// @dev From `roundStartsAt` until one unbonding period after the epoch's end.
    /// @param signatures EIP-712 `EpochAttestation(epoch, round, distributionHash)` by current gateway signers, ordered
    ///        by their accounts, strictly ascending; at most 64.
    function propose(Distribution calldata distribution, bytes[] calldata signatures) external;

    /// @notice Starts the next round when the running one brought no quorum within `roundDuration`. Anybody.
    function nextRound(uint64 epoch) external;

    /// @notice Makes an undisputed distribution final once its dispute window is over. Anybody.
    function finalize(uint64 epoch) external;

    /// @notice Gives up an epoch that has ended with an empty electorate, or is still without a standing proposal one
    ///         unbonding period after its end. Its pools return to the reserve. Anybody.
    function voidEpoch(uint64 epoch) external;

    /// @notice Freezes a proposal until a verdict. Court only, inside the dispute window.
    function dispute(uint64 epoch) external;

    /// @notice Verdict on a disputed proposal: final at once, or overturned (round + 1). Court only.
    function resolve(uint64 epoch, bool stands) external;

    // ------------------------------------------------------------------------------------------------------ claims

    /// @notice Pays a leaf of a final epoch to the payout address registered now. Anybody may call it for anybody.
    /// @dev `amount = min(pool × weight / total, pool × maxShareBps / 10,000)`. Claims never expire, cannot be paused.
    /// @return amount Paid, base units.
    function claim(RewardLeaf calldata leaf, SumNode[] calldata proof) external returns (uint256 amount);

    /// @notice Claims many epochs of one (account, role) with one transfer, skipping what is claimed already.
    function claimMany(RewardLeaf[] calldata leaves, SumNode[][] calldata proofs) external returns (uint256 amount);

    /// @notice Claims leaves of any accounts, each paid to its own payout, skipping what is claimed already.
    function claimFor(RewardLeaf[] calldata leaves, SumNode[][] calldata proofs) external returns (uint256 amount);

    // ------------------------------------------------------------------------------------------------------- views

    /// @notice What `claim` would pay for this leaf, were it in the tree and unclaimed. Reverts unless the epoch is final.
    /// @return amount Base units.
    /// @return claimed Whether (account, role, epoch) is claimed already.
    function previewClaim(RewardLeaf calldata leaf) external view returns (uint256 amount, bool claimed);

    /// @notice Whether the leaf is in the epoch's tree (proposed, disputed or final).
    function verifyReward(RewardLeaf calldata leaf, SumNode[] calldata proof) external view returns (bool);

    function hashReward(RewardLeaf calldata leaf) external view returns (bytes32);

    function isClaimed(address account, uint8 role, uint64 epoch) external view returns (bool);

    function epochInfo(uint64 epoch) external view returns (EpochInfo memory);

    function stateOf(uint64 epoch) external view returns (EpochState);

    /// @notice Whether `openEpoch` has happened for it.
    function isOpened(uint64 epoch) external view returns (bool);

    /// @notice Trust and rate table in force during an opened epoch.
    function tableOf(uint64 epoch) external view returns (bytes32 root, uint64 tableEpoch);

    /// @notice The next epoch that `openEpoch` takes.
    function nextEpochToOpen() external view returns (uint64);

    /// @notice Highest final epoch.
    function latestFinal() external view returns (bool exists, uint64 epoch);

    function reserve() external view returns (uint256);

    function active() external view returns (bool);

    function paramsHash() external view returns (bytes32);

    function rewardParams() external view returns (RewardParams memory);

    function distributionHashOf(Distribution calldata distribution) external pure returns (bytes32);

    /// @notice EIP-712 digest that gateways sign for a distribution.
    function attestationDigest(uint64 epoch, uint32 round, bytes32 distributionHash) external view returns (bytes32);

    /// @notice Order of a gateway in a round; the smallest leads: it publishes the distribution, the others check it.
    function leaderRank(uint64 epoch, uint32 round, address account) external pure returns (bytes32);

    function token() external view returns (address);

    function staking() external view returns (address);

    function registry() external view returns (address);

    function court() external view returns (address);
}

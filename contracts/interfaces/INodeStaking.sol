// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Timing} from "./Types.sol";

/// @notice Immutable numbers of slashing and jail.
/// @param offenceBps Share of the slash base taken per proven offence. 500…2,000.
/// @param epochCapBps Most of the base that one epoch can take. `offenceBps`…5,000.
/// @param abandonedBps Share taken for a batch without records. 1…200.
/// @param bountyBps Share of a slash that goes to whoever proved it; the rest burns. 0…1,000.
/// @param jailEpochs Whole epochs a jailed node stays out. 1…52.
struct SlashConfig {
    uint16 offenceBps;
    uint16 epochCapBps;
    uint16 abandonedBps;
    uint16 bountyBps;
    uint32 jailEpochs;
}

/// @notice Constructor argument of `NodeStaking`.
/// @dev The contracts refer to each other by immutable addresses. `NodeStaking` is deployed first, so the addresses of
///      `registry` and `court` are computed beforehand from the deployer's nonce (CREATE). `EvidenceCourt`, deployed
///      last, reverts unless every contract points at every other one: a deployment is wired right or does not exist.
/// @param token DGAI.
/// @param registry The `ProofRegistry` that charges fees and reports abandoned batches.
/// @param court The `EvidenceCourt` that slashes and jails.
/// @param authority OpenZeppelin `AccessManager` for the two admin functions.
/// @param minimumStakes By role, each above zero.
struct StakingConfig {
    address token;
    address registry;
    address court;
    address authority;
    Timing timing;
    uint96[3] minimumStakes;
    SlashConfig slash;
}

/// @notice Everything the chain knows about one node, as `nodeOf` and `nodesOf` return it.
/// @param account Cold key: registers, stakes, unbonds, is slashed.
/// @param stake At risk and counting. Base units.
/// @param unbonding Requested exit: no longer counts, still at risk.
/// @param unbondingAvailableAt From this second on `unbonding` may be withdrawn; 0 if there is none.
/// @param activeFromEpoch First epoch of the current membership; `NEVER` (2³²−1) while there is none.
/// @param inactiveFromEpoch First epoch after it; `NEVER` while it has no end.
/// @param jailedUntilEpoch First epoch in which anybody may unjail the node; 0 if it is not jailed.
/// @param signer Hot key in force.
/// @param payout Where rewards go.
/// @param pendingPayout Proposed payout that has not accepted yet; 0 if none.
/// @param registeredAt Second of registration; 0 means: no such node.
struct NodeInfo {
    address account;
    uint8 role;
    uint96 stake;
    uint96 unbonding;
    uint64 unbondingAvailableAt;
    uint64 activeFromEpoch;
    uint64 inactiveFromEpoch;
    uint64 jailedUntilEpoch;
    address signer;
    address payout;
    address pendingPayout;
    uint64 registeredAt;
    bytes32 metadataHash;
    string metadataUri;
}

/// @title NodeStaking
/// @notice Who takes part, with what at risk, under which keys; and the balances gateways pay their fees from.
/// @dev A node is (account, role). Three keys: account (cold), signer (hot), payout. Nothing about keys is ever deleted.
///      Assumes that the token is DGAI: no fee on transfer, no callback.
///      The contract's balance is always Σ(stake + unbonding) + Σ fee balances + `pendingBurn`, plus uninvited gifts.
///      Joining, leaving and jail take effect for committees and the electorate at the start of the next epoch;
///      before genesis the next epoch is 0. Dropping below the minimum stops anchoring and attesting at once.
interface INodeStaking {
    // ---------------------------------------------------------------------------------------------------- events

    event NodeRegistered(
        address indexed account,
        uint8 indexed role,
        address indexed signer,
        address payout,
        string metadataUri,
        bytes32 metadataHash
    );
    event SignerChanged(address indexed account, uint8 indexed role, address indexed signer, address previous);
    event MetadataChanged(address indexed account, uint8 indexed role, string metadataUri, bytes32 metadataHash);
    event PayoutProposed(address indexed account, uint8 indexed role, address indexed payout);
    event PayoutChanged(address indexed account, uint8 indexed role, address indexed payout, address previous);
    /// @notice `stake` is the amount in force afterwards, here and in the next three events.
    event Staked(address indexed account, uint8 indexed role, uint256 amount, uint256 stake);
    event UnbondRequested(
        address indexed account,
        uint8 indexed role,
        uint256 amount,
        uint256 stake,
        uint256 unbonding,
        uint64 availableAt
    );
    event UnbondCancelled(
        address indexed account,
        uint8 indexed role,
        uint256 amount,
        uint256 stake,
        uint256 unbonding
    );
    event Withdrawn(address indexed account, uint8 indexed role, uint256 amount);
    event Slashed(
        address indexed account,
        uint8 indexed role,
        bytes32 indexed offenceId,
        uint8 kind,
        bytes32 subject,
        uint256 fromStake,
        uint256 fromUnbonding,
        address beneficiary,
        uint256 bounty
    );
    /// @notice The node's membership is now `[activeFromEpoch, inactiveFromEpoch)`.
    event MembershipChanged(
        address indexed account,
        uint8 indexed role,
        uint64 activeFromEpoch,
        uint64 inactiveFromEpoch
    );
    event Jailed(address indexed account, uint8 indexed role, uint64 untilEpoch);
    event Unjailed(address indexed account, uint8 indexed role);
    event FeesDeposited(address indexed gateway, address indexed from, uint256 amount);
    event FeesWithdrawn(address indexed gateway, uint256 amount);
    event FeesCharged(address indexed gateway, uint256 amount);
    event PendingBurned(uint256 amount);
    event StakingPaused(bool paused);

    // ---------------------------------------------------------------------------------------------------- errors

    error NodeStakingZeroAddress();
    error NodeStakingZeroAmount();
    error NodeStakingInvalidTiming(Timing timing);
    error NodeStakingInvalidSlashConfig(SlashConfig config);
    error NodeStakingInvalidMinimumStake(uint8 role);
    error NodeStakingInvalidRole(uint8 role);
    error NodeStakingAlreadyRegistered(address account, uint8 role);
    error NodeStakingNotRegistered(address account, uint8 role);
    error NodeStakingSignerTaken(address signer, address account, uint8 role);
    error NodeStakingSignatureExpired(uint64 deadline, uint256 time);
    error NodeStakingInvalidSignature(address expected, address recovered);
    error NodeStakingMetadataTooLong(uint256 length, uint256 maximum);
    error NodeStakingNotPendingPayout(address caller, address pending);
    error NodeStakingInsufficientStake(address account, uint8 role, uint256 available, uint256 required);
    error NodeStakingInsufficientUnbonding(address account, uint8 role, uint256 available, uint256 required);
    error NodeStakingInsufficientFees(address gateway, uint256 available, uint256 required);
    error NodeStakingNothingToWithdraw(address account, uint8 role);
    error NodeStakingStillUnbonding(address account, uint8 role, uint64 availableAt);
    error NodeStakingPaused();
    error NodeStakingUnauthorized(address caller);
    error NodeStakingNotCurrentSigner(address signer, uint8 role);
    error NodeStakingNotEligible(address account, uint8 role, uint64 epoch);
    error NodeStakingOffenceKnown(bytes32 offenceId);
    error NodeStakingNotSilent(address gateway, uint64 silentSinceEpoch, uint64 epoch);
    error NodeStakingJailed(address account, uint8 role, uint64 untilEpoch);
    error NodeStakingNotJailed(address account, uint8 role);

    // -------------------------------------------------------------------------------------------- keys and profile

    /// @notice Enters the caller as a node of `role`. It takes part once its stake reaches the minimum.
    /// @param role 0 inference, 1 evaluator, 2 gateway.
    /// @param signer Hot key; belongs to this (account, role) for ever, even after it is replaced.
    /// @param deadline Last second at which `signerSignature` counts.
    /// @param signerSignature EIP-712 `OperatorAuth(account, role, signer, deadline)`, signed by `signer`: nobody can
    ///        register a key that is not theirs.
    /// @param payout Where rewards go.
    /// @param metadataUri At most 2,048 bytes.
    /// @param metadataHash keccak256 of the metadata document's bytes.
    function register(
        uint8 role,
        address signer,
        uint64 deadline,
        bytes calldata signerSignature,
        address payout,
        string calldata metadataUri,
        bytes32 metadataHash
    ) external;

    /// @notice Replaces the hot key. The old one loses all rights but stays attributable: what it signed can be proven.
    function setSigner(uint8 role, address signer, uint64 deadline, bytes calldata signerSignature) external;

    function setMetadata(uint8 role, string calldata metadataUri, bytes32 metadataHash) external;

    /// @notice First half of a payout change; zero withdraws an open proposal.
    function proposePayout(uint8 role, address payout) external;

    /// @notice Second half, called by the proposed address itself, so that rewards cannot be sent to a typing error.
    function acceptPayout(address account, uint8 role) external;

    // ------------------------------------------------------------------------------------------------------- stake

    /// @notice Adds stake from the caller's tokens (allowance needed). The only calls that a pause can stop are this
    ///         and `stakeWithPermit`.
    function stake(uint8 role, uint256 amount) external;

    /// @notice `stake` with an EIP-2612 signature. A permit that somebody else submitted first does no harm.
    function stakeWithPermit(uint8 role, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Moves `amount` from stake to unbonding.
    /// @dev There is one unbonding amount per node: a further request joins it and restarts its clock. Warning: withdraw
    ///      a matured amount first.
    function requestUnbond(uint8 role, uint256 amount) external;

    /// @notice Moves `amount` from unbonding back to stake; what is left keeps its clock.
    function cancelUnbond(uint8 role, uint256 amount) external;

    /// @notice Pays a matured unbonding amount to the account.
    function withdraw(uint8 role) external;

    /// @notice Takes everything out: pays matured unbonding (and a gateway's fee balance) at once, and starts unbonding
    ///         of all stake. Called again after the waiting time it pays the rest. Works in jail and while paused.
    function close(uint8 role) external;

    // -------------------------------------------------------------------------------------------------------- fees

    /// @notice Pays `amount` into a registered gateway's fee balance; anybody may.
    function depositFees(address gateway, uint256 amount) external;

    /// @notice Takes `amount` out of the caller's fee balance. Fee balances are not at risk.
    function withdrawFees(uint256 amount) external;

    // ----------------------------------------------------------------------------------------- slash, jail, burning

    /// @notice Takes part of a node's stake and unbonding. Only the court (`offenceBps`) and the registry
    ///         (`abandonedBps`, kind ABANDONED).
    /// @dev The base is stake + unbonding at the node's first slash of the epoch. Takes
    ///      `min(base × bps / 10,000, what the epoch cap leaves, what is there)`, rounded down, from unbonding and stake
    ///      in proportion; never reverts because of the amount. Reverts if the offence is known.
    /// @param beneficiary Receives the bounty; zero for none.
    /// @return slashed What was taken, bounty included.
    function slash(
        address account,
        uint8 role,
        uint8 kind,
        bytes32 subject,
        address beneficiary
    ) external returns (uint256 slashed);

    /// @notice Puts a node out of committees, routing and the electorate from the next epoch. Court only.
    function jail(address account, uint8 role) external;

    /// @notice Jails a gateway that anchored nothing in two whole epochs. Anybody.
    /// @dev With m = max(epoch of its last anchor, `activeFromEpoch`) the current epoch must be above m + 2.
    function jailSilent(address gateway) external;

    /// @notice Ends a jail whose time is over. Anybody. The node is active again from the next epoch if its stake allows.
    function unjail(address account, uint8 role) external;

    /// @notice Burns what slashes and fees left behind. Anybody.
    function burnSlashed() external;

    /// @notice Charges an anchor: checks that `signer` is the current signer of a gateway that is active in `epoch` and
    ///         not below the minimum, and takes `fee` from its fee balance (to be burned). Registry only.
    function chargeAnchor(address signer, uint64 epoch, uint256 fee) external returns (address gateway);

    /// @notice Stops or allows new stake. Authority only; nothing else can be paused.
    function setStakingPaused(bool paused) external;

    // ------------------------------------------------------------------------------------------------------- views

    function nodeOf(address account, uint8 role) external view returns (NodeInfo memory);

    /// @notice Number of nodes ever registered in `role`.
    function nodeCount(uint8 role) external view returns (uint256);

    /// @notice Nodes of `role` in order of registration, `[from, from + limit)` cut to what exists.
    function nodesOf(uint8 role, uint256 from, uint256 limit) external view returns (NodeInfo[] memory);

    /// @notice Whom a key belongs or belonged to; account 0 if nobody.
    function accountOfSigner(address signer) external view returns (address account, uint8 role);

    /// @notice The account whose *current* signer this is, in `role`; 0 if there is none.
    function accountOfCurrentSigner(address signer, uint8 role) external view returns (address account);

    /// @notice Where a node's rewards go; 0 if it is not registered.
    function payoutOf(address account, uint8 role) external view returns (address);

    /// @notice Whether the node belongs to committees and electorate of `epoch`. Exact for past epochs; for future ones
    ///         it is what holds if nothing happens.
    function isActive(address account, uint8 role, uint64 epoch) external view returns (bool);

    /// @notice Active in the current epoch, stake at or above the minimum, not jailed: may be routed to, may anchor.
    ///         Before genesis: whether it will be active in epoch 0.
    function isEligible(address account, uint8 role) external view returns (bool);

    function stakeOf(address account, uint8 role) external view returns (uint256);

    function feeBalanceOf(address gateway) external view returns (uint256);

    /// @notice Bonded stake of a gateway, fixed at the start of `epoch`; 0 if it was not active.
    function gatewayStakeAt(address account, uint64 epoch) external view returns (uint256);

    /// @notice Sum of `gatewayStakeAt` over all gateways.
    function totalGatewayStakeAt(uint64 epoch) external view returns (uint256);

    /// @notice Like `gatewayStakeAt`, for the gateway that `signer` signs for now, but at most what a dispute about a
    ///         proposal of this block can still reach: its stake, and what unbonds if that cannot leave before the end
    ///         of the dispute window and the arbiter's deadline. 0 if its stake is below the minimum at this moment or
    ///         the key is not in force.
    function attesterOf(address signer, uint64 epoch) external view returns (address account, uint256 weight);

    function isOffenceKnown(bytes32 offenceId) external view returns (bool);

    /// @notice Tokens waiting for `burnSlashed`.
    function pendingBurn() external view returns (uint256);

    function stakingPaused() external view returns (bool);

    function minimumStake(uint8 role) external view returns (uint256);

    function slashConfig() external view returns (SlashConfig memory);

    function timing() external view returns (Timing memory);

    function genesis() external view returns (uint64);

    function epochDuration() external view returns (uint64);

    /// @notice The epoch that `time` lies in; reverts before genesis.
    function epochOf(uint64 time) external view returns (uint64);

    /// @notice The epoch of this block; reverts before genesis.
    function currentEpoch() external view returns (uint64);

    /// @notice The first epoch that has not begun: 0 before genesis, else `currentEpoch() + 1`.
    function nextEpoch() external view returns (uint64);

    /// @notice EIP-712 domain separator of the whole network (name `DGrid`, version `1`, this chain, this contract).
    function domainSeparator() external view returns (bytes32);

    function token() external view returns (address);

    function registry() external view returns (address);

    function court() external view returns (address);
}

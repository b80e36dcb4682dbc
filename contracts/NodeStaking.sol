// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20Burnable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Burnable.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {INodeStaking, NodeInfo, SlashConfig, StakingConfig} from "./interfaces/INodeStaking.sol";
import {IProofRegistry} from "./interfaces/IProofRegistry.sol";
import {
    BPS,
    OFFENCE_ABANDONED,
    ROLE_COUNT,
    ROLE_EVALUATOR,
    ROLE_GATEWAY,
    ROLE_INFERENCE,
    Timing
} from "./interfaces/Types.sol";
import {EpochLib} from "./libraries/EpochLib.sol";
import {MessageLib} from "./libraries/MessageLib.sol";
import {ReentrancyLock} from "./libraries/ReentrancyLock.sol";
import {StakeTrace} from "./libraries/StakeTrace.sol";

/// @title NodeStaking
/// @notice Nodes, their stake and keys, and gateways' fee balances. The manual is `INodeStaking`.
contract NodeStaking is INodeStaking, AccessManaged, EIP712, ReentrancyLock {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;
    using StakeTrace for StakeTrace.Trace;

    /// @dev A node's hot state in three slots; a claim reads one of them, an anchor two.
    struct Node {
        // slot 0: money. slashedBps belongs to slashEpoch; registered keeps the slot from being empty, so that the first
        // stake does not pay for a new one.
        uint96 stake;
        uint96 unbonding;
        uint40 unbondingAvailableAt;
        uint16 slashedBps;
        bool registered;
        // slot 1: payout and membership
        address payout;
        uint32 activeFromEpoch;
        uint32 inactiveFromEpoch;
        uint32 jailedUntilEpoch;
        // slot 2: hot key, and what slashes of slashEpoch are measured against (in 10⁹ base units, rounded up)
        address signer;
        uint32 slashEpoch;
        uint64 slashBase;
        // slot 3
        address pendingPayout;
        uint64 registeredAt;
        // slots 4 and following
        bytes32 metadataHash;
        string metadataUri;
    }

    struct Signer {
        address account;
        uint8 role;
        bool current;
    }

    /// @dev A membership that has ended: `[from, until)`.
    struct Membership {
        uint32 from;
        uint32 until;
    }

    uint32 public constant NEVER = EpochLib.NEVER;
    uint256 public constant MAX_METADATA_URI_BYTES = 2_048;
    uint256 public constant MIN_UNBONDING = 7 days;
    uint256 public constant MAX_UNBONDING = 28 days;
    /// @dev Hardhat's and Anvil's chain id. Only there may unbonding be shorter than seven days, so that a demonstration
    ///      can show a whole exit; no public chain has it.
    uint256 private constant LOCAL_CHAIN_ID = 31_337;
    uint256 private constant SLASH_UNIT = 1e9;
    /// @dev Whole epochs that a gateway may stay silent.
    uint256 private constant SILENT_EPOCHS = 2;

    address public immutable token;
    address public immutable registry;
    address public immutable court;
    uint64 public immutable genesis;
    uint64 public immutable epochDuration;
    uint64 private immutable _recordWindow;
    uint64 private immutable _roundDuration;
    uint64 private immutable _disputeWindow;
    uint64 private immutable _arbiterDeadline;
    uint64 private immutable _unbonding;
    uint96 private immutable _minimumInference;
    uint96 private immutable _minimumEvaluator;
    uint96 private immutable _minimumGateway;
    uint16 private immutable _offenceBps;
    uint16 private immutable _epochCapBps;
    uint16 private immutable _abandonedBps;
    uint16 private immutable _bountyBps;
    uint32 private immutable _jailEpochs;

    mapping(address account => Node[ROLE_COUNT]) private _nodes;
    mapping(address signer => Signer) private _signers;
    mapping(address account => mapping(uint8 role => Membership[])) private _pastMemberships;
    mapping(address gateway => StakeTrace.Trace) private _gatewayStakes;
    StakeTrace.Trace private _totalGatewayStake;
    mapping(address gateway => uint256) private _fees;
    mapping(bytes32 offenceId => bool) private _offences;
    address[][ROLE_COUNT] private _accounts;
    uint256 public pendingBurn;
    bool public stakingPaused;

    modifier onlyCourt() {
        if (msg.sender != court) revert NodeStakingUnauthorized(msg.sender);
        _;
    }

    constructor(StakingConfig memory config) AccessManaged(config.authority) EIP712("DGrid", "1") {
        if (
            config.token == address(0) ||
            config.registry == address(0) ||
            config.court == address(0) ||
            config.authority == address(0)
        ) revert NodeStakingZeroAddress();
        _checkTiming(config.timing);
        _checkSlashConfig(config.slash);
        for (uint8 role = 0; role < ROLE_COUNT; ++role) {
            if (config.minimumStakes[role] == 0) revert NodeStakingInvalidMinimumStake(role);
        }
        token = config.token;
        registry = config.registry;
        court = config.court;
        genesis = config.timing.genesis;
        epochDuration = config.timing.epochDuration;
        _recordWindow = config.timing.recordWindow;
        _roundDuration = config.timing.roundDuration;
        _disputeWindow = config.timing.disputeWindow;
        _arbiterDeadline = config.timing.arbiterDeadline;
        _unbonding = config.timing.unbonding;
        _minimumInference = config.minimumStakes[ROLE_INFERENCE];
        _minimumEvaluator = config.minimumStakes[ROLE_EVALUATOR];
        _minimumGateway = config.minimumStakes[ROLE_GATEWAY];
        _offenceBps = config.slash.offenceBps;
        _epochCapBps = config.slash.epochCapBps;
        _abandonedBps = config.slash.abandonedBps;
        _bountyBps = config.slash.bountyBps;
        _jailEpochs = config.slash.jailEpochs;
    }

    // -------------------------------------------------------------------------------------------- keys and profile

    /// @inheritdoc INodeStaking
    function register(
        uint8 role,
        address signer,
        uint64 deadline,
        bytes calldata signerSignature,
        address payout,
        string calldata metadataUri,
        bytes32 metadataHash
    ) external {
        if (role >= ROLE_COUNT) revert NodeStakingInvalidRole(role);
        if (payout == address(0)) revert NodeStakingZeroAddress();
        Node storage node = _nodes[msg.sender][role];
        if (node.registered) revert NodeStakingAlreadyRegistered(msg.sender, role);
        _checkMetadata(metadataUri);
        _takeSigner(role, signer, deadline, signerSignature);

        node.registered = true;
        node.signer = signer;
        node.payout = payout;
        node.activeFromEpoch = NEVER;
        node.inactiveFromEpoch = NEVER;
        node.registeredAt = uint64(block.timestamp);
        node.metadataHash = metadataHash;
        node.metadataUri = metadataUri;
        _accounts[role].push(msg.sender);
        emit NodeRegistered(msg.sender, role, signer, payout, metadataUri, metadataHash);
    }

    /// @inheritdoc INodeStaking
    function setSigner(uint8 role, address signer, uint64 deadline, bytes calldata signerSignature) external {
        Node storage node = _registered(msg.sender, role);
        _takeSigner(role, signer, deadline, signerSignature);
        address previous = node.signer;
        _signers[previous].current = false;
        node.signer = signer;
        emit SignerChanged(msg.sender, role, signer, previous);
    }

    /// @inheritdoc INodeStaking
    function setMetadata(uint8 role, string calldata metadataUri, bytes32 metadataHash) external {
        Node storage node = _registered(msg.sender, role);
        _checkMetadata(metadataUri);
        node.metadataUri = metadataUri;
        node.metadataHash = metadataHash;
        emit MetadataChanged(msg.sender, role, metadataUri, metadataHash);
    }

    /// @inheritdoc INodeStaking
    function proposePayout(uint8 role, address payout) external {
        _registered(msg.sender, role).pendingPayout = payout;
        emit PayoutProposed(msg.sender, role, payout);
    }

    /// @inheritdoc INodeStaking
    function acceptPayout(address account, uint8 role) external {
        Node storage node = _registered(account, role);
        if (msg.sender != node.pendingPayout) revert NodeStakingNotPendingPayout(msg.sender, node.pendingPayout);
        address previous = node.payout;
        node.pendingPayout = address(0);
        node.payout = msg.sender;
        emit PayoutChanged(account, role, msg.sender, previous);
    }

    // ------------------------------------------------------------------------------------------------------- stake

    /// @inheritdoc INodeStaking
    function stake(uint8 role, uint256 amount) external nonReentrant {
        _stake(role, amount);
    }

    /// @inheritdoc INodeStaking
    function stakeWithPermit(
        uint8 role,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        // A permit used up by a front-runner has already given the allowance; without one the transfer below reverts.
        try IERC20Permit(token).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _stake(role, amount);
    }

    /// @inheritdoc INodeStaking
    function requestUnbond(uint8 role, uint256 amount) external {
        if (amount == 0) revert NodeStakingZeroAmount();
        (Node storage node, uint96 staked, uint96 unbonding) = _balances(msg.sender, role);
        if (amount > staked) revert NodeStakingInsufficientStake(msg.sender, role, staked, amount);
        // casting to 'uint96' is safe because the line above bounds it
        _unbond(node, role, uint96(amount), staked, unbonding);
        _stakeChanged(node, msg.sender, role, staked, staked - amount);
    }

    /// @inheritdoc INodeStaking
    function cancelUnbond(uint8 role, uint256 amount) external {
        if (amount == 0) revert NodeStakingZeroAmount();
        (Node storage node, uint96 before, uint96 unbonding) = _balances(msg.sender, role);
        if (amount > unbonding) revert NodeStakingInsufficientUnbonding(msg.sender, role, unbonding, amount);
        // casting to 'uint96' is safe because the line above bounds it
        uint96 staked = before + uint96(amount);
        unbonding -= uint96(amount);
        node.stake = staked;
        node.unbonding = unbonding;
        if (unbonding == 0) node.unbondingAvailableAt = 0;
        emit UnbondCancelled(msg.sender, role, amount, staked, unbonding);
        _stakeChanged(node, msg.sender, role, before, staked);
    }

    /// @inheritdoc INodeStaking
    function withdraw(uint8 role) external nonReentrant {
        Node storage node = _registered(msg.sender, role);
        uint256 amount = _takeMatured(node, role);
        if (amount == 0) {
            if (node.unbonding == 0) revert NodeStakingNothingToWithdraw(msg.sender, role);
            revert NodeStakingStillUnbonding(msg.sender, role, node.unbondingAvailableAt);
        }
        IERC20(token).safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc INodeStaking
    function close(uint8 role) external nonReentrant {
        Node storage node = _registered(msg.sender, role);
        uint96 staked = node.stake;
        uint256 amount = _takeMatured(node, role);
        if (role == ROLE_GATEWAY) amount += _takeFees(_fees[msg.sender]);
        if (staked > 0) {
            _unbond(node, role, staked, staked, node.unbonding);
            _stakeChanged(node, msg.sender, role, staked, 0);
        } else if (amount == 0) {
            if (node.unbonding == 0) revert NodeStakingNothingToWithdraw(msg.sender, role);
            revert NodeStakingStillUnbonding(msg.sender, role, node.unbondingAvailableAt);
        }
        if (amount > 0) IERC20(token).safeTransfer(msg.sender, amount);
    }

    // -------------------------------------------------------------------------------------------------------- fees

    /// @inheritdoc INodeStaking
    function depositFees(address gateway, uint256 amount) external nonReentrant {
        if (amount == 0) revert NodeStakingZeroAmount();
        _registered(gateway, ROLE_GATEWAY);
        _fees[gateway] += amount;
        emit FeesDeposited(gateway, msg.sender, amount);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc INodeStaking
    function withdrawFees(uint256 amount) external nonReentrant {
        if (amount == 0) revert NodeStakingZeroAmount();
        IERC20(token).safeTransfer(msg.sender, _takeFees(amount));
    }

    // ----------------------------------------------------------------------------------------- slash, jail, burning

    /// @inheritdoc INodeStaking
    function slash(
        address account,
        uint8 role,
        uint8 kind,
        bytes32 subject,
        address beneficiary
    ) external nonReentrant returns (uint256 slashed) {
        bool abandoned = kind == OFFENCE_ABANDONED;
        if (msg.sender != (abandoned ? registry : court)) revert NodeStakingUnauthorized(msg.sender);
        Node storage node = _registered(account, role);
        bytes32 offenceId = keccak256(abi.encode(kind, account, subject));
        if (_offences[offenceId]) revert NodeStakingOffenceKnown(offenceId);
        _offences[offenceId] = true;

        uint256 staked = node.stake;
        (uint256 fromStake, uint256 fromUnbonding) = _takeSlash(node, abandoned ? _abandonedBps : _offenceBps);
        slashed = fromStake + fromUnbonding;
        uint256 bounty = beneficiary == address(0) ? 0 : (slashed * _bountyBps) / BPS;
        pendingBurn += slashed - bounty;
        emit Slashed(account, role, offenceId, kind, subject, fromStake, fromUnbonding, beneficiary, bounty);
        _stakeChanged(node, account, role, staked, staked - fromStake);
        if (bounty > 0) IERC20(token).safeTransfer(beneficiary, bounty);
    }

    /// @inheritdoc INodeStaking
    function jail(address account, uint8 role) external onlyCourt {
        _jail(_registered(account, role), account, role);
    }

    /// @inheritdoc INodeStaking
    function jailSilent(address gateway) external {
        Node storage node = _registered(gateway, ROLE_GATEWAY);
        uint64 epoch = currentEpoch();
        if (!_isMember(node)) revert NodeStakingNotEligible(gateway, ROLE_GATEWAY, epoch);
        (bool anchored, uint64 lastAnchor) = IProofRegistry(registry).lastAnchorEpoch(gateway);
        uint64 since = anchored && lastAnchor > node.activeFromEpoch ? lastAnchor : node.activeFromEpoch;
        if (epoch <= since + SILENT_EPOCHS) revert NodeStakingNotSilent(gateway, since, epoch);
        _jail(node, gateway, ROLE_GATEWAY);
    }

    /// @inheritdoc INodeStaking
    function unjail(address account, uint8 role) external {
        Node storage node = _registered(account, role);
        uint32 until = node.jailedUntilEpoch;
        if (until == 0) revert NodeStakingNotJailed(account, role);
        if (nextEpoch() <= until) revert NodeStakingJailed(account, role, until);
        node.jailedUntilEpoch = 0;
        emit Unjailed(account, role);
        _syncMembership(node, account, role);
    }

    /// @inheritdoc INodeStaking
    function burnSlashed() external nonReentrant {
        uint256 amount = pendingBurn;
        if (amount == 0) revert NodeStakingZeroAmount();
        pendingBurn = 0;
        emit PendingBurned(amount);
        ERC20Burnable(token).burn(amount);
    }

    /// @inheritdoc INodeStaking
    function chargeAnchor(address signer, uint64 epoch, uint256 fee) external returns (address gateway) {
        if (msg.sender != registry) revert NodeStakingUnauthorized(msg.sender);
        gateway = accountOfCurrentSigner(signer, ROLE_GATEWAY);
        if (gateway == address(0)) revert NodeStakingNotCurrentSigner(signer, ROLE_GATEWAY);
        Node storage node = _nodes[gateway][ROLE_GATEWAY];
        // The epoch is the running one, which never lies in a past membership.
        if (node.stake < _minimumGateway || epoch < node.activeFromEpoch || epoch >= node.inactiveFromEpoch) {
            revert NodeStakingNotEligible(gateway, ROLE_GATEWAY, epoch);
        }
        if (fee == 0) return gateway;
        uint256 available = _fees[gateway];
        if (fee > available) revert NodeStakingInsufficientFees(gateway, available, fee);
        _fees[gateway] = available - fee;
        pendingBurn += fee;
        emit FeesCharged(gateway, fee);
    }

    /// @inheritdoc INodeStaking
    function setStakingPaused(bool paused) external restricted {
        stakingPaused = paused;
        emit StakingPaused(paused);
    }

    // ------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc INodeStaking
    function nodesOf(uint8 role, uint256 from, uint256 limit) external view returns (NodeInfo[] memory infos) {
        address[] storage accounts = _accountsOf(role);
        uint256 length = accounts.length;
        uint256 start = Math.min(from, length);
        infos = new NodeInfo[](Math.min(limit, length - start));
        for (uint256 i = 0; i < infos.length; ++i) infos[i] = nodeOf(accounts[start + i], role);
    }

    /// @inheritdoc INodeStaking
    function nodeCount(uint8 role) external view returns (uint256) {
        return _accountsOf(role).length;
    }

    /// @inheritdoc INodeStaking
    function accountOfSigner(address signer) external view returns (address account, uint8 role) {
        Signer storage entry = _signers[signer];
        return (entry.account, entry.role);
    }

    /// @inheritdoc INodeStaking
    function payoutOf(address account, uint8 role) external view returns (address) {
        if (role >= ROLE_COUNT) revert NodeStakingInvalidRole(role);
        return _nodes[account][role].payout;
    }

    /// @inheritdoc INodeStaking
    function isEligible(address account, uint8 role) external view returns (bool) {
        if (role >= ROLE_COUNT) revert NodeStakingInvalidRole(role);
        Node storage node = _nodes[account][role];
        uint64 next = nextEpoch();
        // Falling below the minimum ends a membership at once, and so does jail.
        return _isMember(node) && node.activeFromEpoch <= (next == 0 ? 0 : next - 1);
    }

    /// @inheritdoc INodeStaking
    function stakeOf(address account, uint8 role) external view returns (uint256) {
        if (role >= ROLE_COUNT) revert NodeStakingInvalidRole(role);
        return _nodes[account][role].stake;
    }

    /// @inheritdoc INodeStaking
    function feeBalanceOf(address gateway) external view returns (uint256) {
        return _fees[gateway];
    }

    /// @inheritdoc INodeStaking
    function totalGatewayStakeAt(uint64 epoch) external view returns (uint256) {
        return _totalGatewayStake.valueAt(epoch);
    }

    /// @inheritdoc INodeStaking
    function attesterOf(address signer, uint64 epoch) external view returns (address account, uint256 weight) {
        account = accountOfCurrentSigner(signer, ROLE_GATEWAY);
        if (account == address(0)) return (account, 0);
        Node storage node = _nodes[account][ROLE_GATEWAY];
        (uint256 atRisk, uint256 availableAt) = (node.stake, node.unbondingAvailableAt);
        if (atRisk < _minimumGateway) return (account, 0);
        // What unbonds counts as long as it cannot leave before a dispute about a proposal of this block is over.
        if (availableAt >= block.timestamp + _disputeWindow + _arbiterDeadline) atRisk += node.unbonding;
        weight = Math.min(gatewayStakeAt(account, epoch), atRisk);
    }

    /// @inheritdoc INodeStaking
    function isOffenceKnown(bytes32 offenceId) external view returns (bool) {
        return _offences[offenceId];
    }

    /// @inheritdoc INodeStaking
    function slashConfig() external view returns (SlashConfig memory) {
        return SlashConfig(_offenceBps, _epochCapBps, _abandonedBps, _bountyBps, _jailEpochs);
    }

    /// @inheritdoc INodeStaking
    function timing() external view returns (Timing memory) {
        return
            Timing(genesis, epochDuration, _recordWindow, _roundDuration, _disputeWindow, _arbiterDeadline, _unbonding);
    }

    /// @inheritdoc INodeStaking
    function epochOf(uint64 time) external view returns (uint64) {
        return EpochLib.epochOf(time, genesis, epochDuration);
    }

    /// @inheritdoc INodeStaking
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @inheritdoc INodeStaking
    function nodeOf(address account, uint8 role) public view returns (NodeInfo memory) {
        if (role >= ROLE_COUNT) revert NodeStakingInvalidRole(role);
        Node storage node = _nodes[account][role];
        return
            NodeInfo({
                account: account,
                role: role,
                stake: node.stake,
                unbonding: node.unbonding,
                unbondingAvailableAt: node.unbondingAvailableAt,
                activeFromEpoch: node.activeFromEpoch,
                inactiveFromEpoch: node.inactiveFromEpoch,
                jailedUntilEpoch: node.jailedUntilEpoch,
                signer: node.signer,
                payout: node.payout,
                pendingPayout: node.pendingPayout,
                registeredAt: node.registeredAt,
                metadataHash: node.metadataHash,
                metadataUri: node.metadataUri
            });
    }

    /// @inheritdoc INodeStaking
    function accountOfCurrentSigner(address signer, uint8 role) public view returns (address) {
        Signer storage entry = _signers[signer];
        return entry.current && entry.role == role ? entry.account : address(0);
    }

    /// @inheritdoc INodeStaking
    function isActive(address account, uint8 role, uint64 epoch) public view returns (bool) {
        if (role >= ROLE_COUNT) revert NodeStakingInvalidRole(role);
        Node storage node = _nodes[account][role];
        if (!node.registered) return false;
        if (epoch >= node.activeFromEpoch) return epoch < node.inactiveFromEpoch;

        // Binary search for the last past membership that began at or before the epoch; they are in order and disjoint.
        Membership[] storage past = _pastMemberships[account][role];
        uint256 low = 0;
        uint256 high = past.length;
        while (low < high) {
            uint256 middle = Math.average(low, high);
            if (past[middle].from <= epoch) low = middle + 1;
            else high = middle;
        }
        return low > 0 && epoch < past[low - 1].until;
    }

    /// @inheritdoc INodeStaking
    function gatewayStakeAt(address account, uint64 epoch) public view returns (uint256) {
        return _gatewayStakes[account].valueAt(epoch);
    }

    /// @inheritdoc INodeStaking
    function minimumStake(uint8 role) public view returns (uint256) {
        if (role == ROLE_INFERENCE) return _minimumInference;
        if (role == ROLE_EVALUATOR) return _minimumEvaluator;
        if (role == ROLE_GATEWAY) return _minimumGateway;
        revert NodeStakingInvalidRole(role);
    }

    /// @inheritdoc INodeStaking
    function currentEpoch() public view returns (uint64) {
        return EpochLib.epochOf(block.timestamp, genesis, epochDuration);
    }

    /// @inheritdoc INodeStaking
    function nextEpoch() public view returns (uint64) {
        return _nextEpoch();
    }

    // ---------------------------------------------------------------------------------------------------- internals

    function _stake(uint8 role, uint256 amount) private {
        if (stakingPaused) revert NodeStakingPaused();
        if (amount == 0) revert NodeStakingZeroAmount();
        (Node storage node, uint256 before, ) = _balances(msg.sender, role);
        uint256 staked = before + amount;
        node.stake = staked.toUint96();
        emit Staked(msg.sender, role, amount, staked);
        _stakeChanged(node, msg.sender, role, before, staked);
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @dev Moves `amount` of the caller's stake to unbonding and restarts the clock. The caller has checked the amount
    ///      and read both balances, so that the slot is written once.
    function _unbond(Node storage node, uint8 role, uint96 amount, uint96 staked, uint96 unbonding) private {
        // The callers have compared: it is at most the stake.
        unchecked {
            staked -= amount;
        }
        unbonding += amount;
        // casting to 'uint40' is safe because 2⁴⁰ seconds last until the year 36,812, and the addition is checked
        uint40 availableAt = uint40(block.timestamp) + uint40(_unbonding);
        node.stake = staked;
        node.unbonding = unbonding;
        node.unbondingAvailableAt = availableAt;
        emit UnbondRequested(msg.sender, role, amount, staked, unbonding, availableAt);
    }

    /// @dev Takes the caller's matured unbonding amount out of the books; 0 if none is matured.
    function _takeMatured(Node storage node, uint8 role) private returns (uint256 amount) {
        amount = node.unbonding;
        if (amount == 0 || block.timestamp < node.unbondingAvailableAt) return 0;
        node.unbonding = 0;
        node.unbondingAvailableAt = 0;
        emit Withdrawn(msg.sender, role, amount);
    }

    /// @dev Takes `amount` out of the caller's fee balance.
    function _takeFees(uint256 amount) private returns (uint256) {
        uint256 available = _fees[msg.sender];
        if (amount > available) revert NodeStakingInsufficientFees(msg.sender, available, amount);
        if (amount == 0) return 0;
        _fees[msg.sender] = available - amount;
        emit FeesWithdrawn(msg.sender, amount);
        return amount;
    }

    /// @dev Takes what an offence of `bps` costs now, from stake and unbonding in proportion, and books the share against
    ///      the epoch's cap. The part from stake is rounded up; as the whole is at most the sum, both stay within bounds.
    function _takeSlash(Node storage node, uint256 bps) private returns (uint256 fromStake, uint256 fromUnbonding) {
        (uint256 staked, uint256 unbonding, uint256 taken) = (node.stake, node.unbonding, node.slashedBps);
        uint256 available = staked + unbonding;
        // Labels the epoch by its successor, which exists before genesis too.
        uint32 label = _nextEpoch();
        uint256 base = node.slashBase;
        if (node.slashEpoch != label || base == 0) {
            taken = 0;
            base = Math.ceilDiv(available, SLASH_UNIT);
            node.slashEpoch = label;
            node.slashBase = base.toUint64();
        }
        uint256 share = Math.min(bps, _epochCapBps - taken);
        uint256 slashed = Math.min((base * SLASH_UNIT * share) / BPS, available);
        if (slashed > 0) fromUnbonding = (slashed * unbonding) / available;
        fromStake = slashed - fromUnbonding;
        (staked, unbonding, taken) = (staked - fromStake, unbonding - fromUnbonding, taken + share);
        // casting is safe because both balances only fell, and the cap bounds the share
        node.stake = uint96(staked);
        node.unbonding = uint96(unbonding);
        node.slashedBps = uint16(taken);
        if (unbonding == 0) node.unbondingAvailableAt = 0;
    }

    function _jail(Node storage node, address account, uint8 role) private {
        uint256 until = uint256(_nextEpoch()) + _jailEpochs;
        // Never shorter than a running one: the next epoch only grows.
        node.jailedUntilEpoch = until.toUint32();
        emit Jailed(account, role, uint64(until));
        _syncMembership(node, account, role);
    }

    /// @dev Stake that stays on its side of the minimum changes nothing but a gateway's electoral weight.
    function _stakeChanged(Node storage node, address account, uint8 role, uint256 before, uint256 current) private {
        uint256 minimum = minimumStake(role);
        if (role != ROLE_GATEWAY && (before >= minimum) == (current >= minimum)) return;
        _syncMembership(node, account, role);
    }

    /// @dev Brings membership, and a gateway's electoral weight, in line with stake and jail, from the next epoch on.
    function _syncMembership(Node storage node, address account, uint8 role) private {
        bool belongs = node.stake >= minimumStake(role) && node.jailedUntilEpoch == 0;
        if (belongs != _isMember(node)) {
            uint32 next = _nextEpoch();
            if (belongs) _join(node, account, role, next);
            else _leave(node, next);
            emit MembershipChanged(account, role, node.activeFromEpoch, node.inactiveFromEpoch);
        }
        if (role == ROLE_GATEWAY) _checkpoint(account, belongs ? node.stake : 0);
    }

    function _join(Node storage node, address account, uint8 role, uint32 next) private {
        uint32 until = node.inactiveFromEpoch;
        if (until == next) {
            // It left in this very epoch: the departure has not taken effect and is taken back.
            node.inactiveFromEpoch = NEVER;
            return;
        }
        if (until != NEVER) _pastMemberships[account][role].push(Membership(node.activeFromEpoch, until));
        node.activeFromEpoch = next;
        node.inactiveFromEpoch = NEVER;
    }

    function _leave(Node storage node, uint32 next) private {
        // A membership that never began leaves no trace.
        if (node.activeFromEpoch >= next) node.activeFromEpoch = NEVER;
        else node.inactiveFromEpoch = next;
    }

    function _checkpoint(address gateway, uint256 weight) private {
        StakeTrace.Trace storage trace = _gatewayStakes[gateway];
        uint256 previous = trace.latest();
        if (previous == weight) return;
        uint32 next = _nextEpoch();
        trace.push(next, weight.toUint224());
        _totalGatewayStake.push(next, (_totalGatewayStake.latest() + weight - previous).toUint224());
    }

    /// @dev Makes `signer` the caller's key for `role`, on the word of the key itself.
    function _takeSigner(uint8 role, address signer, uint64 deadline, bytes calldata signature) private {
        if (signer == address(0)) revert NodeStakingZeroAddress();
        if (block.timestamp > deadline) revert NodeStakingSignatureExpired(deadline, block.timestamp);
        Signer storage entry = _signers[signer];
        if (entry.account != address(0)) revert NodeStakingSignerTaken(signer, entry.account, entry.role);
        bytes32 digest = _hashTypedDataV4(MessageLib.operatorAuth(msg.sender, role, signer, deadline));
        address recovered = ECDSA.recover(digest, signature);
        if (recovered != signer) revert NodeStakingInvalidSignature(signer, recovered);
        _signers[signer] = Signer(msg.sender, role, true);
    }

    function _registered(address account, uint8 role) private view returns (Node storage node) {
        if (role >= ROLE_COUNT) revert NodeStakingInvalidRole(role);
        node = _nodes[account][role];
        if (!node.registered) revert NodeStakingNotRegistered(account, role);
    }

    /// @dev A registered node with both balances, all out of one read.
    function _balances(
        address account,
        uint8 role
    ) private view returns (Node storage node, uint96 staked, uint96 unbonding) {
        if (role >= ROLE_COUNT) revert NodeStakingInvalidRole(role);
        node = _nodes[account][role];
        bool registered;
        (staked, unbonding, registered) = (node.stake, node.unbonding, node.registered);
        if (!registered) revert NodeStakingNotRegistered(account, role);
    }

    function _accountsOf(uint8 role) private view returns (address[] storage) {
        if (role >= ROLE_COUNT) revert NodeStakingInvalidRole(role);
        return _accounts[role];
    }

    function _nextEpoch() private view returns (uint32) {
        return EpochLib.nextEpoch(block.timestamp, genesis, epochDuration);
    }

    /// @dev Whether the node has a membership without an end.
    function _isMember(Node storage node) private view returns (bool) {
        return node.activeFromEpoch != NEVER && node.inactiveFromEpoch == NEVER;
    }

    function _checkMetadata(string calldata metadataUri) private pure {
        uint256 length = bytes(metadataUri).length;
        if (length > MAX_METADATA_URI_BYTES) revert NodeStakingMetadataTooLong(length, MAX_METADATA_URI_BYTES);
    }

    function _checkTiming(Timing memory times) private view {
        uint256 horizon =
            uint256(times.epochDuration) +
                times.recordWindow +
                times.roundDuration +
                times.disputeWindow +
                times.arbiterDeadline;
        uint256 least = block.chainid == LOCAL_CHAIN_ID ? horizon : Math.max(horizon, MIN_UNBONDING);
        if (
            times.genesis <= block.timestamp ||
            times.epochDuration == 0 ||
            times.recordWindow == 0 ||
            times.roundDuration == 0 ||
            times.disputeWindow == 0 ||
            times.arbiterDeadline == 0 ||
            times.unbonding < least ||
            times.unbonding > MAX_UNBONDING
        ) revert NodeStakingInvalidTiming(times);
    }

    function _checkSlashConfig(SlashConfig memory config) private pure {
        if (
            config.offenceBps < 500 ||
            config.offenceBps > 2_000 ||
            config.epochCapBps < config.offenceBps ||
            config.epochCapBps > 5_000 ||
            config.abandonedBps == 0 ||
            config.abandonedBps > 200 ||
            config.bountyBps > 1_000 ||
            config.jailEpochs == 0 ||
            config.jailEpochs > 52
        ) revert NodeStakingInvalidSlashConfig(config);
    }
}

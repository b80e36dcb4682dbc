// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {INodeStaking} from "./interfaces/INodeStaking.sol";
import {IProofRegistry} from "./interfaces/IProofRegistry.sol";
import {
    DistributorConfig,
    EpochInfo,
    EpochState,
    IRewardDistributor,
    RewardParams
} from "./interfaces/IRewardDistributor.sol";
import {BPS, Distribution, RewardLeaf, ROLE_COUNT, SumNode, Timing} from "./interfaces/Types.sol";
import {EpochLib} from "./libraries/EpochLib.sol";
import {LeafLib} from "./libraries/LeafLib.sol";
import {MessageLib} from "./libraries/MessageLib.sol";
import {ReentrancyLock} from "./libraries/ReentrancyLock.sol";
import {SumTree} from "./libraries/SumTree.sol";

/// @title RewardDistributor
/// @notice Emission, distributions and claims. The manual is `IRewardDistributor`.
contract RewardDistributor is IRewardDistributor, AccessManaged, ReentrancyLock {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @dev One role's pool and tree. A claim reads the first two slots and writes none: what has been paid is in the
    ///      events `Claimed`, and that it stays within the pool follows from the tree.
    struct Pool {
        // slot 0: binds (root, total), 0 without a tree
        bytes32 commitment;
        // slot 1
        uint96 amount;
        uint16 maxShareBps;
        bool claimable;
        // slot 2; stands here because total would fit slot 1, and count would then need a slot of its own
        bytes32 root;
        // slot 3
        uint128 total;
        uint32 count;
    }

    struct Epoch {
        // slot 0
        EpochState state;
        uint32 round;
        uint40 roundStartsAt;
        uint40 proposedAt;
        uint96 maxRewardPerUnit;
        uint32 tableEpoch;
        // slot 1
        uint96 pot;
        uint128 electorate;
        // slots 2 to 6
        bytes32 paramsHash;
        bytes32 tableRoot;
        bytes32 nextTableRoot;
        bytes32 distributionHash;
        bytes32 signersHash;
        Pool[ROLE_COUNT] pools;
    }

    /// @dev `latestFinal` is meaningful only with `anyFinal`.
    struct Books {
        uint96 reserve;
        uint32 nextEpochToOpen;
        uint32 latestFinal;
        bool anyFinal;
        bool active;
    }

    uint256 public constant MAX_SIGNATURES = 64;
    uint256 private constant PPM = 1_000_000;
    uint256 private constant MAX_EMISSION_PPM = 20_000;
    uint256 private constant MIN_SHARE_BPS = 100;
    bytes32 private constant LEADER_TAG = keccak256("DGrid.leader.v1");

    address public immutable token;
    address public immutable staking;
    address public immutable registry;
    address public immutable court;
    uint64 private immutable _genesis;
    uint64 private immutable _epochDuration;
    uint64 private immutable _recordWindow;
    uint64 private immutable _roundDuration;
    uint64 private immutable _disputeWindow;
    uint64 private immutable _unbonding;

    Books private _books;
    bytes32 public paramsHash;
    RewardParams private _rewardParams;
    /// @dev Table of the latest final distribution, or the genesis table.
    bytes32 private _tableRoot;
    mapping(uint64 epoch => Epoch) private _epochs;
    /// @dev Key: account, role << 160, (epoch / 256) << 168. Value: one bit per epoch.
    mapping(uint256 key => uint256) private _claimed;

    modifier onlyCourt() {
        if (msg.sender != court) revert RewardDistributorUnauthorized(msg.sender);
        _;
    }

    constructor(DistributorConfig memory config) AccessManaged(config.authority) {
        if (
            config.staking == address(0) ||
            config.registry == address(0) ||
            config.court == address(0) ||
            config.authority == address(0)
        ) revert RewardDistributorZeroAddress();
        staking = config.staking;
        registry = config.registry;
        court = config.court;
        token = INodeStaking(config.staking).token();
        Timing memory timing = INodeStaking(config.staking).timing();
        _genesis = timing.genesis;
        _epochDuration = timing.epochDuration;
        _recordWindow = timing.recordWindow;
        _roundDuration = timing.roundDuration;
        _disputeWindow = timing.disputeWindow;
        _unbonding = timing.unbonding;
        _tableRoot = config.genesisTableRoot;
        _setParamsHash(config.paramsHash);
        _setRewardParams(config.rewardParams);
    }

    // ---------------------------------------------------------------------------------------------------- emission

    /// @inheritdoc IRewardDistributor
    function fund(uint256 amount) external nonReentrant {
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        if (received == 0) revert RewardDistributorZeroAmount();
        uint256 total = _books.reserve + received;
        _books.reserve = total.toUint96();
        emit Funded(msg.sender, received, total);
    }

    /// @inheritdoc IRewardDistributor
    function activate() external restricted {
        if (_books.active) revert RewardDistributorAlreadyActive();
        _books.active = true;
        emit Activated(_books.nextEpochToOpen);
    }

    /// @inheritdoc IRewardDistributor
    function openEpoch(uint64 epoch) external {
        Books memory books = _books;
        if (epoch != books.nextEpochToOpen) revert RewardDistributorUnexpectedEpoch(books.nextEpochToOpen, epoch);
        uint256 startsAt = EpochLib.startOf(epoch, _genesis, _epochDuration);
        if (block.timestamp < startsAt) revert RewardDistributorEpochNotStarted(epoch, uint64(startsAt));

        RewardParams memory params = _rewardParams;
        Epoch storage opened = _epochs[epoch];
        (uint256[3] memory pools, uint256 pot) = _fillPools(opened, books.active ? books.reserve : 0, params);
        _books.reserve = (books.reserve - pot).toUint96();
        _books.nextEpochToOpen = books.nextEpochToOpen + 1;

        uint256 electorate = INodeStaking(staking).totalGatewayStakeAt(epoch);
        opened.state = EpochState.Open;
        opened.roundStartsAt = (startsAt + _epochDuration + _recordWindow).toUint40();
        opened.maxRewardPerUnit = params.maxRewardPerUnit;
        opened.tableEpoch = books.anyFinal ? books.latestFinal : EpochLib.NEVER;
        opened.pot = pot.toUint96();
        opened.electorate = electorate.toUint128();
        opened.paramsHash = paramsHash;
        opened.tableRoot = _tableRoot;
        emit EpochOpened(
            epoch,
            pot,
            pools,
            electorate,
            paramsHash,
            _tableRoot,
            _wideEpoch(opened.tableEpoch),
            params.maxShareBps,
            params.maxRewardPerUnit
        );
    }

    /// @inheritdoc IRewardDistributor
    function setParamsHash(bytes32 newParamsHash) external restricted {
        _setParamsHash(newParamsHash);
    }

    /// @inheritdoc IRewardDistributor
    function setRewardParams(RewardParams calldata params) external restricted {
        _setRewardParams(params);
    }

    // ------------------------------------------------------------------------------------------------ distribution

    /// @inheritdoc IRewardDistributor
    function propose(Distribution calldata distribution, bytes[] calldata signatures) external {
        uint64 epoch = distribution.epoch;
        Epoch storage opened = _epochs[epoch];
        _checkProposable(opened, distribution);
        bytes32 distributionHash = distributionHashOf(distribution);
        (address[] memory signers, uint256 signedStake) = _checkQuorum(
            epoch,
            opened.electorate,
            attestationDigest(epoch, distribution.round, distributionHash),
            signatures
        );

        for (uint256 role = 0; role < ROLE_COUNT; ++role) {
            Pool storage pool = opened.pools[role];
            (bytes32 root, uint128 total) = (distribution.roots[role], distribution.totals[role]);
            if (root == 0) continue;
            pool.commitment = SumTree.commitment(root, total);
            pool.root = root;
            pool.total = total;
            pool.count = distribution.counts[role];
        }
        opened.state = EpochState.Proposed;
        opened.proposedAt = block.timestamp.toUint40();
        opened.nextTableRoot = distribution.tableRoot;
        opened.distributionHash = distributionHash;
        opened.signersHash = keccak256(abi.encode(signers));
        emit DistributionProposed(epoch, distribution.round, distributionHash, distribution, signers, signedStake);
    }

    /// @inheritdoc IRewardDistributor
    function nextRound(uint64 epoch) external {
        Epoch storage opened = _inState(epoch, EpochState.Open);
        uint256 endsAt = opened.roundStartsAt + _roundDuration;
        if (block.timestamp < endsAt) revert RewardDistributorRoundRunning(epoch, uint64(endsAt));
        _startRound(opened, epoch);
    }

    /// @inheritdoc IRewardDistributor
    function finalize(uint64 epoch) external {
        Epoch storage opened = _inState(epoch, EpochState.Proposed);
        uint256 finalizableAt = opened.proposedAt + _disputeWindow;
        if (block.timestamp < finalizableAt) revert RewardDistributorDisputeWindowOpen(epoch, uint64(finalizableAt));
        _finalize(opened, epoch);
    }

    /// @inheritdoc IRewardDistributor
    function voidEpoch(uint64 epoch) external {
        Epoch storage opened = _inState(epoch, EpochState.Open);
        uint256 voidableAt = EpochLib.endOf(epoch, _genesis, _epochDuration);
        if (opened.electorate > 0) voidableAt += _unbonding;
        if (block.timestamp < voidableAt) revert RewardDistributorNotVoidable(epoch, uint64(voidableAt));
        opened.state = EpochState.Void;
        uint256 returned;
        for (uint256 role = 0; role < ROLE_COUNT; ++role) {
            returned += opened.pools[role].amount;
            opened.pools[role].amount = 0;
        }
        _addToReserve(returned);
        emit EpochVoided(epoch, returned);
    }

    /// @inheritdoc IRewardDistributor
    function dispute(uint64 epoch) external onlyCourt {
        Epoch storage opened = _inState(epoch, EpochState.Proposed);
        uint256 finalizableAt = opened.proposedAt + _disputeWindow;
        if (block.timestamp >= finalizableAt) {
            revert RewardDistributorDisputeWindowClosed(epoch, uint64(finalizableAt));
        }
        opened.state = EpochState.Disputed;
        emit EpochDisputed(epoch, opened.round);
    }

    /// @inheritdoc IRewardDistributor
    function resolve(uint64 epoch, bool stands) external onlyCourt {
        Epoch storage opened = _inState(epoch, EpochState.Disputed);
        if (stands) {
            _finalize(opened, epoch);
            return;
        }
        emit DistributionOverturned(epoch, opened.round, opened.distributionHash);
        opened.state = EpochState.Open;
        opened.proposedAt = 0;
        opened.nextTableRoot = 0;
        opened.distributionHash = 0;
        opened.signersHash = 0;
        for (uint256 role = 0; role < ROLE_COUNT; ++role) {
            Pool storage pool = opened.pools[role];
            pool.commitment = 0;
            pool.root = 0;
            pool.total = 0;
            pool.count = 0;
        }
        _startRound(opened, epoch);
    }

    // ------------------------------------------------------------------------------------------------------ claims

    /// @inheritdoc IRewardDistributor
    function claim(RewardLeaf calldata leaf, SumNode[] calldata proof) external nonReentrant returns (uint256 amount) {
        (address account, uint8 role, uint64 epoch) = (leaf.account, leaf.role, leaf.epoch);
        if (!_takeClaim(account, role, epoch)) revert RewardDistributorAlreadyClaimed(epoch, role, account);
        address payout = _payoutOf(account, role);
        amount = _settle(leaf, proof, payout);
        _pay(payout, amount);
    }

    /// @inheritdoc IRewardDistributor
    function claimMany(
        RewardLeaf[] calldata leaves,
        SumNode[][] calldata proofs
    ) external nonReentrant returns (uint256 amount) {
        uint256 length = _checkLengths(leaves, proofs);
        (address account, uint8 role) = (leaves[0].account, leaves[0].role);
        address payout = _payoutOf(account, role);
        for (uint256 i = 0; i < length; ++i) {
            RewardLeaf calldata leaf = leaves[i];
            if (leaf.account != account || leaf.role != role) {
                revert RewardDistributorMixedClaim(leaf.account, leaf.role);
            }
            if (_takeClaim(account, role, leaf.epoch)) amount += _settle(leaf, proofs[i], payout);
        }
        _pay(payout, amount);
    }

    /// @inheritdoc IRewardDistributor
    function claimFor(
        RewardLeaf[] calldata leaves,
        SumNode[][] calldata proofs
    ) external nonReentrant returns (uint256 amount) {
        uint256 length = _checkLengths(leaves, proofs);
        for (uint256 i = 0; i < length; ++i) {
            RewardLeaf calldata leaf = leaves[i];
            (address account, uint8 role) = (leaf.account, leaf.role);
            if (!_takeClaim(account, role, leaf.epoch)) continue;
            address payout = _payoutOf(account, role);
            uint256 part = _settle(leaf, proofs[i], payout);
            _pay(payout, part);
            amount += part;
        }
    }

    // ------------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IRewardDistributor
    function previewClaim(RewardLeaf calldata leaf) external view returns (uint256 amount, bool claimed) {
        uint256 weight = _weightOf(leaf);
        Pool storage pool = _inState(leaf.epoch, EpochState.Final).pools[leaf.role];
        uint256 total = pool.total;
        if (weight > total) revert RewardDistributorInvalidProof(leaf.epoch, leaf.role, leaf.account);
        (amount, ) = _shareOf(pool.amount, pool.maxShareBps, weight, total);
        claimed = isClaimed(leaf.account, leaf.role, leaf.epoch);
    }

    /// @inheritdoc IRewardDistributor
    function verifyReward(RewardLeaf calldata leaf, SumNode[] calldata proof) external view returns (bool) {
        uint256 weight = _weightOf(leaf);
        Pool storage pool = _epochs[leaf.epoch].pools[leaf.role];
        (bytes32 root, uint128 total) = SumTree.climb(hashReward(leaf), uint128(weight), proof);
        return SumTree.commitment(root, total) == pool.commitment;
    }

    /// @inheritdoc IRewardDistributor
    function epochInfo(uint64 epoch) external view returns (EpochInfo memory info) {
        Epoch storage opened = _epochs[epoch];
        info.state = opened.state;
        info.round = opened.round;
        info.roundStartsAt = opened.roundStartsAt;
        info.pot = opened.pot;
        info.electorate = opened.electorate;
        info.paramsHash = opened.paramsHash;
        info.tableRoot = opened.tableRoot;
        info.tableEpoch = _wideEpoch(opened.tableEpoch);
        info.nextTableRoot = opened.nextTableRoot;
        info.proposedAt = opened.proposedAt;
        info.finalizableAt = opened.proposedAt == 0 ? 0 : opened.proposedAt + _disputeWindow;
        info.distributionHash = opened.distributionHash;
        info.signersHash = opened.signersHash;
        info.maxRewardPerUnit = opened.maxRewardPerUnit;
        for (uint256 role = 0; role < ROLE_COUNT; ++role) {
            Pool storage pool = opened.pools[role];
            info.maxShareBps = pool.maxShareBps; // the same in all three
            info.pools[role] = pool.amount;
            info.roots[role] = pool.root;
            info.totals[role] = pool.total;
            info.counts[role] = pool.count;
        }
    }

    /// @inheritdoc IRewardDistributor
    function stateOf(uint64 epoch) external view returns (EpochState) {
        return _epochs[epoch].state;
    }

    /// @inheritdoc IRewardDistributor
    function isOpened(uint64 epoch) external view returns (bool) {
        return _epochs[epoch].state != EpochState.None;
    }

    /// @inheritdoc IRewardDistributor
    function tableOf(uint64 epoch) external view returns (bytes32 root, uint64 tableEpoch) {
        Epoch storage opened = _epochs[epoch];
        return (opened.tableRoot, _wideEpoch(opened.tableEpoch));
    }

    /// @inheritdoc IRewardDistributor
    function nextEpochToOpen() external view returns (uint64) {
        return _books.nextEpochToOpen;
    }

    /// @inheritdoc IRewardDistributor
    function latestFinal() external view returns (bool exists, uint64 epoch) {
        return (_books.anyFinal, _books.latestFinal);
    }

    /// @inheritdoc IRewardDistributor
    function reserve() external view returns (uint256) {
        return _books.reserve;
    }

    /// @inheritdoc IRewardDistributor
    function active() external view returns (bool) {
        return _books.active;
    }

    /// @inheritdoc IRewardDistributor
    function rewardParams() external view returns (RewardParams memory) {
        return _rewardParams;
    }

    /// @inheritdoc IRewardDistributor
    function leaderRank(uint64 epoch, uint32 round, address account) external pure returns (bytes32) {
        return keccak256(abi.encode(LEADER_TAG, epoch, round, account));
    }

    /// @inheritdoc IRewardDistributor
    function isClaimed(address account, uint8 role, uint64 epoch) public view returns (bool) {
        (uint256 key, uint256 bit) = _claimSlot(account, role, epoch);
        return _claimed[key] & bit != 0;
    }

    /// @inheritdoc IRewardDistributor
    function hashReward(RewardLeaf calldata leaf) public view returns (bytes32) {
        return LeafLib.rewardLeaf(leaf, address(this));
    }

    /// @inheritdoc IRewardDistributor
    function attestationDigest(uint64 epoch, uint32 round, bytes32 distributionHash) public view returns (bytes32) {
        return
            MessageHashUtils.toTypedDataHash(
                INodeStaking(staking).domainSeparator(),
                MessageLib.epochAttestation(epoch, round, distributionHash)
            );
    }

    /// @inheritdoc IRewardDistributor
    function distributionHashOf(Distribution calldata distribution) public pure returns (bytes32) {
        return keccak256(abi.encode(distribution));
    }

    // ---------------------------------------------------------------------------------------------------- internals

    function _setParamsHash(bytes32 newParamsHash) private {
        if (newParamsHash == 0) revert RewardDistributorZeroHash();
        paramsHash = newParamsHash;
        emit ParamsHashChanged(newParamsHash);
    }

    function _setRewardParams(RewardParams memory params) private {
        uint256 split;
        for (uint256 role = 0; role < ROLE_COUNT; ++role) split += params.roleSplitBps[role];
        if (
            params.emissionPpm > MAX_EMISSION_PPM ||
            split != BPS ||
            params.maxShareBps < MIN_SHARE_BPS ||
            params.maxShareBps > BPS ||
            params.maxRewardPerUnit == 0
        ) revert RewardDistributorInvalidParams(params);
        _rewardParams = params;
        emit RewardParamsChanged(params);
    }

    /// @dev Splits the pot by role; what rounding leaves over stays in the reserve, so `pot` is the sum of the pools.
    function _fillPools(
        Epoch storage opened,
        uint256 available,
        RewardParams memory params
    ) private returns (uint256[3] memory pools, uint256 pot) {
        uint256 emission = (available * params.emissionPpm) / PPM;
        for (uint256 role = 0; role < ROLE_COUNT; ++role) {
            pools[role] = (emission * params.roleSplitBps[role]) / BPS;
            pot += pools[role];
            opened.pools[role].amount = pools[role].toUint96();
            opened.pools[role].maxShareBps = params.maxShareBps;
        }
    }

    function _startRound(Epoch storage opened, uint64 epoch) private {
        uint32 round = opened.round + 1;
        opened.round = round;
        opened.roundStartsAt = block.timestamp.toUint40();
        emit RoundStarted(epoch, round, uint64(block.timestamp));
    }

    /// @dev Cuts the pools to what the epoch's paid units carry, gives the rest back, and opens the claims.
    function _finalize(Epoch storage opened, uint64 epoch) private {
        uint256 limit = IProofRegistry(registry).unitsOf(epoch) * opened.maxRewardPerUnit;
        uint256 pot = opened.pot;
        uint256[3] memory pools;
        uint256 returned;
        for (uint256 role = 0; role < ROLE_COUNT; ++role) {
            Pool storage pool = opened.pools[role];
            uint256 amount = pool.amount;
            if (amount > 0) {
                uint256 cut = pool.root == 0 ? 0 : Math.min(amount, Math.mulDiv(limit, amount, pot));
                returned += amount - cut;
                pools[role] = cut;
                pool.amount = cut.toUint96();
            }
            pool.claimable = true;
        }
        opened.state = EpochState.Final;
        if (!_books.anyFinal || epoch > _books.latestFinal) {
            _books.anyFinal = true;
            _books.latestFinal = uint256(epoch).toUint32();
            _tableRoot = opened.nextTableRoot;
        }
        _addToReserve(returned);
        emit EpochFinalized(epoch, opened.distributionHash, pools, returned);
    }

    function _addToReserve(uint256 amount) private {
        _books.reserve = (_books.reserve + amount).toUint96();
    }

    /// @dev Marks the claim as taken; false if it was. Whatever fails afterwards reverts, and the mark with it.
    function _takeClaim(address account, uint8 role, uint64 epoch) private returns (bool) {
        (uint256 key, uint256 bit) = _claimSlot(account, role, epoch);
        uint256 taken = _claimed[key];
        if (taken & bit != 0) return false;
        _claimed[key] = taken | bit;
        return true;
    }

    /// @dev Proves one leaf and returns what is owed for it. The caller has taken the claim, and pays.
    function _settle(
        RewardLeaf calldata leaf,
        SumNode[] calldata proof,
        address payout
    ) private returns (uint256 amount) {
        uint256 weight = _weightOf(leaf);
        (address account, uint8 role, uint64 epoch) = (leaf.account, leaf.role, leaf.epoch);
        Pool storage pool = _epochs[epoch].pools[role];
        (uint256 whole, uint256 maxShareBps, bool claimable) = (pool.amount, pool.maxShareBps, pool.claimable);
        if (!claimable) revert RewardDistributorWrongState(epoch, _epochs[epoch].state);
        // casting to 'uint128' is safe because a weight is below 2¹⁰⁶
        (bytes32 root, uint128 total) = SumTree.climb(hashReward(leaf), uint128(weight), proof);
        // A total of zero, which is none, is in no commitment: nobody can propose it.
        if (SumTree.commitment(root, total) != pool.commitment) {
            revert RewardDistributorInvalidProof(epoch, role, account);
        }
        uint256 excess;
        (amount, excess) = _shareOf(whole, maxShareBps, weight, total);
        if (excess > 0) _addToReserve(excess);
        emit Claimed(account, role, epoch, payout, amount, excess);
    }

    function _pay(address payout, uint256 amount) private {
        if (amount > 0) IERC20(token).safeTransfer(payout, amount);
    }

    function _checkProposable(Epoch storage opened, Distribution calldata distribution) private view {
        uint64 epoch = distribution.epoch;
        if (opened.state != EpochState.Open) revert RewardDistributorWrongState(epoch, opened.state);
        if (distribution.round != opened.round) {
            revert RewardDistributorWrongRound(epoch, opened.round, distribution.round);
        }
        if (block.timestamp < opened.roundStartsAt) {
            revert RewardDistributorRoundNotStarted(epoch, opened.roundStartsAt);
        }
        // Later, stake that attested could be gone before a dispute is over.
        uint256 closedAt = EpochLib.endOf(epoch, _genesis, _epochDuration) + _unbonding;
        if (block.timestamp >= closedAt) revert RewardDistributorProposalsClosed(epoch, uint64(closedAt));
        if (distribution.paramsHash != opened.paramsHash) {
            revert RewardDistributorWrongParams(opened.paramsHash, distribution.paramsHash);
        }
        if (distribution.batchesHash == 0 || distribution.dataHash == 0) revert RewardDistributorZeroHash();
        for (uint8 role = 0; role < ROLE_COUNT; ++role) {
            bytes32 root = distribution.roots[role];
            uint128 total = distribution.totals[role];
            uint32 count = distribution.counts[role];
            bool empty = root == 0;
            if (empty != (total == 0) || empty != (count == 0)) {
                revert RewardDistributorInconsistentRole(role, root, total, count);
            }
        }
    }

    function _checkQuorum(
        uint64 epoch,
        uint256 electorate,
        bytes32 digest,
        bytes[] calldata signatures
    ) private view returns (address[] memory signers, uint256 signedStake) {
        uint256 length = signatures.length;
        if (length > MAX_SIGNATURES) revert RewardDistributorTooManySignatures(length, MAX_SIGNATURES);
        signers = new address[](length);
        address previous;
        for (uint256 i = 0; i < length; ++i) {
            address signer = ECDSA.recoverCalldata(digest, signatures[i]);
            (address account, uint256 weight) = INodeStaking(staking).attesterOf(signer, epoch);
            if (weight == 0) revert RewardDistributorNotAttester(signer);
            if (account <= previous) revert RewardDistributorUnsortedSigners(previous, account);
            previous = account;
            signers[i] = account;
            signedStake += weight;
        }
        if (3 * signedStake <= 2 * electorate) revert RewardDistributorNoQuorum(signedStake, electorate);
    }

    function _inState(uint64 epoch, EpochState expected) private view returns (Epoch storage opened) {
        opened = _epochs[epoch];
        if (opened.state != expected) revert RewardDistributorWrongState(epoch, opened.state);
    }

    function _payoutOf(address account, uint8 role) private view returns (address payout) {
        payout = INodeStaking(staking).payoutOf(account, role);
        if (payout == address(0)) revert RewardDistributorNoPayout(account, role);
    }

    function _checkLengths(RewardLeaf[] calldata leaves, SumNode[][] calldata proofs) private pure returns (uint256) {
        if (leaves.length != proofs.length || leaves.length == 0) {
            revert RewardDistributorLengthMismatch(leaves.length, proofs.length);
        }
        return leaves.length;
    }

    /// @dev The cap's excess goes back to the reserve; what rounding leaves over stays in the pool.
    function _shareOf(
        uint256 whole,
        uint256 maxShareBps,
        uint256 weight,
        uint256 total
    ) private pure returns (uint256 amount, uint256 excess) {
        // A pool is below 2⁹⁶, a weight below 2¹⁰⁶, the cap at most 10,000: no product overflows. The total is at least
        // the weight, which is above zero; the amount is at most the share.
        unchecked {
            uint256 share = (whole * weight) / total;
            amount = Math.min(share, (whole * maxShareBps) / BPS);
            excess = share - amount;
        }
    }

    /// @dev quality × volume × difficulty × feedback, below 2¹⁰⁶. Reverts outside the ranges of the protocol.
    function _weightOf(RewardLeaf calldata leaf) private pure returns (uint256 weight) {
        (uint256 quality, uint256 difficulty, uint256 feedback) = (leaf.quality, leaf.difficulty, leaf.feedback);
        // Three factors below 2¹⁶ and one below 2⁶⁴: the product is below 2¹¹² even before the ranges are checked.
        unchecked {
            weight = quality * leaf.volume * difficulty * feedback;
        }
        if (
            weight == 0 ||
            leaf.role >= ROLE_COUNT ||
            quality > BPS ||
            difficulty < 5_000 ||
            difficulty > 20_000 ||
            feedback < 9_000 ||
            feedback > 11_000
        ) revert RewardDistributorInvalidLeaf(leaf);
    }

    function _claimSlot(address account, uint8 role, uint64 epoch) private pure returns (uint256 key, uint256 bit) {
        key = uint256(uint160(account)) | (uint256(role) << 160) | (uint256(epoch >> 8) << 168);
        bit = 1 << (epoch & 0xff);
    }

    function _wideEpoch(uint32 epoch) private pure returns (uint64) {
        return epoch == EpochLib.NEVER ? type(uint64).max : epoch;
    }
}

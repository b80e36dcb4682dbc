// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import {INodeStaking} from "./interfaces/INodeStaking.sol";
import {Batch, IProofRegistry, RegistryConfig} from "./interfaces/IProofRegistry.sol";
import {IRewardDistributor} from "./interfaces/IRewardDistributor.sol";
import {BPS, OFFENCE_ABANDONED, PoqRecord, Receipt, ROLE_GATEWAY} from "./interfaces/Types.sol";
import {EpochLib} from "./libraries/EpochLib.sol";
import {LeafLib} from "./libraries/LeafLib.sol";

/// @title ProofRegistry
/// @notice Anchors, seeds and proofs. The manual is `IProofRegistry`.
contract ProofRegistry is IProofRegistry, AccessManaged {
    struct StoredBatch {
        bytes32 root;
        // one slot
        address gateway;
        uint40 anchorBlock;
        uint40 anchoredAt;
        bytes32 seed;
        bytes32 recordsRoot;
    }

    /// @dev Everything an anchor counts, in one slot. `epoch` is the one of the last anchor, known to be open; its units
    ///      move to `_unitsOf` when a later epoch has its first anchor. `feePerUnit` is that epoch's. `units` is wider than
    ///      what one anchor states, so that no gateway can fill the counter, even while units cost nothing.
    struct Head {
        uint64 batchCount;
        uint32 epoch;
        uint96 units;
        uint64 feePerUnit;
    }

    struct GatewayHead {
        uint64 nextSerial;
        uint32 lastEpoch;
        bool anchored;
    }

    /// @dev `next` holds from epoch `nextFrom` on, `current` before.
    struct FeeSchedule {
        uint96 current;
        uint96 next;
        uint32 nextFrom;
    }

    struct Gold {
        bytes32 root;
        uint32 count;
    }

    uint96 public constant MAX_FEE_PER_UNIT = 1e18;
    /// @dev EIP-2935: serves the hashes of the last 8,191 blocks on chains that have it.
    address private constant HISTORY = 0x0000F90827F1C53a10cb7A02335B175320002935;

    address public immutable staking;
    address public immutable distributor;
    uint16 public immutable floorBps;
    uint64 public immutable recordWindow;
    uint64 private immutable _genesis;
    uint64 private immutable _epochDuration;

    Head private _head;
    FeeSchedule private _fees;
    mapping(uint64 batchId => StoredBatch) private _batches;
    mapping(address gateway => GatewayHead) private _gateways;
    mapping(uint64 epoch => uint256) private _unitsOf;
    mapping(address gateway => mapping(uint64 epoch => Gold)) private _golds;

    constructor(RegistryConfig memory config) AccessManaged(config.authority) {
        if (config.staking == address(0) || config.distributor == address(0) || config.authority == address(0)) {
            revert ProofRegistryZeroAddress();
        }
        if (config.floorBps == 0 || config.floorBps > BPS) revert ProofRegistryInvalidFloor(config.floorBps);
        _checkFee(config.feePerUnit);
        staking = config.staking;
        distributor = config.distributor;
        floorBps = config.floorBps;
        recordWindow = INodeStaking(config.staking).timing().recordWindow;
        _genesis = INodeStaking(config.staking).genesis();
        _epochDuration = INodeStaking(config.staking).epochDuration();
        _head.epoch = EpochLib.NEVER;
        _fees = FeeSchedule(config.feePerUnit, config.feePerUnit, 0);
        emit FeePerUnitChanged(config.feePerUnit, 0);
    }

    /// @inheritdoc IProofRegistry
    function anchorReceipts(
        bytes32 root,
        uint64 fromSerial,
        uint64 toSerial,
        uint32 count,
        uint64 units,
        bytes32 dataHash
    ) external returns (uint64 batchId) {
        if (root == 0) revert ProofRegistryZeroRoot();
        if (count == 0 || toSerial <= fromSerial || count > toSerial - fromSerial) {
            revert ProofRegistryInvalidRange(fromSerial, toSerial, count);
        }
        uint32 epoch = EpochLib.epochOf(block.timestamp, _genesis, _epochDuration);
        Head storage head = _head;
        if (head.epoch != epoch) _enterEpoch(head, epoch);
        uint256 fee = uint256(units) * head.feePerUnit;
        address gateway = INodeStaking(staking).chargeAnchor(msg.sender, epoch, fee);

        GatewayHead storage gatewayHead = _gateways[gateway];
        uint64 expected = gatewayHead.nextSerial;
        if (fromSerial != expected) revert ProofRegistryUnexpectedSerial(gateway, expected, fromSerial);
        gatewayHead.nextSerial = toSerial;
        gatewayHead.lastEpoch = epoch;
        gatewayHead.anchored = true;
        uint96 epochUnits = head.units + units;
        batchId = head.batchCount + 1;
        head.units = epochUnits;
        head.batchCount = batchId;

        StoredBatch storage batch = _batches[batchId];
        batch.root = root;
        batch.gateway = gateway;
        // casting to 'uint40' is safe: no chain has a trillion blocks, and 2⁴⁰ seconds last until the year 36,812
        batch.anchorBlock = uint40(block.number);
        batch.anchoredAt = uint40(block.timestamp);
        emit ReceiptsAnchored(batchId, gateway, epoch, root, fromSerial, toSerial, count, units, dataHash, fee);
    }

    /// @inheritdoc IProofRegistry
    function fixSeed(uint64 batchId) external returns (bytes32 seed) {
        StoredBatch storage batch = _known(batchId);
        if (batch.seed != 0) revert ProofRegistrySeedKnown(batchId);
        return _fixSeed(batch, batchId);
    }

    /// @inheritdoc IProofRegistry
    function anchorRecords(uint64 batchId, bytes32 root, uint32 count, bytes32 dataHash) external {
        if (root == 0) revert ProofRegistryZeroRoot();
        if (count == 0) revert ProofRegistryZeroCount();
        StoredBatch storage batch = _known(batchId);
        address gateway = batch.gateway;
        uint64 anchoredAt = batch.anchoredAt;
        uint64 recordBy = anchoredAt + recordWindow;
        if (block.timestamp >= recordBy) revert ProofRegistryRecordWindowClosed(batchId, recordBy);
        if (INodeStaking(staking).accountOfCurrentSigner(msg.sender, ROLE_GATEWAY) != gateway) {
            revert ProofRegistryNotGateway(msg.sender, gateway);
        }
        if (batch.recordsRoot != 0) revert ProofRegistryAlreadyRecorded(batchId);
        if (batch.seed == 0) _fixSeed(batch, batchId);
        batch.recordsRoot = root;
        emit RecordsAnchored(batchId, gateway, _epochOf(anchoredAt), root, count, dataHash);
    }

    /// @inheritdoc IProofRegistry
    function anchorGold(uint64 epoch, bytes32 root, uint32 count) external {
        if (root == 0) revert ProofRegistryZeroRoot();
        if (count == 0) revert ProofRegistryZeroCount();
        uint64 next = _nextEpoch();
        if (epoch < next) revert ProofRegistryEpochStarted(epoch, next);
        address gateway = INodeStaking(staking).accountOfCurrentSigner(msg.sender, ROLE_GATEWAY);
        if (gateway == address(0)) revert ProofRegistryNotGateway(msg.sender, gateway);
        Gold storage gold = _golds[gateway][epoch];
        if (gold.root != 0) revert ProofRegistryGoldKnown(gateway, epoch);
        gold.root = root;
        gold.count = count;
        emit GoldAnchored(gateway, epoch, root, count);
    }

    /// @inheritdoc IProofRegistry
    function reportAbandoned(uint64 batchId) external {
        StoredBatch storage batch = _known(batchId);
        uint64 recordBy = batch.anchoredAt + recordWindow;
        if (batch.recordsRoot != 0) revert ProofRegistryAlreadyRecorded(batchId);
        if (block.timestamp < recordBy) revert ProofRegistryNotAbandoned(batchId, recordBy);
        if (batch.seed == 0) _fixSeed(batch, batchId);
        address gateway = batch.gateway;
        uint256 slashed = INodeStaking(staking).slash(
            gateway,
            ROLE_GATEWAY,
            OFFENCE_ABANDONED,
            bytes32(uint256(batchId)),
            msg.sender
        );
        emit BatchAbandoned(batchId, gateway, msg.sender, slashed);
    }

    /// @inheritdoc IProofRegistry
    function setFeePerUnit(uint96 feePerUnit) external restricted {
        _checkFee(feePerUnit);
        uint32 next = _nextEpoch();
        FeeSchedule storage fees = _fees;
        // Before genesis no epoch is running, so that only `next` matters.
        if (next > fees.nextFrom) fees.current = fees.next;
        fees.next = feePerUnit;
        fees.nextFrom = next;
        emit FeePerUnitChanged(feePerUnit, next);
    }

    /// @inheritdoc IProofRegistry
    function batchOf(uint64 batchId) external view returns (Batch memory) {
        StoredBatch storage batch = _known(batchId);
        return
            Batch({
                gateway: batch.gateway,
                epoch: _epochOf(batch.anchoredAt),
                root: batch.root,
                anchorBlock: batch.anchorBlock,
                anchoredAt: batch.anchoredAt,
                recordBy: batch.anchoredAt + recordWindow,
                seed: batch.seed,
                recordsRoot: batch.recordsRoot
            });
    }

    /// @inheritdoc IProofRegistry
    function batchCount() external view returns (uint64) {
        return _head.batchCount;
    }

    /// @inheritdoc IProofRegistry
    function nextSerial(address gateway) external view returns (uint64) {
        return _gateways[gateway].nextSerial;
    }

    /// @inheritdoc IProofRegistry
    function lastAnchorEpoch(address gateway) external view returns (bool exists, uint64 epoch) {
        GatewayHead storage gatewayHead = _gateways[gateway];
        return (gatewayHead.anchored, gatewayHead.lastEpoch);
    }

    /// @inheritdoc IProofRegistry
    function unitsOf(uint64 epoch) external view returns (uint256) {
        return epoch == _head.epoch ? _head.units : _unitsOf[epoch];
    }

    /// @inheritdoc IProofRegistry
    function goldOf(address gateway, uint64 epoch) external view returns (bytes32 root, uint32 count) {
        Gold storage gold = _golds[gateway][epoch];
        return (gold.root, gold.count);
    }

    /// @inheritdoc IProofRegistry
    function hashReceipt(Receipt calldata receipt) external view returns (bytes32) {
        return LeafLib.receiptLeaf(receipt, address(this));
    }

    /// @inheritdoc IProofRegistry
    function hashRecord(PoqRecord calldata poqRecord) external view returns (bytes32) {
        return LeafLib.recordLeaf(poqRecord, address(this));
    }

    /// @inheritdoc IProofRegistry
    function verifyReceipt(
        uint64 batchId,
        Receipt calldata receipt,
        bytes32[] calldata proof
    ) external view returns (bool) {
        bytes32 root = _known(batchId).root;
        return MerkleProof.verifyCalldata(proof, root, LeafLib.receiptLeaf(receipt, address(this)));
    }

    /// @inheritdoc IProofRegistry
    function verifyRecord(
        uint64 batchId,
        PoqRecord calldata poqRecord,
        bytes32[] calldata proof
    ) external view returns (bool) {
        // Zero before the records are anchored, which no leaf and no parent hashes to.
        bytes32 root = _known(batchId).recordsRoot;
        return MerkleProof.verifyCalldata(proof, root, LeafLib.recordLeaf(poqRecord, address(this)));
    }

    /// @inheritdoc IProofRegistry
    function feePerUnitOf(uint64 epoch) public view returns (uint96) {
        return epoch < _fees.nextFrom ? _fees.current : _fees.next;
    }

    /// @dev First anchor of an epoch: closes the books of the last one.
    function _enterEpoch(Head storage head, uint32 epoch) private {
        if (!IRewardDistributor(distributor).isOpened(epoch)) revert ProofRegistryEpochNotOpen(epoch);
        // casting to 'uint64' is safe because a fee is at most MAX_FEE_PER_UNIT, 10¹⁸
        (uint96 units, uint64 feePerUnit) = (head.units, uint64(feePerUnitOf(epoch)));
        if (units > 0) _unitsOf[head.epoch] = units;
        head.epoch = epoch;
        head.units = 0;
        head.feePerUnit = feePerUnit;
    }

    function _fixSeed(StoredBatch storage batch, uint64 batchId) private returns (bytes32 seed) {
        uint64 seedBlock = uint64(batch.anchorBlock) + 1;
        seed = _blockHash(seedBlock);
        if (seed == 0) revert ProofRegistrySeedUnavailable(batchId, seedBlock);
        batch.seed = seed;
        emit SeedFixed(batchId, seed, seedBlock);
    }

    /// @dev Zero when the block is not mined yet or forgotten. A chain without EIP-2935 may answer a call to the empty
    ///      address with success and nothing, and the history contract reverts outside its window: both are no hash.
    function _blockHash(uint256 blockNumber) private view returns (bytes32) {
        bytes32 known = blockhash(blockNumber);
        if (known != 0 || blockNumber >= block.number) return known;
        (bool ok, bytes memory answer) = HISTORY.staticcall(abi.encode(blockNumber));
        return ok && answer.length == 32 ? bytes32(answer) : bytes32(0);
    }

    function _known(uint64 batchId) private view returns (StoredBatch storage batch) {
        batch = _batches[batchId];
        if (batch.anchoredAt == 0) revert ProofRegistryUnknownBatch(batchId);
    }

    function _epochOf(uint256 time) private view returns (uint64) {
        return EpochLib.epochOf(time, _genesis, _epochDuration);
    }

    function _nextEpoch() private view returns (uint32) {
        return EpochLib.nextEpoch(block.timestamp, _genesis, _epochDuration);
    }

    function _checkFee(uint96 feePerUnit) private pure {
        if (feePerUnit > MAX_FEE_PER_UNIT) revert ProofRegistryFeeTooHigh(feePerUnit, MAX_FEE_PER_UNIT);
    }
}

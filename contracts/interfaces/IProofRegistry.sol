// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {PoqRecord, Receipt} from "./Types.sol";

/// @notice Constructor argument of `ProofRegistry`.
/// @param staking Deployed before; its clock and record window are copied.
/// @param distributor The `RewardDistributor`, deployed next; asked whether an epoch is open.
/// @param authority OpenZeppelin `AccessManager` for `setFeePerUnit`.
/// @param floorBps Least sampling rate that any node can have. 1…10,000.
/// @param feePerUnit Base units burned per work unit from epoch 0 on.
struct RegistryConfig {
    address staking;
    address distributor;
    address authority;
    uint16 floorBps;
    uint96 feePerUnit;
}

/// @notice What the chain keeps of a batch. The rest of its header (serial range, count, units, data hashes) is in the
///         events `ReceiptsAnchored` and `RecordsAnchored`: no contract reads it, and four more slots per batch would
///         double the price of an anchor.
/// @param epoch Epoch of `anchoredAt`: the one that the batch counts in.
/// @param anchorBlock The seed is the hash of the block after it.
/// @param seed 0 until fixed.
/// @param recordsRoot 0 until anchored.
/// @param recordBy First second at which records are refused: the batch is abandoned if it has none by then.
struct Batch {
    address gateway;
    uint64 epoch;
    bytes32 root;
    uint64 anchorBlock;
    uint64 anchoredAt;
    uint64 recordBy;
    bytes32 seed;
    bytes32 recordsRoot;
}

/// @title ProofRegistry
/// @notice Append-only anchors of receipts, records and golds, per gateway, with the seeds that decide what is examined.
/// @dev Batch ids count from 1 over all gateways. All trees are binary Merkle trees over double-hashed leaves with
///      sorted pairs; an odd vertex moves up unchanged. Nothing here is ever overwritten.
interface IProofRegistry {
    /// @param fromSerial First serial that the batch may hold.
    /// @param toSerial One past the last; also the gateway's next serial.
    /// @param count Number of leaves.
    /// @param units Work units of the volume-bearing receipts, which the fee was paid for.
    /// @param dataHash sha256 of the published receipts (uncompressed canonical JSON lines).
    event ReceiptsAnchored(
        uint64 indexed batchId,
        address indexed gateway,
        uint64 indexed epoch,
        bytes32 root,
        uint64 fromSerial,
        uint64 toSerial,
        uint32 count,
        uint64 units,
        bytes32 dataHash,
        uint256 fee
    );
    event SeedFixed(uint64 indexed batchId, bytes32 seed, uint64 seedBlock);
    event RecordsAnchored(
        uint64 indexed batchId,
        address indexed gateway,
        uint64 indexed epoch,
        bytes32 root,
        uint32 count,
        bytes32 dataHash
    );
    event GoldAnchored(address indexed gateway, uint64 indexed epoch, bytes32 root, uint32 count);
    event BatchAbandoned(uint64 indexed batchId, address indexed gateway, address indexed reporter, uint256 slashed);
    event FeePerUnitChanged(uint96 feePerUnit, uint64 fromEpoch);

    error ProofRegistryZeroAddress();
    error ProofRegistryZeroRoot();
    error ProofRegistryInvalidFloor(uint16 floorBps);
    error ProofRegistryFeeTooHigh(uint96 feePerUnit, uint96 maximum);
    error ProofRegistryUnexpectedSerial(address gateway, uint64 expected, uint64 given);
    error ProofRegistryInvalidRange(uint64 fromSerial, uint64 toSerial, uint32 count);
    error ProofRegistryEpochNotOpen(uint64 epoch);
    error ProofRegistryUnknownBatch(uint64 batchId);
    error ProofRegistryNotGateway(address signer, address gateway);
    error ProofRegistrySeedUnavailable(uint64 batchId, uint64 seedBlock);
    error ProofRegistrySeedKnown(uint64 batchId);
    error ProofRegistryAlreadyRecorded(uint64 batchId);
    error ProofRegistryRecordWindowClosed(uint64 batchId, uint64 recordBy);
    error ProofRegistryNotAbandoned(uint64 batchId, uint64 recordBy);
    error ProofRegistryEpochStarted(uint64 epoch, uint64 nextEpoch);
    error ProofRegistryGoldKnown(address gateway, uint64 epoch);
    error ProofRegistryZeroCount();

    /// @notice Commits a batch of receipts. Called by a gateway's signer; the gateway must be active and the current
    ///         epoch open. Charges `units × feePerUnit` from its fee balance.
    /// @dev `fromSerial` must be the gateway's next serial, `0 < count ≤ toSerial − fromSerial`: gaps are allowed,
    ///      repetition is impossible, and a transaction sent again after a crash reverts.
    function anchorReceipts(
        bytes32 root,
        uint64 fromSerial,
        uint64 toSerial,
        uint32 count,
        uint64 units,
        bytes32 dataHash
    ) external returns (uint64 batchId);

    /// @notice Stores the hash of the block after the anchor, and no other block's. Anybody.
    /// @dev Reads `blockhash` (256 blocks), then EIP-2935 (8,191 blocks) where the chain has it; reverts when neither
    ///      knows the hash, and when it is stored already.
    function fixSeed(uint64 batchId) external returns (bytes32 seed);

    /// @notice Commits the records of a batch, once, within `recordWindow` of its anchor. Called by the signer of the
    ///         same gateway, which need not be active any more. Fixes the seed if nobody has.
    function anchorRecords(uint64 batchId, bytes32 root, uint32 count, bytes32 dataHash) external;

    /// @notice Commits a gateway's gold tasks for an epoch that has not begun; once per gateway and epoch.
    function anchorGold(uint64 epoch, bytes32 root, uint32 count) external;

    /// @notice Slashes the gateway of a batch whose record window closed without records. Anybody, once per batch.
    /// @dev Fixes the seed if nobody has, and reverts when its hash is forgotten: a gateway that was down and came back
    ///      within the window, on a chain that forgets early, could not have recorded and is not punished for it.
    ///      Whoever wants to hold a gateway to account fixes the seed in time.
    function reportAbandoned(uint64 batchId) external;

    /// @notice Sets the fee for the epochs that have not begun. Authority only. At most 1 DGAI per unit.
    function setFeePerUnit(uint96 feePerUnit) external;

    // ------------------------------------------------------------------------------------------------------- views

    /// @dev Reverts for an unknown id.
    function batchOf(uint64 batchId) external view returns (Batch memory);

    /// @notice Number of batches; the ids are 1…batchCount.
    function batchCount() external view returns (uint64);

    function nextSerial(address gateway) external view returns (uint64);

    /// @notice Epoch of the gateway's last anchor; `exists` is false if it never anchored.
    function lastAnchorEpoch(address gateway) external view returns (bool exists, uint64 epoch);

    /// @notice Work units that fees were paid for in `epoch`.
    function unitsOf(uint64 epoch) external view returns (uint256);

    /// @notice Gold commitment of a gateway; zeros if there is none.
    function goldOf(address gateway, uint64 epoch) external view returns (bytes32 root, uint32 count);

    /// @notice Fee in the running or a later epoch, as things stand; fees of past epochs are in the events.
    function feePerUnitOf(uint64 epoch) external view returns (uint96);

    function floorBps() external view returns (uint16);

    function recordWindow() external view returns (uint64);

    function hashReceipt(Receipt calldata receipt) external view returns (bytes32 leaf);

    function hashRecord(PoqRecord calldata poqRecord) external view returns (bytes32 leaf);

    /// @notice Whether the receipt is a leaf of the batch. Reverts for an unknown batch.
    function verifyReceipt(
        uint64 batchId,
        Receipt calldata receipt,
        bytes32[] calldata proof
    ) external view returns (bool);

    /// @notice Whether the record is a leaf of the batch's records; false while there are none. Reverts for an unknown
    ///         batch.
    function verifyRecord(
        uint64 batchId,
        PoqRecord calldata poqRecord,
        bytes32[] calldata proof
    ) external view returns (bool);

    function staking() external view returns (address);

    function distributor() external view returns (address);
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @dev Values that every contract, the gateway and the verifiers share. Scores are integers 0…10,000 where 10,000 is
///      perfect; amounts are DGAI base units (18 decimals); times are seconds; epochs count from genesis.
///      Every address inside a leaf is an account (cold key), never a signer.

uint8 constant ROLE_INFERENCE = 0;
uint8 constant ROLE_EVALUATOR = 1;
uint8 constant ROLE_GATEWAY = 2;
/// @dev Number of roles; a role at or above it is invalid.
uint8 constant ROLE_COUNT = 3;

uint256 constant BPS = 10_000;

/// @dev Receipt flags. The first, second, third, fourth, sixth and seventh carry no volume; 8, 32 and 64 are never drawn.
uint8 constant FLAG_PINNED = 1;
uint8 constant FLAG_CACHED = 2;
uint8 constant FLAG_GOLD = 4;
uint8 constant FLAG_PRIVATE = 8;
uint8 constant FLAG_FORMAT_CONSTRAINED = 16;
uint8 constant FLAG_REPLAY = 32;
uint8 constant FLAG_UNATTESTED = 64;

uint8 constant RECORD_UNEXAMINED = 0;
uint8 constant RECORD_SCORED = 1;
uint8 constant RECORD_UNSCORED = 2;

uint8 constant DIMENSION_ACCURACY = 1;
uint8 constant DIMENSION_CONSISTENCY = 2;
uint8 constant DIMENSION_FORMAT = 4;

uint8 constant TABLE_TRUST = 0;
uint8 constant TABLE_RATE = 1;
uint8 constant TABLE_ACTIVE = 2;
/// @dev Family of a table leaf that is about all of them; trust and rates are.
uint8 constant FAMILY_ANY = 255;
/// @dev What a table says of an account that it cannot know yet, and what an absent table says of everybody.
uint16 constant DEFAULT_TRUST = 1_000;
uint16 constant DEFAULT_RATE_BPS = 10_000;

/// @dev Part of every offence id, so that one fact is punished once and different facts never shadow each other.
uint8 constant OFFENCE_EQUIVOCATION = 1;
uint8 constant OFFENCE_BAD_RECORD = 2;
uint8 constant OFFENCE_WRONG_COMMITTEE = 3;
uint8 constant OFFENCE_DOUBLE_COUNT = 4;
uint8 constant OFFENCE_BROKEN_WORD = 5;
uint8 constant OFFENCE_OVERTURNED = 6;
uint8 constant OFFENCE_ABANDONED = 7;

/// @notice One served request, as its gateway states it. Also the EIP-712 message the gateway signs for the caller.
struct Receipt {
    bytes32 id;
    address gateway;
    address node;
    uint64 serial;
    uint64 servedAt;
    bytes32 requestHash;
    bytes32 responseHash;
    bytes32 model;
    uint8 family;
    uint16 complexity;
    uint32 promptTokens;
    uint32 completionTokens;
    uint32 firstTokenMs;
    uint32 totalMs;
    uint128 priceMicroUsd;
    uint64 units;
    uint8 flags;
    bytes32 routeHash;
}

/// @notice What an inference node says it answered; many of them under one signed root.
struct AnswerLeaf {
    bytes32 receiptId;
    address gateway;
    address node;
    bytes32 requestHash;
    bytes32 responseHash;
    bytes32 model;
    uint32 promptTokens;
    uint32 completionTokens;
}

/// @notice The quality label of one receipt.
struct PoqRecord {
    bytes32 receiptLeaf;
    address gateway;
    uint64 serial;
    uint8 status;
    uint8 committeeSize;
    uint8 activeMask;
    uint16 accuracy;
    uint16 consistency;
    uint16 format;
    uint16 cost;
    uint16 quality;
    uint16 score;
    bytes32 evaluationsHash;
}

/// @notice One revealed evaluation inside `PoqRecord.evaluationsHash = keccak256(abi.encode(Entry[]))`, by committee rank.
struct Entry {
    address evaluator;
    uint16 accuracy;
    uint16 consistency;
    uint16 format;
    uint16 trust;
    bytes32 scorerId;
    bytes32 salt;
    bytes signature;
}

/// @notice What one node earned weight with in one epoch. Weight = quality × volume × difficulty × feedback.
struct RewardLeaf {
    uint64 epoch;
    uint8 role;
    address account;
    uint16 quality;
    uint64 volume;
    uint16 difficulty;
    uint16 feedback;
}

/// @notice A hidden task with a known answer, committed before its epoch.
struct GoldLeaf {
    uint64 epoch;
    uint32 index;
    bytes32 contentHash;
    bytes32 referenceHash;
    bytes32 checkerId;
    bytes32 salt;
}

/// @notice One entry of the table of trust, sampling rates and active dimensions.
struct TableLeaf {
    uint8 kind;
    address account;
    uint8 family;
    uint16 value;
}

/// @notice A vertex of the Merkle sum tree: 32 bytes of hash, and the sum of all weights below it.
struct SumNode {
    bytes32 hash;
    uint128 sum;
}

/// @notice An epoch's reward trees, one per role, with everything needed to recompute them.
/// @dev `distributionHash = keccak256(abi.encode(all fields in this order))`.
struct Distribution {
    uint64 epoch;
    uint32 round;
    bytes32[3] roots;
    uint128[3] totals;
    uint32[3] counts;
    bytes32 paramsHash;
    bytes32 tableRoot;
    bytes32 batchesHash;
    bytes32 dataHash;
}

/// @notice The clock of a deployment: genesis and every waiting time, all immutable, all in seconds.
struct Timing {
    uint64 genesis;
    uint64 epochDuration;
    uint64 recordWindow;
    uint64 roundDuration;
    uint64 disputeWindow;
    uint64 arbiterDeadline;
    uint64 unbonding;
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SumNode} from "../../../contracts/interfaces/Types.sol";
import {Consensus} from "../../../contracts/libraries/Consensus.sol";
import {EpochLib} from "../../../contracts/libraries/EpochLib.sol";
import {StakeTrace} from "../../../contracts/libraries/StakeTrace.sol";
import {SumTree} from "../../../contracts/libraries/SumTree.sol";
import {Check} from "../support/Check.sol";
import {Trees} from "../support/Trees.sol";
import {vm} from "../support/Vm.sol";

contract Caller {
    using StakeTrace for StakeTrace.Trace;

    StakeTrace.Trace private trace;

    function push(uint32 epoch, uint224 value) external {
        trace.push(epoch, value);
    }

    function latest() external view returns (uint224) {
        return trace.latest();
    }

    function valueAt(uint256 epoch) external view returns (uint224) {
        return trace.valueAt(epoch);
    }

    function points() external view returns (uint256) {
        return trace.points.length;
    }

    function climb(bytes32 hash, uint128 weight, SumNode[] calldata proof) external pure returns (bytes32, uint128) {
        return SumTree.climb(hash, weight, proof);
    }

    function consensus(uint16[] memory scores, uint16[] memory weights) external pure returns (uint16) {
        return Consensus.aggregate(scores, weights);
    }

    function epochOf(uint256 time, uint256 genesis, uint256 duration) external pure returns (uint32) {
        return EpochLib.epochOf(time, genesis, duration);
    }

    function nextEpoch(uint256 time, uint256 genesis, uint256 duration) external pure returns (uint32) {
        return EpochLib.nextEpoch(time, genesis, duration);
    }
}

contract LibrariesTest is Check {
    Caller private lib;

    function setUp() public {
        lib = new Caller();
    }

    // ------------------------------------------------------------------------------------------------------ SumTree

    function testFuzz_climb_EqualsThePlainTree(uint256 seed, uint8 size, uint8 place) public view {
        uint256 n = bound(size, 1, 40);
        uint256 index = place % n;
        SumNode[] memory leaves = new SumNode[](n);
        for (uint256 i = 0; i < n; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            // Few different hashes, so that equal ones are ordered by their sums.
            leaves[i] = SumNode(bytes32(dice % 5), uint128(1 + ((dice >> 8) % (1 << 120))));
        }
        SumNode memory top = Trees.sumRoot(leaves);
        (bytes32 root, uint128 total) = lib.climb(leaves[index].hash, leaves[index].sum, Trees.sumProof(leaves, index));
        eq(root, top.hash, "root");
        eq(total, top.sum, "total");
    }

    function testFuzz_climb_NeverWraps_Class01_Class38(uint128 weight, uint128 a, uint128 b) public view {
        SumNode[] memory proof = new SumNode[](2);
        proof[0] = SumNode("a", a);
        proof[1] = SumNode("b", b);
        (, uint128 total) = lib.climb("leaf", weight, proof);
        uint256 wide = uint256(weight) + a + b;
        eq(total, weight == 0 || wide > type(uint128).max ? 0 : wide, "exact or nothing");
    }

    function test_climb_ReachesTheLastSumAndNoFurther() public view {
        SumNode[] memory proof = new SumNode[](1);
        proof[0] = SumNode("a", type(uint128).max - 7);
        (, uint128 total) = lib.climb("leaf", 7, proof);
        eq(total, type(uint128).max, "the largest total");
        (, total) = lib.climb("leaf", 8, proof);
        eq(total, 0, "one more is refused");
    }

    function test_climb_RefusesDirtySums() public view {
        SumNode[] memory proof = new SumNode[](1);
        proof[0] = SumNode("a", 1);
        bytes memory call = abi.encodeCall(lib.climb, ("leaf", 7, proof));
        // Sets a bit above 2¹²⁸ in the sibling's sum, the last word of the calldata.
        call[call.length - 17] = 0x01;
        (bool ok, bytes memory answer) = address(lib).staticcall(call);
        if (ok) {
            (, uint128 total) = abi.decode(answer, (bytes32, uint128));
            eq(total, 0, "refused");
        }
    }

    /// @dev Sums that wrap the whole word leave a small one behind: two siblings of 2²⁵⁵ add nothing.
    function test_climb_RefusesSumsThatWrapTheWord_Class01() public view {
        SumNode[] memory proof = new SumNode[](2);
        bytes memory call = abi.encodeCall(lib.climb, ("leaf", 7, proof));
        // The highest byte of the last word, the second sibling's sum, and of the one two words before, the first's.
        call[call.length - 32] = 0x80;
        call[call.length - 96] = 0x80;
        (bool ok, bytes memory answer) = address(lib).staticcall(call);
        yes(ok, "a proof of two elements is decoded");
        (, uint128 total) = abi.decode(answer, (bytes32, uint128));
        eq(total, 0, "refused");
    }

    // ---------------------------------------------------------------------------------------------------- Consensus

    function test_consensus_RevertWhen_EmptyOrUneven() public {
        vm.expectRevert(Consensus.ConsensusEmpty.selector);
        lib.consensus(new uint16[](0), new uint16[](0));
        vm.expectRevert(abi.encodeWithSelector(Consensus.ConsensusLengthMismatch.selector, 2, 3));
        lib.consensus(new uint16[](2), new uint16[](3));
    }

    /// @dev A second implementation: sorts, and walks the cumulative weight from both ends.
    function testFuzz_consensus_EqualsTheSortedOne(uint256 seed, uint8 size) public view {
        uint256 n = bound(size, 1, 9);
        uint16[] memory scores = new uint16[](n);
        uint16[] memory weights = new uint16[](n);
        for (uint256 i = 0; i < n; ++i) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            scores[i] = uint16(dice % (seed % 2 == 0 ? 10_001 : 4));
            weights[i] = uint16(seed % 3 == 0 ? 0 : (dice >> 16) % (seed % 5 == 0 ? 65_536 : 4_001));
        }
        eq(lib.consensus(scores, weights), sorted(scores, weights), "consensus");
    }

    function sorted(uint16[] memory given, uint16[] memory trust) private pure returns (uint256) {
        uint256 n = given.length;
        uint256[] memory s = new uint256[](n);
        uint256[] memory w = new uint256[](n);
        uint256 all;
        for (uint256 i = 0; i < n; ++i) all += trust[i];
        for (uint256 i = 0; i < n; ++i) {
            uint256 j = i;
            for (; j > 0 && s[j - 1] > given[i]; --j) (s[j], w[j]) = (s[j - 1], w[j - 1]);
            (s[j], w[j]) = (given[i], all == 0 ? 1 : trust[i]);
        }
        if (all == 0) all = n;
        uint256 low;
        uint256 high = n - 1;
        uint256 sum = w[0];
        while (4 * sum <= all) sum += w[++low];
        sum = w[high];
        while (4 * sum <= all) sum += w[--high];
        uint256 total;
        for (uint256 i = 0; i < n; ++i) {
            total += w[i] * (s[i] < s[low] ? s[low] : (s[i] > s[high] ? s[high] : s[i]));
        }
        return total / all;
    }

    // ------------------------------------------------------------------------------------------- EpochLib, StakeTrace

    function testFuzz_epochs_BoundTheirTime(uint64 time, uint64 genesis, uint32 duration) public view {
        uint256 d = bound(duration, 1, type(uint32).max);
        uint256 t = bound(time, genesis, uint256(genesis) + d * 1e9);
        uint256 epoch = lib.epochOf(t, genesis, d);
        yes(EpochLib.startOf(epoch, genesis, d) <= t, "start");
        yes(t < EpochLib.endOf(epoch, genesis, d), "end");
        eq(EpochLib.startOf(epoch, genesis, d), uint256(genesis) + epoch * d, "start to the second");
        eq(EpochLib.endOf(epoch, genesis, d), uint256(genesis) + (epoch + 1) * d, "end to the second");
        eq(lib.nextEpoch(t, genesis, d), epoch + 1, "next");
    }

    function test_epochs_RevertWhen_OutOfRange() public {
        uint256 last = type(uint32).max;
        eq(lib.epochOf(last - 1, 0, 1), last - 1, "largest");
        vm.expectRevert(abi.encodeWithSelector(EpochLib.EpochOutOfRange.selector, last));
        lib.epochOf(last, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(EpochLib.EpochOutOfRange.selector, last));
        lib.nextEpoch(last - 1, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(EpochLib.EpochBeforeGenesis.selector, 4, 5));
        lib.epochOf(4, 5, 1);
        eq(lib.nextEpoch(4, 5, 1), 0, "before genesis");
    }

    function test_trace_KeepsOnePointPerEpoch() public {
        eq(lib.latest(), 0, "nothing yet");
        eq(lib.valueAt(9), 0, "nothing yet");
        lib.push(3, 10);
        lib.push(3, 11);
        lib.push(5, 0);
        eq(lib.points(), 2, "overwritten in one epoch");
        eq(lib.valueAt(2), 0, "before");
        eq(lib.valueAt(3), 11, "at");
        eq(lib.valueAt(4), 11, "between");
        eq(lib.valueAt(5), 0, "after");
        eq(lib.latest(), 0, "latest");
        vm.expectRevert(abi.encodeWithSelector(StakeTrace.StakeTraceUnordered.selector, 5, 4));
        lib.push(4, 1);
    }

    function testFuzz_trace_EqualsAPlainList(uint256 seed) public {
        uint224[30] memory plain;
        uint224 value;
        for (uint32 e = 0; e < 30; ++e) {
            uint256 dice = uint256(keccak256(abi.encode(seed, e)));
            if (dice % 3 == 0) {
                value = uint224(dice);
                lib.push(e, value);
            }
            plain[e] = value;
        }
        for (uint256 e = 0; e < 30; ++e) eq(lib.valueAt(e), plain[e], "value");
    }
}

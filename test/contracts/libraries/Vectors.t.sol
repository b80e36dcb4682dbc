// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

import "../../../contracts/interfaces/Types.sol";
import {Consensus} from "../../../contracts/libraries/Consensus.sol";
import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {MessageLib} from "../../../contracts/libraries/MessageLib.sol";
import {SumTree} from "../../../contracts/libraries/SumTree.sol";
import {Check} from "../support/Check.sol";
import {Trees} from "../support/Trees.sol";
import {vm} from "../support/Vm.sol";

/// @dev Gives the libraries the calldata they want.
contract Encoder {
    function leaf(string calldata kind, bytes calldata encoded, address owner) external view returns (bytes32) {
        bytes32 k = keccak256(bytes(kind));
        if (k == keccak256("Receipt")) return this.receipt(abi.decode(encoded, (Receipt)), owner);
        if (k == keccak256("AnswerLeaf")) return this.answer(abi.decode(encoded, (AnswerLeaf)), owner);
        if (k == keccak256("RecordLeaf")) return this.poqRecord(abi.decode(encoded, (PoqRecord)), owner);
        if (k == keccak256("RewardLeaf")) return this.reward(abi.decode(encoded, (RewardLeaf)), owner);
        if (k == keccak256("GoldLeaf")) return this.gold(abi.decode(encoded, (GoldLeaf)), owner);
        if (k == keccak256("TableLeaf")) return this.table(abi.decode(encoded, (TableLeaf)), owner);
        revert(kind);
    }

    function receipt(Receipt calldata x, address owner) external view returns (bytes32) {
        return LeafLib.receiptLeaf(x, owner);
    }

    function answer(AnswerLeaf calldata x, address owner) external view returns (bytes32) {
        return LeafLib.answerLeaf(x, owner);
    }

    function poqRecord(PoqRecord calldata x, address owner) external view returns (bytes32) {
        return LeafLib.recordLeaf(x, owner);
    }

    function reward(RewardLeaf calldata x, address owner) external view returns (bytes32) {
        return LeafLib.rewardLeaf(x, owner);
    }

    function gold(GoldLeaf calldata x, address owner) external view returns (bytes32) {
        return LeafLib.goldLeaf(x, owner);
    }

    function table(TableLeaf calldata x, address owner) external view returns (bytes32) {
        return LeafLib.tableLeaf(x, owner);
    }

    function message(string calldata kind, bytes calldata encoded) external view returns (bytes32) {
        bytes32 k = keccak256(bytes(kind));
        if (k == keccak256("Receipt")) return this.signedReceipt(abi.decode(encoded, (Receipt)));
        if (k == keccak256("Evaluation")) return this.evaluation(encoded);
        if (k == keccak256("EvaluationCommit")) {
            (bytes32 a, bytes32 b, address c, bytes32 d) = abi.decode(encoded, (bytes32, bytes32, address, bytes32));
            return MessageLib.evaluationCommit(a, b, c, d);
        }
        if (k == keccak256("CommitSet")) {
            (bytes32 a, bytes32 b, uint8 c, bytes32 d) = abi.decode(encoded, (bytes32, bytes32, uint8, bytes32));
            return MessageLib.commitSet(a, b, c, d);
        }
        if (k == keccak256("EpochAttestation")) {
            (uint64 a, uint32 b, bytes32 c) = abi.decode(encoded, (uint64, uint32, bytes32));
            return MessageLib.epochAttestation(a, b, c);
        }
        if (k == keccak256("OperatorAuth")) {
            (address a, uint8 b, address c, uint64 d) = abi.decode(encoded, (address, uint8, address, uint64));
            return MessageLib.operatorAuth(a, b, c, d);
        }
        revert(kind);
    }

    function signedReceipt(Receipt calldata x) external pure returns (bytes32) {
        return MessageLib.receipt(x);
    }

    function evaluation(bytes calldata encoded) external view returns (bytes32) {
        Entry memory entry;
        bytes32 leafHash;
        bytes32 seed;
        (
            leafHash,
            seed,
            entry.evaluator,
            entry.accuracy,
            entry.consistency,
            entry.format,
            entry.scorerId,
            entry.salt
        ) = abi.decode(encoded, (bytes32, bytes32, address, uint16, uint16, uint16, bytes32, bytes32));
        return this.evaluationOf(leafHash, seed, entry);
    }

    function evaluationOf(bytes32 leafHash, bytes32 seed, Entry calldata entry) external pure returns (bytes32) {
        return MessageLib.evaluation(leafHash, seed, entry);
    }

    function verify(
        bytes32 hash,
        uint128 weight,
        SumNode[] calldata proof,
        bytes32 root,
        uint128 total
    ) external pure returns (bool) {
        (bytes32 foundRoot, uint128 foundTotal) = SumTree.climb(hash, weight, proof);
        return foundTotal != 0 && foundRoot == root && foundTotal == total;
    }

    function consensus(uint16[] memory scores, uint16[] memory weights) external pure returns (uint16) {
        return Consensus.aggregate(scores, weights);
    }
}

/// @notice Every encoding against the golden vectors that ethers wrote and the gateway is tested against.
contract VectorsTest is Check {
    Encoder private encoder;

    function setUp() public {
        encoder = new Encoder();
    }

    function test_typeHashes_MatchVectors_Class12() public view {
        string memory json = vm.readFile("test/vectors/leaves.json");
        bytes32[6] memory hashes = [
            LeafLib.RECEIPT_TYPEHASH,
            LeafLib.ANSWER_TYPEHASH,
            LeafLib.RECORD_TYPEHASH,
            LeafLib.REWARD_TYPEHASH,
            LeafLib.GOLD_TYPEHASH,
            LeafLib.TABLE_TYPEHASH
        ];
        for (uint256 i = 0; i < 6; ++i) {
            eq(hashes[i], vm.parseJsonBytes32(json, item(".types", i, ".typeHash")), "leaf type hash");
        }
    }

    function test_leaves_MatchVectors_Class12_Class14() public {
        string memory json = vm.readFile("test/vectors/leaves.json");
        uint256 count;
        for (; vm.keyExistsJson(json, item(".cases", count, "")); ++count) {
            vm.chainId(vm.parseJsonUint(json, item(".cases", count, ".chainId")));
            bytes32 leaf = encoder.leaf(
                vm.parseJsonString(json, item(".cases", count, ".type")),
                vm.parseJsonBytes(json, item(".cases", count, ".encoded")),
                vm.parseJsonAddress(json, item(".cases", count, ".contract"))
            );
            eq(leaf, vm.parseJsonBytes32(json, item(".cases", count, ".leaf")), "leaf");
        }
        vm.chainId(31_337);
        eq(count, 36, "cases");
    }

    function test_messages_MatchVectors_Class12_Class14() public view {
        string memory json = vm.readFile("test/vectors/eip712.json");
        bytes32 separator = vm.parseJsonBytes32(json, ".domainSeparator");
        uint256 seen;
        for (uint256 i = 0; vm.keyExistsJson(json, item(".cases", i, "")); ++i) {
            string memory kind = vm.parseJsonString(json, item(".cases", i, ".type"));
            // A node's attestation is never judged on chain, so no contract hashes it.
            if (keccak256(bytes(kind)) == keccak256("NodeAttestation")) continue;
            bytes32 structHash = encoder.message(kind, vm.parseJsonBytes(json, item(".cases", i, ".encoded")));
            eq(structHash, vm.parseJsonBytes32(json, item(".cases", i, ".structHash")), "struct hash");
            bytes32 digest = keccak256(abi.encodePacked(hex"1901", separator, structHash));
            eq(digest, vm.parseJsonBytes32(json, item(".cases", i, ".digest")), "digest");
            ++seen;
        }
        yes(seen >= 6, "every kind of message");
    }

    function test_hashes_MatchVectors() public view {
        string memory json = vm.readFile("test/vectors/hashes.json");
        uint256 count;
        for (uint256 i = 0; vm.keyExistsJson(json, item(".evaluations", i, "")); ++i) {
            if (vm.parseJsonUint(json, item(".evaluations", i, ".size")) == 0) continue;
            Entry[] memory entries = abi.decode(
                vm.parseJsonBytes(json, item(".evaluations", i, ".encoded")),
                (Entry[])
            );
            eq(
                keccak256(abi.encode(entries)),
                vm.parseJsonBytes32(json, item(".evaluations", i, ".hash")),
                "evaluations hash"
            );
            ++count;
        }
        for (uint256 i = 0; vm.keyExistsJson(json, item(".distributions", i, "")); ++i) {
            Distribution memory d = abi.decode(
                vm.parseJsonBytes(json, item(".distributions", i, ".encoded")),
                (Distribution)
            );
            eq(
                keccak256(abi.encode(d)),
                vm.parseJsonBytes32(json, item(".distributions", i, ".hash")),
                "distribution hash"
            );
            ++count;
        }
        yes(count >= 2, "hash vectors");
    }

    function test_batchTree_MatchesVectorsAtEverySize_Class09_Class14() public view {
        string memory json = vm.readFile("test/vectors/batch-tree.json");
        bytes32[] memory leaves = vm.parseJsonBytes32Array(json, ".leaves");
        bytes32[] memory roots = vm.parseJsonBytes32Array(json, ".roots");
        eq(leaves.length, 257, "leaves");
        for (uint256 n = 1; n <= leaves.length; ++n) {
            bytes32[] memory some = new bytes32[](n);
            for (uint256 i = 0; i < n; ++i) some[i] = leaves[i];
            eq(Trees.root(some), roots[n - 1], "root");
            uint256 index = (n * 7) % n;
            yes(MerkleProof.verify(Trees.proof(some, index), roots[n - 1], leaves[index]), "own proof");
        }
    }

    function test_batchProofs_VerifyWithOpenZeppelin() public view {
        string memory json = vm.readFile("test/vectors/batch-tree.json");
        uint256 i;
        for (; vm.keyExistsJson(json, item(".proofs", i, "")); ++i) {
            bytes32[] memory proof = vm.parseJsonBytes32Array(json, item(".proofs", i, ".proof"));
            bytes32 root = vm.parseJsonBytes32(json, item(".proofs", i, ".root"));
            bytes32 leaf = vm.parseJsonBytes32(json, item(".proofs", i, ".leaf"));
            yes(MerkleProof.verify(proof, root, leaf), "proof");
            no(MerkleProof.verify(proof, root, keccak256(abi.encode(leaf))), "another leaf");
        }
        yes(i > 0, "proofs");
    }

    function test_sumTree_MatchesVectorsAtEverySize_Class09_Class14() public view {
        string memory json = vm.readFile("test/vectors/sum-tree.json");
        bytes32[] memory hashes = vm.parseJsonBytes32Array(json, ".leafHashes");
        uint256[] memory sums = vm.parseJsonUintArray(json, ".leafSums");
        bytes32[] memory roots = vm.parseJsonBytes32Array(json, ".roots");
        uint256[] memory totals = vm.parseJsonUintArray(json, ".totals");
        eq(hashes.length, 257, "leaves");
        for (uint256 n = 1; n <= hashes.length; ++n) {
            SumNode[] memory some = new SumNode[](n);
            for (uint256 i = 0; i < n; ++i) some[i] = SumNode(hashes[i], uint128(sums[i]));
            SumNode memory top = Trees.sumRoot(some);
            eq(top.hash, roots[n - 1], "root");
            eq(top.sum, totals[n - 1], "total");
            uint256 index = (n * 11) % n;
            SumNode[] memory proof = Trees.sumProof(some, index);
            (bytes32 hash, uint128 sum) = (hashes[index], uint128(sums[index]));
            yes(encoder.verify(hash, sum, proof, roots[n - 1], uint128(totals[n - 1])), "own proof");
        }
    }

    function test_sumProofs_MatchVectors() public view {
        string memory json = vm.readFile("test/vectors/sum-tree.json");
        uint256 i;
        for (; vm.keyExistsJson(json, item(".proofs", i, "")); ++i) {
            yes(verify(json, ".proofs", i), "proof");
        }
        yes(i > 0, "proofs");
    }

    function test_rejectedSumProofs_AreRefused() public view {
        string memory json = vm.readFile("test/vectors/sum-tree.json");
        uint256 i;
        for (; vm.keyExistsJson(json, item(".rejected", i, "")); ++i) {
            no(verify(json, ".rejected", i), vm.parseJsonString(json, item(".rejected", i, ".reason")));
        }
        yes(i > 0, "rejected");
    }

    function test_consensus_MatchesVectors_Class14() public view {
        string memory json = vm.readFile("test/vectors/consensus.json");
        uint256 i;
        for (; vm.keyExistsJson(json, item("$", i, "")); ++i) {
            uint256 n;
            uint16[9] memory scores;
            uint16[9] memory trusts;
            string memory base = item("$", i, ".scores");
            for (; vm.keyExistsJson(json, item(base, n, "")); ++n) {
                scores[n] = uint16(vm.parseJsonUint(json, item(base, n, ".score")));
                trusts[n] = uint16(vm.parseJsonUint(json, item(base, n, ".trust")));
            }
            uint16[] memory s = new uint16[](n);
            uint16[] memory w = new uint16[](n);
            for (uint256 j = 0; j < n; ++j) (s[j], w[j]) = (scores[j], trusts[j]);
            eq(encoder.consensus(s, w), vm.parseJsonUint(json, item("$", i, ".result")), "consensus");
        }
        yes(i >= 7, "consensus vectors");
    }

    function verify(string memory json, string memory list, uint256 i) private view returns (bool) {
        bytes32[] memory hashes = vm.parseJsonBytes32Array(json, item(list, i, ".proofHashes"));
        uint256[] memory sums = vm.parseJsonUintArray(json, item(list, i, ".proofSums"));
        SumNode[] memory proof = new SumNode[](hashes.length);
        for (uint256 j = 0; j < hashes.length; ++j) proof[j] = SumNode(hashes[j], uint128(sums[j]));
        bytes32 leaf = vm.parseJsonBytes32(json, item(list, i, ".leaf"));
        uint128 weight = uint128(vm.parseJsonUint(json, item(list, i, ".sum")));
        bytes32 root = vm.parseJsonBytes32(json, item(list, i, ".root"));
        uint128 total = uint128(vm.parseJsonUint(json, item(list, i, ".total")));
        return encoder.verify(leaf, weight, proof, root, total);
    }

    function item(string memory list, uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(i), "]", field);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {INodeStaking, NodeInfo} from "../../contracts/interfaces/INodeStaking.sol";
import {IProofRegistry} from "../../contracts/interfaces/IProofRegistry.sol";
import {EpochInfo, EpochState, IRewardDistributor} from "../../contracts/interfaces/IRewardDistributor.sol";
import "../../contracts/interfaces/Types.sol";
import {Trees} from "./support/Trees.sol";
import {Log, vm} from "./support/Vm.sol";
import {World} from "./support/World.sol";

/// @notice Replays a life of the network from its events alone and compares every getter with the result.
contract LogsTest is World {
    struct Folded {
        uint256 stake;
        uint256 unbonding;
        uint256 availableAt;
        uint256 activeFrom;
        uint256 inactiveFrom;
        uint256 jailedUntil;
        address signer;
        address payout;
        address pending;
        bytes32 uri;
        bytes32 metadataHash;
    }

    mapping(address account => mapping(uint8 role => Folded)) private nodes;
    mapping(address gateway => uint256) private fees;
    uint256 private pendingBurn;
    uint256 private reserve;
    uint256 private batchCount;
    mapping(uint256 epoch => uint256) private units;
    mapping(address gateway => uint256) private nextSerial;
    mapping(uint256 batch => bytes32) private roots;
    mapping(uint256 batch => bytes32) private recordRoots;
    mapping(uint256 batch => bytes32) private seeds;
    mapping(uint256 epoch => uint256[3]) private pools;
    mapping(uint256 epoch => EpochState) private states;
    mapping(uint256 epoch => uint256) private rounds;
    mapping(uint256 epoch => bytes32) private hashes;

    function test_events_RebuildAllState() public {
        vm.recordLogs();
        deploy();
        Actor memory gateway = joinGateway(1, 300_000e18);
        Actor memory node = join(2, ROLE_INFERENCE, 50_000e18);
        live(gateway, node);
        Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(staking)) foldStaking(logs[i]);
            else if (logs[i].emitter == address(registry)) foldRegistry(logs[i]);
            else if (logs[i].emitter == address(distributor)) foldDistributor(logs[i]);
        }
        compareNode(gateway.account, ROLE_GATEWAY);
        compareNode(node.account, ROLE_INFERENCE);
        eq(staking.feeBalanceOf(gateway.account), fees[gateway.account], "fees");
        eq(staking.pendingBurn(), pendingBurn, "pending burn");
        eq(registry.batchCount(), batchCount, "batches");
        eq(registry.nextSerial(gateway.account), nextSerial[gateway.account], "serial");
        for (uint64 id = 1; id <= batchCount; ++id) {
            eq(registry.batchOf(id).root, roots[id], "root");
            eq(registry.batchOf(id).recordsRoot, recordRoots[id], "records");
            eq(registry.batchOf(id).seed, seeds[id], "seed");
        }
        eq(distributor.reserve(), reserve, "reserve");
        for (uint64 e = 0; e < distributor.nextEpochToOpen(); ++e) {
            EpochInfo memory info = distributor.epochInfo(e);
            eq(registry.unitsOf(e), units[e], "units");
            yes(info.state == states[e], "state");
            eq(info.round, rounds[e], "round");
            eq(info.distributionHash, hashes[e], "distribution");
            for (uint256 role = 0; role < 3; ++role) {
                eq(info.pools[role], pools[e][role], "pool");
            }
        }
        bookClaims(logs);
        eq(token.balanceOf(address(distributor)), owedByDistributor(), "what claims took is in the events");
        yes(logs.length > 60, "a full life");
    }

    /// @dev A bit of everything.
    function live(Actor memory gateway, Actor memory node) private {
        enterEpoch(0);
        anchor(gateway, "a", 3, 900_000);
        mineSeed();
        registry.fixSeed(1);
        vm.prank(gateway.signer);
        registry.anchorRecords(1, "records", 3, DATA);
        anchor(gateway, "b", 3, 7);
        mineSeed();
        registry.fixSeed(2);

        vm.startPrank(node.account);
        staking.requestUnbond(0, 45_000e18);
        staking.cancelUnbond(0, 2_000e18);
        staking.setMetadata(0, "ipfs://z", PARAMS);
        staking.proposePayout(0, address(77));
        vm.stopPrank();
        vm.prank(address(77));
        staking.acceptPayout(node.account, 0);
        vm.prank(node.account);
        staking.proposePayout(0, address(78));
        vm.prank(address(court));
        staking.slash(node.account, 0, 2, "s", address(79));
        vm.prank(address(court));
        staking.jail(node.account, 0);
        vm.prank(gateway.account);
        staking.withdrawFees(5e18);
        vm.warp(time() + timing.recordWindow);
        registry.reportAbandoned(2);
        distribute(0, gateway, node, true);
        staking.burnSlashed();

        enterEpoch(2);
        distribute(1, gateway, node, false);
        vm.prank(node.account);
        staking.withdraw(0);
        enterEpoch(3);
        staking.unjail(node.account, 0);
        give(node.account, 20_000e18);
        vm.prank(node.account);
        staking.stake(0, 20_000e18);
        vm.prank(gateway.account);
        staking.close(ROLE_GATEWAY);
        vm.warp(epochStart(4));
        distributor.openEpoch(4);
        vm.warp(epochStart(5));
        distributor.voidEpoch(4);
        vm.warp(epochStart(4) + 15 days);
        distributor.nextRound(3);
        registry.setFeePerUnit(3);
    }

    function distribute(uint64 epoch, Actor memory gateway, Actor memory node, bool challenged) private {
        RewardLeaf[] memory leaves = new RewardLeaf[](1);
        leaves[0] = leafOf(epoch, 0, node.account, 5_000, 10);
        Distribution memory d = emptyDistribution(epoch);
        setRole(d, 0, leaves);
        if (time() < epochStart(epoch + 1) + timing.recordWindow) toProposals(epoch);
        proposeBy(d, gateway);
        if (challenged) {
            vm.startPrank(address(court));
            distributor.dispute(epoch);
            distributor.resolve(epoch, false);
            vm.stopPrank();
            d.round = 1;
            proposeBy(d, gateway);
        }
        finalizeAfterWindow(epoch);
        distributor.claim(leaves[0], new SumNode[](0));
    }

    function compareNode(address account, uint8 role) private view {
        NodeInfo memory info = staking.nodeOf(account, role);
        Folded storage node = nodes[account][role];
        eq(info.stake, node.stake, "stake");
        eq(info.unbonding, node.unbonding, "unbonding");
        eq(info.unbondingAvailableAt, node.unbonding == 0 ? 0 : node.availableAt, "available at");
        eq(info.activeFromEpoch, node.activeFrom, "active from");
        eq(info.inactiveFromEpoch, node.inactiveFrom, "inactive from");
        eq(info.jailedUntilEpoch, node.jailedUntil, "jailed until");
        eq(info.signer, node.signer, "signer");
        eq(info.payout, node.payout, "payout");
        eq(info.pendingPayout, node.pending, "pending payout");
        eq(keccak256(bytes(info.metadataUri)), node.uri, "uri");
        eq(info.metadataHash, node.metadataHash, "metadata");
    }

    function foldStaking(Log memory log) private {
        bytes32 topic = log.topics[0];
        if (topic == INodeStaking.FeesDeposited.selector) {
            fees[who(log)] += abi.decode(log.data, (uint256));
        } else if (topic == INodeStaking.FeesWithdrawn.selector) {
            fees[who(log)] -= abi.decode(log.data, (uint256));
        } else if (topic == INodeStaking.FeesCharged.selector) {
            uint256 amount = abi.decode(log.data, (uint256));
            fees[who(log)] -= amount;
            pendingBurn += amount;
        } else if (topic == INodeStaking.PendingBurned.selector) {
            pendingBurn -= abi.decode(log.data, (uint256));
        } else if (log.topics.length > 2) {
            foldNode(log, nodes[who(log)][uint8(uint256(log.topics[2]))]);
        }
    }

    function foldNode(Log memory log, Folded storage node) private {
        bytes32 topic = log.topics[0];
        if (topic == INodeStaking.NodeRegistered.selector) {
            string memory uri;
            (node.payout, uri, node.metadataHash) = abi.decode(log.data, (address, string, bytes32));
            node.uri = keccak256(bytes(uri));
            node.signer = address(uint160(uint256(log.topics[3])));
            (node.activeFrom, node.inactiveFrom) = (type(uint32).max, type(uint32).max);
        } else if (topic == INodeStaking.MetadataChanged.selector) {
            string memory uri;
            (uri, node.metadataHash) = abi.decode(log.data, (string, bytes32));
            node.uri = keccak256(bytes(uri));
        } else if (topic == INodeStaking.SignerChanged.selector) {
            node.signer = address(uint160(uint256(log.topics[3])));
        } else if (topic == INodeStaking.PayoutProposed.selector) {
            node.pending = address(uint160(uint256(log.topics[3])));
        } else if (topic == INodeStaking.PayoutChanged.selector) {
            (node.payout, node.pending) = (address(uint160(uint256(log.topics[3]))), address(0));
        } else if (topic == INodeStaking.Staked.selector) {
            (uint256 amount, uint256 total) = abi.decode(log.data, (uint256, uint256));
            node.stake += amount;
            eq(node.stake, total, "staked total");
        } else if (topic == INodeStaking.UnbondRequested.selector) {
            (, node.stake, node.unbonding, node.availableAt) = abi.decode(
                log.data,
                (uint256, uint256, uint256, uint64)
            );
        } else if (topic == INodeStaking.UnbondCancelled.selector) {
            (, node.stake, node.unbonding) = abi.decode(log.data, (uint256, uint256, uint256));
        } else if (topic == INodeStaking.Withdrawn.selector) {
            node.unbonding -= abi.decode(log.data, (uint256));
        } else if (topic == INodeStaking.Slashed.selector) {
            (, , uint256 fromStake, uint256 fromUnbonding, , uint256 bounty) = abi.decode(
                log.data,
                (uint8, bytes32, uint256, uint256, address, uint256)
            );
            node.stake -= fromStake;
            node.unbonding -= fromUnbonding;
            pendingBurn += fromStake + fromUnbonding - bounty;
        } else if (topic == INodeStaking.MembershipChanged.selector) {
            (node.activeFrom, node.inactiveFrom) = abi.decode(log.data, (uint64, uint64));
        } else if (topic == INodeStaking.Jailed.selector) {
            node.jailedUntil = abi.decode(log.data, (uint64));
        } else if (topic == INodeStaking.Unjailed.selector) {
            node.jailedUntil = 0;
        }
    }

    function foldRegistry(Log memory log) private {
        bytes32 topic = log.topics[0];
        if (topic == IProofRegistry.ReceiptsAnchored.selector) {
            uint256 id = uint256(log.topics[1]);
            (bytes32 root, , uint64 to, , uint64 some, , ) = abi.decode(
                log.data,
                (bytes32, uint64, uint64, uint32, uint64, bytes32, uint256)
            );
            batchCount = id;
            roots[id] = root;
            nextSerial[address(uint160(uint256(log.topics[2])))] = to;
            units[uint256(log.topics[3])] += some;
        } else if (topic == IProofRegistry.SeedFixed.selector) {
            (seeds[uint256(log.topics[1])], ) = abi.decode(log.data, (bytes32, uint64));
        } else if (topic == IProofRegistry.RecordsAnchored.selector) {
            (recordRoots[uint256(log.topics[1])], , ) = abi.decode(log.data, (bytes32, uint32, bytes32));
        }
    }

    function foldDistributor(Log memory log) private {
        bytes32 topic = log.topics[0];
        uint256 epoch = log.topics.length > 1 ? uint256(log.topics[1]) : 0;
        if (topic == IRewardDistributor.Funded.selector) {
            (uint256 amount, ) = abi.decode(log.data, (uint256, uint256));
            reserve += amount;
        } else if (topic == IRewardDistributor.EpochOpened.selector) {
            uint256 pot;
            (pot, pools[epoch], , , , , , ) = abi.decode(
                log.data,
                (uint256, uint256[3], uint256, bytes32, bytes32, uint64, uint16, uint96)
            );
            reserve -= pot;
            states[epoch] = EpochState.Open;
        } else if (topic == IRewardDistributor.DistributionProposed.selector) {
            states[epoch] = EpochState.Proposed;
            hashes[epoch] = log.topics[3];
        } else if (topic == IRewardDistributor.RoundStarted.selector) {
            rounds[epoch] = uint256(log.topics[2]);
        } else if (topic == IRewardDistributor.EpochDisputed.selector) {
            states[epoch] = EpochState.Disputed;
        } else if (topic == IRewardDistributor.DistributionOverturned.selector) {
            states[epoch] = EpochState.Open;
            hashes[epoch] = 0;
        } else if (topic == IRewardDistributor.EpochFinalized.selector) {
            uint256 back;
            (pools[epoch], back) = abi.decode(log.data, (uint256[3], uint256));
            reserve += back;
            states[epoch] = EpochState.Final;
        } else if (topic == IRewardDistributor.EpochVoided.selector) {
            reserve += abi.decode(log.data, (uint256));
            pools[epoch] = [uint256(0), 0, 0];
            states[epoch] = EpochState.Void;
        } else if (topic == IRewardDistributor.Claimed.selector) {
            (, , uint256 excess) = abi.decode(log.data, (address, uint256, uint256));
            reserve += excess;
        }
    }

    function who(Log memory log) private pure returns (address) {
        return address(uint160(uint256(log.topics[1])));
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Challenge, IEvidenceCourt} from "../../contracts/interfaces/IEvidenceCourt.sol";
import {INodeStaking, NodeInfo} from "../../contracts/interfaces/INodeStaking.sol";
import {Batch, IProofRegistry} from "../../contracts/interfaces/IProofRegistry.sol";
import {
    EpochInfo,
    EpochState,
    IRewardDistributor,
    RewardParams
} from "../../contracts/interfaces/IRewardDistributor.sol";
import "../../contracts/interfaces/Types.sol";
import {Trees} from "./support/Trees.sol";
import {Log, vm} from "./support/Vm.sol";
import {World} from "./support/World.sol";

/// @notice Replays a life of the network from its events alone and compares every getter with the result. Events are read
///         before time moves on, so that each has the time and number of its block, as every log of a chain has.
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
        uint256 registeredAt;
    }

    /// @dev `[from, until)` in epochs.
    struct Span {
        uint256 from;
        uint256 until;
    }

    struct Key {
        address account;
        uint8 role;
        bool current;
    }

    /// @dev A weight from an epoch on.
    struct Weight {
        uint256 epoch;
        uint256 value;
    }

    mapping(address account => mapping(uint8 role => Folded)) private nodes;
    mapping(address gateway => uint256) private fees;
    uint256 private pendingBurn;
    uint256 private reserve;
    uint256 private batchCount;
    mapping(uint256 epoch => uint256) private units;
    mapping(address gateway => uint256) private nextSerial;
    mapping(uint256 batch => Batch) private batches;
    mapping(address gateway => uint256) private lastEpoch;
    mapping(bytes32 gatewayAndEpoch => bytes32) private golds;
    uint256 private feePerUnit;
    mapping(uint256 epoch => EpochInfo) private epochs;
    uint256 private latestFinal;
    bool private active;
    bytes32 private rules;
    bytes32 private paramsHash;
    address private judge;
    mapping(uint256 epoch => Challenge) private challenges;
    mapping(address account => mapping(uint8 role => Span[])) private past;
    mapping(address signer => Key) private keys;
    mapping(address gateway => Weight[]) private weights;
    mapping(uint8 role => address[]) private registered;
    bytes32[] private offences;
    mapping(bytes32 accountRoleEpoch => bool) private taken;
    bool private paused;
    uint256 private logCount;

    function test_events_RebuildAllState() public {
        vm.recordLogs();
        deploy();
        Actor memory gateway = joinGateway(1, 300_000e18);
        Actor memory other = joinGateway(3, 100_000e18);
        Actor memory node = join(2, ROLE_INFERENCE, 50_000e18);
        live(gateway, other, node);
        sync();
        Actor[3] memory all = [gateway, other, node];
        for (uint256 i = 0; i < all.length; ++i) {
            compareNode(all[i].account, i < 2 ? ROLE_GATEWAY : ROLE_INFERENCE);
            compareKeys(all[i]);
        }
        compareElectorate(gateway, other);
        compareStaking(gateway, other);
        compareRegistry(gateway);
        eq(court.arbiter(), judge, "arbiter");
        compareDistributor();
        compareClaims(node.account);
        eq(token.balanceOf(address(distributor)), owedByDistributor(), "what claims took is in the events");
        yes(logCount > 60, "a full life");
    }

    /// @dev Folds what was emitted since the last time, all of it in blocks of the present time and number.
    function sync() private {
        Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].emitter == address(staking)) foldStaking(logs[i]);
            else if (logs[i].emitter == address(registry)) foldRegistry(logs[i]);
            else if (logs[i].emitter == address(distributor)) foldDistributor(logs[i]);
            else if (logs[i].emitter == address(court)) foldCourt(logs[i]);
        }
        bookClaims(logs);
        logCount += logs.length;
    }

    function warpTo(uint256 timestamp) private {
        sync();
        vm.warp(timestamp);
    }

    function mine() private {
        sync();
        mineSeed();
    }

    function compareStaking(Actor memory gateway, Actor memory other) private view {
        eq(staking.feeBalanceOf(gateway.account), fees[gateway.account], "fees");
        eq(staking.feeBalanceOf(other.account), fees[other.account], "fees");
        eq(staking.pendingBurn(), pendingBurn, "pending burn");
        yes(staking.stakingPaused() && paused, "paused");
        for (uint8 role = 0; role < ROLE_COUNT; ++role) {
            eq(staking.nodeCount(role), registered[role].length, "count");
            NodeInfo[] memory infos = staking.nodesOf(role, 0, 9);
            for (uint256 i = 0; i < infos.length; ++i) eq(infos[i].account, registered[role][i], "order");
        }
        yes(offences.length > 2, "offences");
        for (uint256 i = 0; i < offences.length; ++i) yes(staking.isOffenceKnown(offences[i]), "known");
        no(staking.isOffenceKnown(keccak256(abi.encode(offences[0]))), "unknown");
    }

    /// @dev What a gateway weighs in an epoch is its stake at the epoch's start, if it was a member then.
    function compareElectorate(Actor memory gateway, Actor memory other) private view {
        uint256 changes;
        for (uint64 e = 0; e < 8; ++e) {
            uint256 first = weightAt(gateway.account, e);
            uint256 second = weightAt(other.account, e);
            eq(staking.gatewayStakeAt(gateway.account, e), first, "weight");
            eq(staking.gatewayStakeAt(other.account, e), second, "weight");
            eq(staking.totalGatewayStakeAt(e), first + second, "electorate");
            if (e > 0 && first != weightAt(gateway.account, e - 1)) ++changes;
        }
        yes(changes > 1, "it changed");
    }

    function weightAt(address gateway, uint256 epoch) private view returns (uint256 value) {
        Weight[] storage all = weights[gateway];
        for (uint256 i = 0; i < all.length; ++i) if (all[i].epoch <= epoch) value = all[i].value;
    }

    function compareKeys(Actor memory one) private view {
        address[3] memory signers = [one.signer, actor(40).signer, address(1)];
        for (uint256 i = 0; i < signers.length; ++i) {
            Key storage key = keys[signers[i]];
            (address account, uint8 role) = staking.accountOfSigner(signers[i]);
            eq(account, key.account, "account of a signer");
            eq(role, key.role, "its role");
            for (uint8 r = 0; r < ROLE_COUNT; ++r) {
                address wanted = key.current && key.role == r ? key.account : address(0);
                eq(staking.accountOfCurrentSigner(signers[i], r), wanted, "current signer");
            }
        }
    }

    function compareRegistry(Actor memory gateway) private view {
        eq(registry.batchCount(), batchCount, "batches");
        eq(registry.nextSerial(gateway.account), nextSerial[gateway.account], "serial");
        for (uint64 id = 1; id <= batchCount; ++id) {
            eq(keccak256(abi.encode(registry.batchOf(id))), keccak256(abi.encode(batches[id])), "batch");
        }
        (bool anchored, uint64 last) = registry.lastAnchorEpoch(gateway.account);
        yes(anchored, "anchored");
        eq(last, lastEpoch[gateway.account], "last epoch");
        (bytes32 gold, uint32 count) = registry.goldOf(gateway.account, 4);
        yes(gold != 0, "golds");
        eq(keccak256(abi.encode(gold, count)), golds[keyOf(gateway.account, 4)], "golds");
        eq(registry.feePerUnitOf(staking.nextEpoch()), feePerUnit, "fee");
    }

    function compareClaims(address account) private view {
        uint256 claims;
        for (uint64 e = 0; e < distributor.nextEpochToOpen(); ++e) {
            for (uint8 role = 0; role < ROLE_COUNT; ++role) {
                bool wanted = taken[keccak256(abi.encode(account, role, e))];
                yes(distributor.isClaimed(account, role, e) == wanted, "claimed");
                if (wanted) ++claims;
            }
        }
        eq(claims, 2, "two claims");
    }

    function compareDistributor() private view {
        eq(distributor.reserve(), reserve, "reserve");
        for (uint64 e = 0; e < distributor.nextEpochToOpen(); ++e) {
            EpochInfo memory info = distributor.epochInfo(e);
            eq(registry.unitsOf(e), units[e], "units");
            eq(keccak256(abi.encode(info)), keccak256(abi.encode(epochs[e])), "epoch");
            yes(distributor.stateOf(e) == epochs[e].state && distributor.isOpened(e), "state");
            (bytes32 table, uint64 of_) = distributor.tableOf(e);
            eq(table, epochs[e].tableRoot, "table");
            eq(of_, epochs[e].tableEpoch, "its epoch");
            eq(keccak256(abi.encode(court.challengeOf(e))), keccak256(abi.encode(challenges[e])), "challenge");
        }
        (, uint64 final_) = distributor.latestFinal();
        eq(final_, latestFinal, "latest final");
        yes(distributor.active() == active, "active");
        eq(distributor.paramsHash(), paramsHash, "parameters");
        eq(keccak256(abi.encode(distributor.rewardParams())), rules, "emission");
    }

    function keyOf(address gateway, uint256 epoch) private pure returns (bytes32) {
        return keccak256(abi.encode(gateway, epoch));
    }

    /// @dev A bit of everything. Time moves in `warpTo` and `mine`, or right after a `sync`.
    function live(Actor memory gateway, Actor memory other, Actor memory node) private {
        sync();
        enterEpoch(0);
        vm.prank(gateway.signer);
        registry.anchorGold(4, "gold", 9);
        anchor(gateway, "a", 3, 900_000);
        mine();
        registry.fixSeed(1);
        vm.prank(gateway.signer);
        registry.anchorRecords(1, "records", 3, DATA);
        anchor(gateway, "b", 3, 7);
        mine();
        registry.fixSeed(2);
        liveAsNode(node);
        vm.prank(gateway.account);
        staking.withdrawFees(5e18);
        warpTo(time() + timing.recordWindow);
        registry.reportAbandoned(2);
        // Jailed in epoch 0, out of the electorate from epoch 1 to 3.
        vm.prank(address(court));
        staking.jail(other.account, ROLE_GATEWAY);
        distribute(0, gateway, node, true);
        staking.burnSlashed();

        sync();
        enterEpoch(2);
        distribute(1, gateway, node, false);
        vm.prank(node.account);
        staking.withdraw(0);
        sync();
        enterEpoch(3);
        staking.unjail(node.account, 0);
        staking.unjail(other.account, ROLE_GATEWAY);
        give(node.account, 20_000e18);
        vm.prank(node.account);
        staking.stake(0, 20_000e18);
        vm.prank(gateway.account);
        staking.close(ROLE_GATEWAY);
        warpTo(epochStart(4));
        distributor.openEpoch(4);
        vm.prank(other.account);
        staking.requestUnbond(ROLE_GATEWAY, 50_000e18);
        warpTo(epochStart(5) + 15 days);
        distributor.voidEpoch(4);
        distributor.nextRound(3);
        lateChanges();
    }

    function liveAsNode(Actor memory node) private {
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
        Actor memory key = actor(40);
        bytes memory auth = authSignature(node.account, 0, key.key, uint64(time()));
        vm.prank(node.account);
        staking.setSigner(0, key.signer, uint64(time()), auth);
        vm.prank(address(court));
        staking.slash(node.account, 0, 2, "s", address(79));
        vm.prank(address(court));
        staking.jail(node.account, 0);
    }

    function lateChanges() private {
        registry.setFeePerUnit(3);
        distributor.setParamsHash("later");
        distributor.setRewardParams(RewardParams(1_000, [uint16(5_000), 3_000, 2_000], 5_000, 7));
        court.setArbiter(address(80));
        staking.setStakingPaused(true);
        staking.setStakingPaused(false);
        staking.setStakingPaused(true);
    }

    function distribute(uint64 epoch, Actor memory gateway, Actor memory node, bool challenged) private {
        RewardLeaf[] memory leaves = new RewardLeaf[](1);
        leaves[0] = leafOf(epoch, 0, node.account, 5_000, 10);
        Distribution memory d = emptyDistribution(epoch);
        setRole(d, 0, leaves);
        sync();
        if (time() < epochStart(epoch + 1) + timing.recordWindow) toProposals(epoch);
        proposeBy(d, gateway);
        if (challenged) {
            token.approve(address(court), court.bondOf(epoch));
            court.challenge(epoch, distributor.distributionHashOf(d));
            address[] memory signers = listOf(gateway.account);
            vm.prank(arbiter);
            court.rule(epoch, false, signers);
            d.round = 1;
            proposeBy(d, gateway);
        }
        sync();
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
        eq(info.registeredAt, node.registeredAt, "registered at");
        eq(staking.payoutOf(account, role), node.payout, "payout");
        eq(staking.stakeOf(account, role), node.stake, "stake");
        bool member = node.activeFrom != type(uint32).max && node.inactiveFrom == type(uint32).max;
        yes(staking.isEligible(account, role) == (member && node.activeFrom <= staking.currentEpoch()), "eligible");
        for (uint64 e = 0; e < 8; ++e) yes(staking.isActive(account, role, e) == wasActive(account, role, e), "active");
    }

    function wasActive(address account, uint8 role, uint256 epoch) private view returns (bool) {
        Folded storage node = nodes[account][role];
        if (node.activeFrom <= epoch && epoch < node.inactiveFrom) return true;
        Span[] storage spans = past[account][role];
        for (uint256 i = 0; i < spans.length; ++i) if (spans[i].from <= epoch && epoch < spans[i].until) return true;
        return false;
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
        } else if (topic == INodeStaking.StakingPaused.selector) {
            paused = abi.decode(log.data, (bool));
        } else if (log.topics.length > 2) {
            uint8 role = uint8(uint256(log.topics[2]));
            foldKeys(log, role);
            foldNode(log, nodes[who(log)][role], role);
            if (role == ROLE_GATEWAY) foldWeight(who(log));
        }
    }

    function foldKeys(Log memory log, uint8 role) private {
        bytes32 topic = log.topics[0];
        if (topic != INodeStaking.NodeRegistered.selector && topic != INodeStaking.SignerChanged.selector) return;
        keys[address(uint160(uint256(log.topics[3])))] = Key(who(log), role, true);
        if (topic == INodeStaking.NodeRegistered.selector) registered[role].push(who(log));
        else keys[abi.decode(log.data, (address))].current = false;
    }

    /// @dev From the next epoch on; what comes later in the same one replaces it.
    function foldWeight(address gateway) private {
        Folded storage node = nodes[gateway][ROLE_GATEWAY];
        bool member = node.activeFrom != type(uint32).max && node.inactiveFrom == type(uint32).max;
        uint256 next = time() < timing.genesis ? 0 : (time() - timing.genesis) / timing.epochDuration + 1;
        weights[gateway].push(Weight(next, member ? node.stake : 0));
    }

    function foldNode(Log memory log, Folded storage node, uint8 role) private {
        bytes32 topic = log.topics[0];
        if (topic == INodeStaking.NodeRegistered.selector) {
            string memory uri;
            (node.payout, uri, node.metadataHash) = abi.decode(log.data, (address, string, bytes32));
            node.uri = keccak256(bytes(uri));
            node.signer = address(uint160(uint256(log.topics[3])));
            (node.activeFrom, node.inactiveFrom) = (type(uint32).max, type(uint32).max);
            node.registeredAt = time();
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
            offences.push(log.topics[3]);
        } else if (topic == INodeStaking.MembershipChanged.selector) {
            (uint64 from, uint64 until) = abi.decode(log.data, (uint64, uint64));
            if (node.inactiveFrom != type(uint32).max && from != node.activeFrom) {
                past[who(log)][role].push(Span(node.activeFrom, node.inactiveFrom));
            }
            (node.activeFrom, node.inactiveFrom) = (from, until);
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
            address gateway = address(uint160(uint256(log.topics[2])));
            batches[id] = Batch({
                gateway: gateway,
                epoch: uint64(uint256(log.topics[3])),
                root: root,
                anchorBlock: uint64(vm.getBlockNumber()),
                anchoredAt: uint64(time()),
                recordBy: uint64(time()) + timing.recordWindow,
                seed: 0,
                recordsRoot: 0
            });
            lastEpoch[gateway] = uint256(log.topics[3]);
            nextSerial[gateway] = to;
            units[uint256(log.topics[3])] += some;
        } else if (topic == IProofRegistry.SeedFixed.selector) {
            (batches[uint256(log.topics[1])].seed, ) = abi.decode(log.data, (bytes32, uint64));
        } else if (topic == IProofRegistry.RecordsAnchored.selector) {
            (batches[uint256(log.topics[1])].recordsRoot, , ) = abi.decode(log.data, (bytes32, uint32, bytes32));
        } else if (topic == IProofRegistry.GoldAnchored.selector) {
            golds[keyOf(address(uint160(uint256(log.topics[1]))), uint256(log.topics[2]))] = keccak256(log.data);
        } else if (topic == IProofRegistry.FeePerUnitChanged.selector) {
            (feePerUnit, ) = abi.decode(log.data, (uint96, uint64));
        }
    }

    function foldDistributor(Log memory log) private {
        bytes32 topic = log.topics[0];
        uint256 epoch = log.topics.length > 1 ? uint256(log.topics[1]) : 0;
        EpochInfo storage info = epochs[epoch];
        if (topic == IRewardDistributor.Funded.selector) {
            (uint256 amount, ) = abi.decode(log.data, (uint256, uint256));
            reserve += amount;
        } else if (topic == IRewardDistributor.Activated.selector) {
            active = true;
        } else if (topic == IRewardDistributor.ParamsHashChanged.selector) {
            paramsHash = abi.decode(log.data, (bytes32));
        } else if (topic == IRewardDistributor.RewardParamsChanged.selector) {
            rules = keccak256(log.data);
        } else if (topic == IRewardDistributor.EpochOpened.selector) {
            (
                info.pot,
                info.pools,
                info.electorate,
                info.paramsHash,
                info.tableRoot,
                info.tableEpoch,
                info.maxShareBps,
                info.maxRewardPerUnit
            ) = abi.decode(log.data, (uint256, uint256[3], uint256, bytes32, bytes32, uint64, uint16, uint96));
            reserve -= info.pot;
            info.state = EpochState.Open;
            info.roundStartsAt = uint64(epochStart(epoch + 1)) + timing.recordWindow;
        } else if (topic == IRewardDistributor.DistributionProposed.selector) {
            (Distribution memory d, address[] memory signers, ) = abi.decode(
                log.data,
                (Distribution, address[], uint256)
            );
            info.state = EpochState.Proposed;
            info.distributionHash = log.topics[3];
            (info.roots, info.totals, info.counts, info.nextTableRoot) = (d.roots, d.totals, d.counts, d.tableRoot);
            info.signersHash = keccak256(abi.encode(signers));
            info.proposedAt = uint64(time());
            info.finalizableAt = info.proposedAt + timing.disputeWindow;
        } else if (topic == IRewardDistributor.RoundStarted.selector) {
            info.round = uint32(uint256(log.topics[2]));
            info.roundStartsAt = abi.decode(log.data, (uint64));
        } else if (topic == IRewardDistributor.EpochDisputed.selector) {
            info.state = EpochState.Disputed;
        } else if (topic == IRewardDistributor.DistributionOverturned.selector) {
            info.state = EpochState.Open;
            (info.distributionHash, info.nextTableRoot, info.signersHash) = (0, 0, 0);
            (info.proposedAt, info.finalizableAt) = (0, 0);
            delete info.roots;
            delete info.totals;
            delete info.counts;
        } else if (topic == IRewardDistributor.EpochFinalized.selector) {
            uint256 back;
            (info.pools, back) = abi.decode(log.data, (uint256[3], uint256));
            reserve += back;
            info.state = EpochState.Final;
            if (epoch > latestFinal) latestFinal = epoch;
        } else if (topic == IRewardDistributor.EpochVoided.selector) {
            reserve += abi.decode(log.data, (uint256));
            delete info.pools;
            info.state = EpochState.Void;
        } else if (topic == IRewardDistributor.Claimed.selector) {
            (, , uint256 excess) = abi.decode(log.data, (address, uint256, uint256));
            reserve += excess;
            taken[keccak256(abi.encode(who(log), uint8(uint256(log.topics[2])), uint64(uint256(log.topics[3]))))] =
                true;
        }
    }

    function foldCourt(Log memory log) private {
        bytes32 topic = log.topics[0];
        if (topic == IEvidenceCourt.ArbiterChanged.selector) {
            judge = abi.decode(log.data, (address));
        } else if (topic == IEvidenceCourt.ChallengeOpened.selector) {
            uint256 epoch = uint256(log.topics[1]);
            (uint256 bond, uint64 rulingBy) = abi.decode(log.data, (uint256, uint64));
            challenges[epoch] = Challenge({
                challenger: address(uint160(uint256(log.topics[3]))),
                bond: uint96(bond),
                rulingBy: rulingBy,
                round: uint32(uint256(log.topics[2])),
                distributionHash: epochs[epoch].distributionHash
            });
        } else if (topic == IEvidenceCourt.ChallengeResolved.selector) {
            delete challenges[uint256(log.topics[1])];
        }
    }

    function who(Log memory log) private pure returns (address) {
        return address(uint160(uint256(log.topics[1])));
    }
}

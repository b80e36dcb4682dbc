// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {EpochInfo, EpochState, IRewardDistributor} from "../../../contracts/interfaces/IRewardDistributor.sol";
import {NodeInfo} from "../../../contracts/interfaces/INodeStaking.sol";
import "../../../contracts/interfaces/Types.sol";
import {Trees} from "../support/Trees.sol";
import {vm} from "../support/Vm.sol";
import {World} from "../support/World.sol";

/// @notice Everybody's hands at once: operators, a quorum that lies, a court, time. Each call picks its actor and amounts
///         from its arguments, stays legal where it can, and books in ghosts what must have happened.
contract Handler is World {
    uint256 private constant GATEWAYS = 2;
    uint256 private constant NODES = 4;
    uint256 private constant LEAVES = 5;

    Actor[] private actors;
    uint8[] private roles;

    // What the handler handed out and saw come back.
    uint256 public staked;
    uint256 public withdrawn;
    uint256 public slashed;
    uint256 public bounties;
    uint256 public feesIn;
    uint256 public feesOut;
    uint256 public feesCharged;
    uint256 public burned;
    uint256 public claimed;
    uint256 public funded;
    uint256 public bondsIn;
    uint256 public bondsOut;
    uint256 public bondsBurned;

    /// @dev Set when something happened that must never happen; the invariants read it.
    string public broken;

    struct Batch {
        uint64 id;
        bytes32 root;
        uint64 recordBy;
    }
    Batch[] private batches;

    /// @dev What a quorum posted for one role, and the best proof of each of its leaves.
    struct Tree {
        RewardLeaf[] leaves;
        SumNode[][] proofs;
        SumNode top;
    }

    /// @dev Kind 0 says the truth.
    struct Liar {
        uint256 dice;
        uint8 kind;
    }
    mapping(uint64 epoch => bytes) private treesOf;
    mapping(uint64 epoch => bool) private evilTree;
    mapping(bytes32 claimKey => bool) private paidBefore;
    mapping(bytes32 offence => bool) private punished;
    uint256 private offences;
    mapping(bytes32 nodeEpoch => uint256[2]) private slashedInEpoch;
    uint32 private rounds;

    mapping(string call => uint256) public calls;

    constructor() {
        deploy();
        funded = RESERVE;
        for (uint256 i = 0; i < GATEWAYS; ++i) {
            add(joinGateway(i + 1, 300_000e18), ROLE_GATEWAY);
            staked += 300_000e18;
            feesIn += 1_000_000e18;
        }
        for (uint256 i = 0; i < NODES; ++i) {
            add(join(10 + i, uint8(i % 2), 50_000e18), uint8(i % 2));
            staked += 50_000e18;
        }
        token.approve(address(court), type(uint256).max);
        token.approve(address(staking), type(uint256).max);
        token.approve(address(distributor), type(uint256).max);
        enterEpoch(0);
    }

    function add(Actor memory one, uint8 role) private {
        actors.push(one);
        roles.push(role);
    }

    function pick(uint256 seed) private view returns (Actor memory one, uint8 role) {
        uint256 i = seed % actors.length;
        return (actors[i], roles[i]);
    }

    function fail(string memory what) private {
        if (bytes(broken).length == 0) broken = what;
    }

    // --------------------------------------------------------------------------------------------------------- time

    function warp(uint256 by) public {
        by = bound(by, 1 hours, 9 days);
        vm.warp(time() + by);
        vm.roll(vm.getBlockNumber() + 1 + (by % 300));
        ++calls["warp"];
    }

    function openEpoch() public {
        for (uint64 next = distributor.nextEpochToOpen(); time() >= epochStart(next); ++next) {
            distributor.openEpoch(next);
            ++calls["openEpoch"];
        }
    }

    // ---------------------------------------------------------------------------------------------------- operators

    function stake(uint256 seed, uint256 amount) external {
        (Actor memory one, uint8 role) = pick(seed);
        amount = bound(amount, 1, 200_000e18);
        token.transfer(one.account, amount);
        vm.prank(one.account);
        staking.stake(role, amount);
        staked += amount;
        ++calls["stake"];
    }

    function requestUnbond(uint256 seed, uint256 amount) external {
        (Actor memory one, uint8 role) = pick(seed);
        uint256 available = staking.stakeOf(one.account, role);
        if (available == 0) return;
        vm.prank(one.account);
        staking.requestUnbond(role, bound(amount, 1, available));
        ++calls["requestUnbond"];
    }

    function cancelUnbond(uint256 seed, uint256 amount) external {
        (Actor memory one, uint8 role) = pick(seed);
        uint256 available = staking.nodeOf(one.account, role).unbonding;
        if (available == 0) return;
        vm.prank(one.account);
        staking.cancelUnbond(role, bound(amount, 1, available));
        ++calls["cancelUnbond"];
    }

    function withdraw(uint256 seed) external {
        (Actor memory one, uint8 role) = pick(seed);
        NodeInfo memory node = staking.nodeOf(one.account, role);
        uint256 before = token.balanceOf(one.account);
        vm.prank(one.account);
        try staking.withdraw(role) {
            if (time() < node.unbondingAvailableAt) fail("withdrew before its time");
            uint256 got = token.balanceOf(one.account) - before;
            if (got != node.unbonding) fail("withdrew another amount than was unbonding");
            withdrawn += got;
            ++calls["withdraw"];
        } catch {
            if (node.unbonding > 0 && time() >= node.unbondingAvailableAt) fail("matured stake is trapped");
        }
    }

    function close(uint256 seed) external {
        (Actor memory one, uint8 role) = pick(seed);
        uint256 balance = role == ROLE_GATEWAY ? staking.feeBalanceOf(one.account) : 0;
        uint256 before = token.balanceOf(one.account);
        vm.prank(one.account);
        try staking.close(role) {
            uint256 got = token.balanceOf(one.account) - before;
            feesOut += balance;
            withdrawn += got - balance;
            if (staking.stakeOf(one.account, role) != 0) fail("close left stake behind");
            ++calls["close"];
        } catch {}
    }

    function fees(uint256 seed, uint256 amount, bool out) external {
        Actor memory one = actors[seed % GATEWAYS];
        if (out) {
            uint256 available = staking.feeBalanceOf(one.account);
            if (available == 0) return;
            amount = bound(amount, 1, available);
            vm.prank(one.account);
            staking.withdrawFees(amount);
            feesOut += amount;
        } else {
            amount = bound(amount, 1, 1_000e18);
            staking.depositFees(one.account, amount);
            feesIn += amount;
        }
        ++calls["fees"];
    }

    function pause(bool on) external {
        // Left off most of the time, or nothing could be staked; exits and claims must not care.
        staking.setStakingPaused(on);
        staking.setStakingPaused(false);
    }

    function unjail(uint256 seed) external {
        (Actor memory one, uint8 role) = pick(seed);
        uint64 until = staking.nodeOf(one.account, role).jailedUntilEpoch;
        try staking.unjail(one.account, role) {
            if (staking.nextEpoch() <= until) fail("left jail early");
            ++calls["unjail"];
        } catch {}
    }

    function jailSilent(uint256 seed) external {
        try staking.jailSilent(actors[seed % GATEWAYS].account) {
            ++calls["jailSilent"];
        } catch {}
    }

    // -------------------------------------------------------------------------------------------------------- court

    function slash(uint256 seed, uint256 kind, uint256 subject, bool withBounty) external {
        (Actor memory one, uint8 role) = pick(seed);
        uint8 offence = uint8(bound(kind, 1, 5));
        bytes32 what = bytes32(bound(subject, 0, 40));
        bytes32 id = keccak256(abi.encode(offence, one.account, what));
        NodeInfo memory node = staking.nodeOf(one.account, role);
        address beneficiary = withBounty ? address(0xB0) : address(0);
        uint256 before = token.balanceOf(beneficiary);
        vm.prank(address(court));
        try staking.slash(one.account, role, offence, what, beneficiary) returns (uint256 amount) {
            if (punished[id]) fail("punished twice for one offence");
            punished[id] = true;
            uint256 bounty = token.balanceOf(beneficiary) - before;
            if (bounty > amount / 10) fail("bounty above a tenth");
            slashed += amount;
            bounties += bounty;
            checkCap(one.account, role, uint256(node.stake) + node.unbonding, amount);
            ++calls["slash"];
        } catch {
            if (!punished[id]) fail("a slash reverted");
        }
    }

    /// @dev Within one epoch a node loses at most half of what it had at its first slash.
    function checkCap(address account, uint8 role, uint256 had, uint256 amount) private {
        bytes32 key = keccak256(abi.encode(account, role, staking.nextEpoch()));
        if (slashedInEpoch[key][0] == 0) slashedInEpoch[key][0] = had;
        slashedInEpoch[key][1] += amount;
        if (slashedInEpoch[key][1] > slashedInEpoch[key][0] / 2 + 1e9) fail("above the epoch's cap");
    }

    function jail(uint256 seed) external {
        (Actor memory one, uint8 role) = pick(seed);
        vm.prank(address(court));
        staking.jail(one.account, role);
        ++calls["jail"];
    }

    function burn() external {
        uint256 pending = staking.pendingBurn();
        if (pending == 0) return;
        staking.burnSlashed();
        burned += pending;
        ++calls["burn"];
    }

    // ------------------------------------------------------------------------------------------------------ anchors

    function anchorBatch(uint256 seed, uint256 units) public {
        Actor memory one = actors[seed % GATEWAYS];
        units = bound(units, 0, 1_000_000);
        uint64 from = registry.nextSerial(one.account);
        bytes32 root = keccak256(abi.encode(seed, units, from));
        uint256 pending = staking.pendingBurn();
        uint64 count = registry.batchCount();
        vm.prank(one.signer);
        try registry.anchorReceipts(root, from, from + 3, 2, uint64(units), DATA) returns (uint64 id) {
            if (id != count + 1) fail("batch ids have a gap");
            feesCharged += staking.pendingBurn() - pending;
            batches.push(Batch(id, root, registry.batchOf(id).recordBy));
            ++calls["anchorBatch"];
        } catch {}
    }

    function recordBatch(uint256 seed) public {
        if (batches.length == 0) return;
        // Old ones are out of their window: pick among the newest.
        Batch memory batch = batches[batches.length - 1 - (seed % (batches.length < 3 ? batches.length : 3))];
        mineSeedOf(batch.id);
        address gateway = registry.batchOf(batch.id).gateway;
        address signer = gateway == actors[0].account ? actors[0].signer : actors[1].signer;
        bytes32 had = registry.batchOf(batch.id).recordsRoot;
        vm.prank(signer);
        try registry.anchorRecords(batch.id, keccak256(abi.encode(batch.root)), 2, DATA) {
            if (had != 0) fail("records overwritten");
            if (time() >= batch.recordBy) fail("recorded after the window");
            ++calls["recordBatch"];
        } catch {}
    }

    function fixSeed(uint256 seed) external {
        if (batches.length == 0) return;
        uint64 id = batches[batches.length - 1 - (seed % (batches.length < 3 ? batches.length : 3))].id;
        mineSeedOf(id);
        bytes32 had = registry.batchOf(id).seed;
        try registry.fixSeed(id) returns (bytes32 fixedTo) {
            if (had != 0) fail("a seed was fixed twice");
            if (fixedTo == 0) fail("a seed of nothing");
            ++calls["fixSeed"];
        } catch {}
    }

    /// @dev Makes the batch's seed readable if its block is not forgotten.
    function mineSeedOf(uint64 id) private {
        uint256 seedBlock = registry.batchOf(id).anchorBlock + 1;
        if (vm.getBlockNumber() <= seedBlock) vm.roll(seedBlock + 1);
        if (vm.getBlockNumber() - seedBlock <= 256) {
            vm.setBlockhash(seedBlock, keccak256(abi.encode(seedBlock)));
        }
    }

    function reportAbandoned(uint256 seed) external {
        if (batches.length == 0) return;
        Batch memory batch = batches[seed % batches.length];
        address gateway = registry.batchOf(batch.id).gateway;
        bool recorded = registry.batchOf(batch.id).recordsRoot != 0;
        NodeInfo memory before = staking.nodeOf(gateway, ROLE_GATEWAY);
        uint256 mine = token.balanceOf(address(this));
        try registry.reportAbandoned(batch.id) {
            if (recorded) fail("a recorded batch was punished");
            if (time() < batch.recordBy) fail("punished inside the window");
            NodeInfo memory node = staking.nodeOf(gateway, ROLE_GATEWAY);
            uint256 had = uint256(before.stake) + before.unbonding;
            uint256 amount = had - (uint256(node.stake) + node.unbonding);
            slashed += amount;
            bounties += token.balanceOf(address(this)) - mine;
            checkCap(gateway, ROLE_GATEWAY, had, amount);
            ++calls["reportAbandoned"];
        } catch {}
    }

    // ------------------------------------------------------------------------------------------------ distributions

    /// @notice The evil quorum: real signatures under whatever trees, roots and totals the dice say, for any roles. One seed in
    ///         four is honest.
    function propose(uint256 epochSeed, uint256 seed) public {
        uint64 opened = distributor.nextEpochToOpen();
        uint64 epoch = uint64(epochSeed % opened);
        EpochInfo memory info = distributor.epochInfo(epoch);
        if (info.state != EpochState.Open || time() < info.roundStartsAt) return;
        Distribution memory d = emptyDistribution(epoch);
        Tree[] memory trees = new Tree[](ROLE_COUNT);
        for (uint8 role = 0; role < ROLE_COUNT; ++role) {
            uint256 dice = uint256(keccak256(abi.encode(seed, role)));
            // The inference nodes always have a tree; the other roles have one as the dice fall.
            if (role > 0 && dice % 3 == 0) continue;
            trees[role] = treeOf(epoch, role, dice, seed % 4 == 0);
            (d.roots[role], d.totals[role]) = postedOf(trees[role], dice, seed % 4);
            d.counts[role] = d.totals[role] == 0 ? 0 : uint32(dice % 7) + 1;
            if (d.totals[role] == 0) d.roots[role] = 0;
        }
        d.tableRoot = bytes32(seed);
        bytes[] memory signatures = new bytes[](GATEWAYS);
        for (uint256 i = 0; i < GATEWAYS; ++i) signatures[i] = attest(d, actors[i]);
        try distributor.propose(d, signatures) {
            treesOf[epoch] = abi.encode(trees);
            evilTree[epoch] = seed % 4 != 0;
            ++calls["propose"];
        } catch {}
    }

    /// @dev Leaves of all sizes, accounts twice, accounts without the role, leaves of another epoch; over them an honest tree,
    ///      or one in which any vertex may state another sum than it has.
    function treeOf(uint64 epoch, uint8 role, uint256 dice, bool honest) private view returns (Tree memory tree) {
        tree.leaves = new RewardLeaf[](LEAVES);
        for (uint256 i = 0; i < LEAVES; ++i) {
            uint256 own = uint256(keccak256(abi.encode(dice, i)));
            tree.leaves[i] = RewardLeaf(
                epoch,
                role,
                actors[(own >> 8) % actors.length].account,
                uint16(own % 10_001),
                uint64(own >> 32) >> uint8((own >> 16) % 80),
                10_000,
                uint16(9_000 + i)
            );
            if (honest) tree.leaves[i].account = actorOf(role, i);
            else if (own % 11 == 0) ++tree.leaves[i].epoch;
        }
        Liar memory liar = honest ? Liar(0, 0) : Liar(dice, (uint8(dice >> 8) % 4) + 1);
        (tree.top, tree.proofs) = liedTree(sumLeaves(tree.leaves), liar);
    }

    function actorOf(uint8 role, uint256 i) private view returns (address) {
        if (role == ROLE_GATEWAY) return actors[i % GATEWAYS].account;
        return actors[GATEWAYS + ((2 * i) % NODES) + role].account;
    }

    /// @dev Level by level, with proofs for every leaf. What a liar says of a vertex is what its parent hashes and adds up,
    ///      and what stands in the proofs of everybody beside it.
    function liedTree(
        SumNode[] memory level,
        Liar memory liar
    ) private pure returns (SumNode memory top, SumNode[][] memory proofs) {
        proofs = new SumNode[][](level.length);
        uint256[] memory at = new uint256[](level.length);
        for (uint256 i = 0; i < at.length; ++i) at[i] = i;
        while (level.length > 1) {
            for (uint256 i = 0; i < level.length; ++i) level[i].sum = liedSum(level[i], liar);
            for (uint256 i = 0; i < at.length; ++i) {
                if (at[i] ^ 1 < level.length) proofs[i] = appended(proofs[i], level[at[i] ^ 1]);
                at[i] /= 2;
            }
            SumNode[] memory next = new SumNode[]((level.length + 1) / 2);
            for (uint256 i = 0; i < next.length; ++i) {
                next[i] = 2 * i + 1 == level.length ? level[2 * i] : Trees.parent(level[2 * i], level[2 * i + 1]);
            }
            level = next;
        }
        top = level[0];
    }

    /// @dev One vertex in four: understated, nothing at all, so large that the sums wrap, or anything.
    function liedSum(SumNode memory vertex, Liar memory liar) private pure returns (uint128) {
        uint256 dice = uint256(keccak256(abi.encode(liar.dice, vertex.hash)));
        if (liar.kind == 0 || dice % 4 != 0) return vertex.sum;
        if (liar.kind == 1) return vertex.sum / 2;
        if (liar.kind == 2) return 0;
        if (liar.kind == 3) return type(uint128).max - uint128(dice >> 160);
        return uint128(dice >> 128);
    }

    function appended(SumNode[] memory list, SumNode memory one) private pure returns (SumNode[] memory longer) {
        longer = new SumNode[](list.length + 1);
        for (uint256 i = 0; i < list.length; ++i) longer[i] = list[i];
        longer[list.length] = one;
    }

    /// @dev Root and total as they are, half of the total, any total, the total that one leaf alone leads to, a leaf for a
    ///      root with less than it weighs, any root.
    function postedOf(Tree memory tree, uint256 dice, uint256 kind) private view returns (bytes32 root, uint128 total) {
        (root, total) = (tree.top.hash, tree.top.sum);
        uint256 lie = kind == 0 ? 0 : (dice >> 16) % 6;
        if (lie == 1) total /= 2;
        else if (lie == 2) total = uint128(dice >> 128);
        else if (lie == 3) (root, total) = plainClimb(sumLeaves(tree.leaves)[0], tree.proofs[0]);
        else if (lie == 4) {
            SumNode memory leaf = sumLeaves(tree.leaves)[0];
            (root, total) = (leaf.hash, leaf.sum / 3);
            tree.proofs[0] = new SumNode[](0);
        } else if (lie == 5) (root, total) = (bytes32(dice), uint128(dice >> 64));
    }

    /// @dev Where a proof leads if nobody looks at the range of its sums.
    function plainClimb(SumNode memory vertex, SumNode[] memory proof) private pure returns (bytes32, uint128) {
        for (uint256 i = 0; i < proof.length; ++i) vertex = Trees.parent(vertex, proof[i]);
        return (vertex.hash, vertex.sum);
    }

    function nextRound(uint256 epochSeed) external {
        uint64 epoch = uint64(epochSeed % distributor.nextEpochToOpen());
        try distributor.nextRound(epoch) {
            ++calls["nextRound"];
        } catch {}
    }

    function finalize(uint256 epochSeed) public {
        uint64 epoch = uint64(epochSeed % distributor.nextEpochToOpen());
        EpochInfo memory info = distributor.epochInfo(epoch);
        try distributor.finalize(epoch) {
            if (info.state != EpochState.Proposed) fail("finalised from another state");
            if (time() < info.finalizableAt) fail("finalised inside the window");
            ++calls["finalize"];
        } catch {}
    }

    function voidEpoch(uint256 epochSeed) external {
        uint64 epoch = uint64(epochSeed % distributor.nextEpochToOpen());
        EpochState state = distributor.stateOf(epoch);
        try distributor.voidEpoch(epoch) {
            if (state != EpochState.Open) fail("voided a standing proposal");
            ++calls["voidEpoch"];
        } catch {}
    }

    function challenge(uint256 epochSeed) public {
        uint64 epoch = uint64(epochSeed % distributor.nextEpochToOpen());
        uint256 bond = court.bondOf(epoch);
        bytes32 hash = distributor.epochInfo(epoch).distributionHash;
        try court.challenge(epoch, hash) {
            bondsIn += bond;
            ++calls["challenge"];
        } catch {}
    }

    function rule(uint256 epochSeed, bool stands) public {
        uint64 epoch = uint64(epochSeed % distributor.nextEpochToOpen());
        uint256 bond = court.challengeOf(epoch).bond;
        address[] memory signers = new address[](GATEWAYS);
        uint256 before;
        for (uint256 i = 0; i < GATEWAYS; ++i) {
            signers[i] = actors[i].account;
            NodeInfo memory node = staking.nodeOf(signers[i], ROLE_GATEWAY);
            before += uint256(node.stake) + node.unbonding;
        }
        uint256 mine = token.balanceOf(address(this));
        uint64 challengeId = challengeIdOf(epoch);
        vm.prank(arbiter);
        try court.rule(challengeId, stands, signers) {
            if (stands) {
                bondsBurned += bond;
            } else {
                bondsOut += bond;
                uint256 rest;
                for (uint256 i = 0; i < GATEWAYS; ++i) {
                    NodeInfo memory node = staking.nodeOf(signers[i], ROLE_GATEWAY);
                    rest += uint256(node.stake) + node.unbonding;
                }
                slashed += before - rest;
                bounties += token.balanceOf(address(this)) - mine - bond;
            }
            ++calls["rule"];
        } catch {}
    }

    /// @notice Any leaf of any tree, with its own proof or with one that was tampered with.
    function claim(uint256 epochSeed, uint256 seed, bool many) public {
        uint64 epoch = uint64(epochSeed % distributor.nextEpochToOpen());
        if (treesOf[epoch].length == 0) return;
        Tree memory tree = abi.decode(treesOf[epoch], (Tree[]))[(seed >> 8) % ROLE_COUNT];
        if (tree.leaves.length == 0) return;
        uint256 i = seed % LEAVES;
        RewardLeaf memory leaf = tree.leaves[i];
        SumNode[] memory proof = tampered(tree, i, seed >> 16);
        EpochState state = distributor.stateOf(leaf.epoch);
        bytes32 key = keccak256(abi.encode(leaf.epoch, leaf.role, leaf.account));
        uint256 reserve = distributor.reserve();
        (bool taken, uint256 amount) = many ? claimMany(leaf, proof) : claimOne(leaf, proof);
        if (!taken) return;
        if (paidBefore[key]) {
            if (amount > 0 || !many) fail("paid twice");
            return;
        }
        if (state != EpochState.Final) fail("paid before it was final");
        paidBefore[key] = true;
        claimed += amount;
        takenFrom[leaf.epoch][leaf.role] += amount + distributor.reserve() - reserve;
        ++calls["claim"];
        if (evilTree[epoch]) ++calls["claim from an evil tree"];
    }

    function claimOne(RewardLeaf memory leaf, SumNode[] memory proof) private returns (bool, uint256) {
        try distributor.claim(leaf, proof) returns (uint256 amount) {
            return (true, amount);
        } catch (bytes memory reason) {
            if (bytes4(reason) == IRewardDistributor.RewardDistributorInvalidProof.selector) ++calls["refused proof"];
            return (false, 0);
        }
    }

    function claimMany(RewardLeaf memory leaf, SumNode[] memory proof) private returns (bool, uint256) {
        RewardLeaf[] memory leaves = new RewardLeaf[](1);
        SumNode[][] memory proofs = new SumNode[][](1);
        (leaves[0], proofs[0]) = (leaf, proof);
        try distributor.claimMany(leaves, proofs) returns (uint256 amount) {
            return (true, amount);
        } catch {
            return (false, 0);
        }
    }

    /// @dev Half of the time the proof as it is; else another leaf's, a shorter or longer one, or one with another sum.
    function tampered(Tree memory tree, uint256 i, uint256 dice) private pure returns (SumNode[] memory proof) {
        proof = tree.proofs[i];
        uint256 how = dice % 10;
        if (how == 5) return tree.proofs[(dice >> 8) % LEAVES];
        if (how == 6) return appended(proof, SumNode(bytes32(dice), uint128(dice >> 128)));
        if (how < 5 || proof.length == 0) return proof;
        SumNode memory sibling = proof[(dice >> 8) % proof.length];
        if (how == 7) sibling.sum /= 2;
        else if (how == 8) sibling.sum = 0;
        else sibling.sum = type(uint128).max - sibling.sum;
    }

    /// @notice A whole epoch in one go, which random calls alone rarely get through.
    function wholeEpoch(uint256 seed) external {
        openEpoch();
        uint64 epoch = staking.currentEpoch();
        anchorBatch(seed, seed);
        if (seed % 7 != 0) recordBatch(0);
        if (time() < epochStart(epoch + 1) + timing.recordWindow) toProposals(epoch);
        propose(epoch, seed % 2 == 0 ? seed - (seed % 4) : seed);
        if (seed % 5 == 0) {
            challenge(epoch);
            rule(epoch, seed % 3 == 0);
        }
        vm.warp(time() + timing.disputeWindow);
        finalize(epoch);
        for (uint256 i = 0; i < LEAVES * ROLE_COUNT; ++i) {
            claim(epoch, (i % LEAVES) | ((i / LEAVES) << 8), (seed >> 8) % 2 == 0);
        }
        ++calls["wholeEpoch"];
    }

    function fund(uint256 amount) external {
        amount = bound(amount, 1, 1_000e18);
        distributor.fund(amount);
        funded += amount;
        ++calls["fund"];
    }

    function stranger(uint256 seed) external {
        // Whatever a third party calls on behalf of a node leaves its money, clock and keys alone.
        (Actor memory one, uint8 role) = pick(seed);
        bytes32 before = keccak256(abi.encode(staking.nodeOf(one.account, role)));
        vm.startPrank(address(0x666));
        try staking.stake(role, 1) {} catch {}
        try staking.requestUnbond(role, 1) {} catch {}
        try staking.withdraw(role) {} catch {}
        try staking.close(role) {} catch {}
        try staking.acceptPayout(one.account, role) {} catch {}
        try staking.slash(one.account, role, 1, "x", address(0x666)) {} catch {}
        try staking.jail(one.account, role) {} catch {}
        vm.stopPrank();
        if (keccak256(abi.encode(staking.nodeOf(one.account, role))) != before) fail("a stranger changed a node");
    }

    // ---------------------------------------------------------------------------------- what the invariants compare

    function stakingHolds() external view returns (uint256 held, uint256 booked) {
        held = token.balanceOf(address(staking));
        booked = staking.pendingBurn();
        for (uint256 i = 0; i < actors.length; ++i) {
            NodeInfo memory node = staking.nodeOf(actors[i].account, roles[i]);
            booked += uint256(node.stake) + node.unbonding + staking.feeBalanceOf(actors[i].account);
        }
    }

    function stakingFlows() external view returns (uint256 held, uint256 flowed) {
        held = token.balanceOf(address(staking));
        flowed = staked + feesIn - withdrawn - feesOut - bounties - burned;
    }

    function distributorHolds() external view returns (uint256 held, uint256 owed) {
        return (token.balanceOf(address(distributor)), owedByDistributor());
    }

    function distributorFlows() external view returns (uint256 held, uint256 flowed) {
        return (token.balanceOf(address(distributor)), funded - claimed);
    }

    function courtHolds() external view returns (uint256 held, uint256 flowed) {
        return (token.balanceOf(address(court)), bondsIn - bondsOut - bondsBurned);
    }

    function supply() external view returns (uint256 found, uint256 wanted) {
        return (token.totalSupply(), SUPPLY - burned - bondsBurned);
    }

    function worstPool() external view returns (bool sound) {
        for (uint64 e = 0; e < distributor.nextEpochToOpen(); ++e) {
            EpochInfo memory info = distributor.epochInfo(e);
            for (uint256 role = 0; role < ROLE_COUNT; ++role) {
                if (takenFrom[e][role] > info.pools[role]) return false;
                if (info.state != EpochState.Final && takenFrom[e][role] != 0) return false;
            }
        }
        return true;
    }

    function electorateSound() external view returns (bool) {
        uint64 last = staking.nextEpoch() + 1;
        for (uint64 e = last > 4 ? last - 4 : 0; e <= last; ++e) {
            uint256 sum;
            for (uint256 i = 0; i < GATEWAYS; ++i) sum += staking.gatewayStakeAt(actors[i].account, e);
            if (sum != staking.totalGatewayStakeAt(e)) return false;
        }
        return true;
    }

    /// @notice Whoever has the minimum and is not in jail is a member, from the next epoch at the latest, and nobody else.
    function membershipSound() external view returns (bool) {
        for (uint256 i = 0; i < actors.length; ++i) {
            NodeInfo memory node = staking.nodeOf(actors[i].account, roles[i]);
            bool belongs = node.stake >= staking.minimumStake(roles[i]) && node.jailedUntilEpoch == 0;
            bool member = node.activeFromEpoch != type(uint32).max && node.inactiveFromEpoch == type(uint32).max;
            if (belongs != member) return false;
            bool begun = node.activeFromEpoch < staking.nextEpoch();
            if (staking.isEligible(actors[i].account, roles[i]) != (belongs && begun)) return false;
        }
        return true;
    }

    function batchesSound() external view returns (bool) {
        if (registry.batchCount() != batches.length) return false;
        uint64 epoch;
        for (uint256 i = 0; i < batches.length; ++i) {
            if (batches[i].id != i + 1 || registry.batchOf(batches[i].id).root != batches[i].root) return false;
            if (registry.batchOf(batches[i].id).epoch < epoch) return false;
            epoch = registry.batchOf(batches[i].id).epoch;
        }
        return true;
    }
}

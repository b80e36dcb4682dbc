// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

import {DGAIToken} from "../../../contracts/DGAIToken.sol";
import {CourtConfig, IEvidenceCourt} from "../../../contracts/interfaces/IEvidenceCourt.sol";
import {INodeStaking, SlashConfig, StakingConfig} from "../../../contracts/interfaces/INodeStaking.sol";
import {IProofRegistry, RegistryConfig} from "../../../contracts/interfaces/IProofRegistry.sol";
import {
    DistributorConfig,
    EpochInfo,
    IRewardDistributor,
    RewardParams
} from "../../../contracts/interfaces/IRewardDistributor.sol";
import "../../../contracts/interfaces/Types.sol";
import {MessageLib} from "../../../contracts/libraries/MessageLib.sol";
import {Check} from "./Check.sol";
import {Trees} from "./Trees.sol";
import {Log, vm} from "./Vm.sol";

/// @notice A whole deployment with production timing, and hands to work it.
abstract contract World is Check {
    /// @dev One operator of the tests: everything follows from its number.
    struct Actor {
        address account;
        address payout;
        address signer;
        uint256 key;
    }

    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant SUPPLY = 1_000_000_000e18;
    uint256 internal constant RESERVE = 500_000_000e18;
    uint96 internal constant FEE = 1e12;
    uint96 internal constant MAX_REWARD_PER_UNIT = 1e15;
    bytes32 internal constant PARAMS = keccak256("parameters");
    bytes32 internal constant DATA = keccak256("data");

    address internal arbiter = address(0xA4B1);
    AccessManager internal manager;
    DGAIToken internal token;
    INodeStaking internal staking;
    IProofRegistry internal registry;
    IRewardDistributor internal distributor;
    IEvidenceCourt internal court;
    Timing internal timing;
    /// @dev What claims took out of each pool, paid or returned; the contract only says so in its events.
    mapping(uint64 epoch => uint256[3]) internal takenFrom;

    function deploy() internal {
        vm.warp(START);
        vm.roll(1_000);
        timing = Timing({
            genesis: uint64(START + 1 days),
            epochDuration: 7 days,
            recordWindow: 1 days,
            roundDuration: 1 days,
            disputeWindow: 3 days,
            arbiterDeadline: 2 days,
            unbonding: 14 days
        });
        manager = new AccessManager(address(this));
        token = DGAIToken(create("DGAIToken.sol:DGAIToken", abi.encode(address(this))));
        uint256 nonce = vm.getNonce(address(this));
        address registryAt = vm.computeCreateAddress(address(this), nonce + 1);
        address distributorAt = vm.computeCreateAddress(address(this), nonce + 2);
        address courtAt = vm.computeCreateAddress(address(this), nonce + 3);
        staking = createStaking(stakingConfig(registryAt, courtAt));
        registry = createRegistry(RegistryConfig(address(staking), distributorAt, address(manager), 100, FEE));
        distributor = createDistributor(distributorConfig(courtAt));
        court = createCourt(courtConfig());
        token.approve(address(distributor), RESERVE);
        distributor.fund(RESERVE);
        distributor.activate();
    }

    // Contracts are created from their artifacts: `new` or an import would compile all of them again with every test.

    function createStaking(StakingConfig memory config) public returns (INodeStaking) {
        return INodeStaking(create("NodeStaking.sol:NodeStaking", abi.encode(config)));
    }

    function createRegistry(RegistryConfig memory config) public returns (IProofRegistry) {
        return IProofRegistry(create("ProofRegistry.sol:ProofRegistry", abi.encode(config)));
    }

    function createDistributor(DistributorConfig memory config) public returns (IRewardDistributor) {
        return IRewardDistributor(create("RewardDistributor.sol:RewardDistributor", abi.encode(config)));
    }

    function createCourt(CourtConfig memory config) public returns (IEvidenceCourt) {
        return IEvidenceCourt(create("EvidenceCourt.sol:EvidenceCourt", abi.encode(config)));
    }

    function create(string memory artifact, bytes memory arguments) internal returns (address created) {
        bytes memory code = bytes.concat(vm.getCode(artifact), arguments);
        assembly ("memory-safe") {
            created := create(0, add(code, 0x20), mload(code))
            if iszero(created) {
                let free := mload(0x40)
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
        }
    }

    function stakingConfig(address registryAt, address courtAt) internal view returns (StakingConfig memory) {
        return
            StakingConfig({
                token: address(token),
                registry: registryAt,
                court: courtAt,
                authority: address(manager),
                timing: timing,
                minimumStakes: [uint96(10_000e18), uint96(10_000e18), uint96(100_000e18)],
                slash: SlashConfig(1_000, 5_000, 100, 1_000, 2)
            });
    }

    function distributorConfig(address courtAt) internal view returns (DistributorConfig memory) {
        return
            DistributorConfig({
                staking: address(staking),
                registry: address(registry),
                court: courtAt,
                authority: address(manager),
                rewardParams: rewardParams(),
                paramsHash: PARAMS,
                genesisTableRoot: 0
            });
    }

    function rewardParams() internal pure returns (RewardParams memory) {
        return RewardParams(4_500, [uint16(7_000), 2_000, 1_000], 2_500, MAX_REWARD_PER_UNIT);
    }

    function courtConfig() internal view returns (CourtConfig memory) {
        return
            CourtConfig({
                staking: address(staking),
                registry: address(registry),
                distributor: address(distributor),
                authority: address(manager),
                arbiter: arbiter,
                minimumBond: 1_000e18,
                bondBps: 100
            });
    }

    // ------------------------------------------------------------------------------------------------------- actors

    function actor(uint256 number) internal pure returns (Actor memory one) {
        one.key = uint256(keccak256(abi.encode("actor", number)));
        one.account = address(uint160(0x1000_0000 + number));
        one.payout = address(uint160(0x2000_0000 + number));
        one.signer = vm.addr(one.key);
    }

    function authSignature(
        address account,
        uint8 role,
        uint256 key,
        uint64 deadline
    ) internal view returns (bytes memory) {
        bytes32 structHash = MessageLib.operatorAuth(account, role, vm.addr(key), deadline);
        return signature(key, typed(structHash));
    }

    function typed(bytes32 structHash) internal view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", staking.domainSeparator(), structHash));
    }

    function register(Actor memory one, uint8 role) internal {
        uint64 deadline = uint64(time() + 1 hours);
        bytes memory auth = authSignature(one.account, role, one.key, deadline);
        vm.prank(one.account);
        staking.register(role, one.signer, deadline, auth, one.payout, "https://example.org/node.json", DATA);
    }

    function give(address account, uint256 amount) internal {
        token.transfer(account, amount);
        vm.prank(account);
        token.approve(address(staking), type(uint256).max);
    }

    /// @dev Registered and staked; active from the next epoch.
    function join(uint256 number, uint8 role, uint256 amount) internal returns (Actor memory one) {
        one = actor(number);
        register(one, role);
        give(one.account, amount);
        vm.prank(one.account);
        staking.stake(role, amount);
    }

    function joinGateway(uint256 number, uint256 amount) internal returns (Actor memory one) {
        one = join(number, ROLE_GATEWAY, amount);
        token.approve(address(staking), 1_000_000e18);
        staking.depositFees(one.account, 1_000_000e18);
    }

    // --------------------------------------------------------------------------------------------------------- time

    /// @dev `block.timestamp` itself may be read once and kept by the optimizer, across a warp.
    function time() internal view returns (uint256) {
        return vm.getBlockTimestamp();
    }

    function epochStart(uint256 epoch) internal view returns (uint256) {
        return timing.genesis + epoch * timing.epochDuration;
    }

    /// @dev Opens every epoch up to `epoch`, at the start of each.
    function enterEpoch(uint64 epoch) internal {
        for (uint64 e = distributor.nextEpochToOpen(); e <= epoch; ++e) {
            if (time() < epochStart(e)) vm.warp(epochStart(e));
            distributor.openEpoch(e);
        }
        if (time() < epochStart(epoch)) vm.warp(epochStart(epoch));
    }

    function toProposals(uint64 epoch) internal {
        vm.warp(epochStart(epoch + 1) + timing.recordWindow);
    }

    // ------------------------------------------------------------------------------------------------------ anchors

    function anchor(Actor memory gateway, bytes32 root, uint32 count, uint64 units) internal returns (uint64) {
        uint64 from = registry.nextSerial(gateway.account);
        vm.prank(gateway.signer);
        return registry.anchorReceipts(root, from, from + count, count, units, DATA);
    }

    /// @dev Mines the seed's block, so that the next call sees its hash.
    function mineSeed() internal returns (bytes32 seed) {
        uint256 number = vm.getBlockNumber();
        seed = keccak256(abi.encode("seed", number));
        vm.roll(number + 2);
        vm.setBlockhash(number + 1, seed);
    }

    // ------------------------------------------------------------------------------------------------ distributions

    function leafOf(
        uint64 epoch,
        uint8 role,
        address account,
        uint16 quality,
        uint64 volume
    ) internal pure returns (RewardLeaf memory) {
        return RewardLeaf(epoch, role, account, quality, volume, 10_000, 10_000);
    }

    function weightOf(RewardLeaf memory leaf) internal pure returns (uint256) {
        return uint256(leaf.quality) * leaf.volume * leaf.difficulty * leaf.feedback;
    }

    function sumLeaves(RewardLeaf[] memory leaves) internal view returns (SumNode[] memory nodes) {
        nodes = new SumNode[](leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            nodes[i] = SumNode(distributor.hashReward(leaves[i]), uint128(weightOf(leaves[i])));
        }
    }

    function emptyDistribution(uint64 epoch) internal view returns (Distribution memory d) {
        d.epoch = epoch;
        d.round = distributor.epochInfo(epoch).round;
        d.paramsHash = distributor.epochInfo(epoch).paramsHash;
        d.batchesHash = keccak256(abi.encode(new uint64[](0)));
        d.dataHash = DATA;
    }

    function setRole(Distribution memory d, uint8 role, RewardLeaf[] memory leaves) internal view {
        SumNode memory top = Trees.sumRoot(sumLeaves(leaves));
        d.roots[role] = top.hash;
        d.totals[role] = top.sum;
        d.counts[role] = uint32(leaves.length);
    }

    function attest(Distribution memory d, Actor memory one) internal view returns (bytes memory) {
        return signature(one.key, distributor.attestationDigest(d.epoch, d.round, distributor.distributionHashOf(d)));
    }

    function proposeBy(Distribution memory d, Actor memory one) internal {
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = attest(d, one);
        distributor.propose(d, signatures);
    }

    function finalizeAfterWindow(uint64 epoch) internal {
        vm.warp(distributor.epochInfo(epoch).finalizableAt);
        distributor.finalize(epoch);
    }

    /// @dev What `rule` calls the running challenge of an epoch.
    function challengeIdOf(uint64 epoch) internal view returns (uint64) {
        return epoch | (uint64(court.challengeOf(epoch).round) << 32);
    }

    // --------------------------------------------------------------------------------------------------- invariants

    /// @dev What must hold after every test that moves tokens. `nodes` lists everybody who ever staked.
    ///      Claims are booked from the logs since the last call: `vm.recordLogs` must run wherever something is claimed.
    function assertBooks(address[] memory accounts) internal {
        bookClaims(vm.getRecordedLogs());
        uint256 held = staking.pendingBurn();
        for (uint256 i = 0; i < accounts.length; ++i) {
            held += staking.feeBalanceOf(accounts[i]);
            for (uint8 role = 0; role < ROLE_COUNT; ++role) {
                held += staking.nodeOf(accounts[i], role).stake + staking.nodeOf(accounts[i], role).unbonding;
            }
        }
        eq(token.balanceOf(address(staking)), held, "staking books");
        eq(token.balanceOf(address(distributor)), owedByDistributor(), "distributor books");
    }

    function owedByDistributor() internal view returns (uint256 owed) {
        owed = distributor.reserve();
        for (uint64 epoch = 0; epoch < distributor.nextEpochToOpen(); ++epoch) {
            EpochInfo memory info = distributor.epochInfo(epoch);
            for (uint256 role = 0; role < ROLE_COUNT; ++role) {
                owed += info.pools[role] - takenFrom[epoch][role];
            }
        }
    }

    function bookClaims(Log[] memory logs) internal {
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32[] memory topics = logs[i].topics;
            if (logs[i].emitter != address(distributor) || topics[0] != IRewardDistributor.Claimed.selector) continue;
            (, uint256 amount, uint256 returned) = abi.decode(logs[i].data, (address, uint256, uint256));
            takenFrom[uint64(uint256(topics[3]))][uint256(topics[2])] += amount + returned;
        }
    }

    function listOf(address a) internal pure returns (address[] memory list) {
        list = new address[](1);
        list[0] = a;
    }
}

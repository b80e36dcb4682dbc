// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {DGAIToken} from "../../contracts/DGAIToken.sol";
import {
    AnchoredReceipt,
    AnchoredRecord,
    IEvidenceCourt,
    TableEvidence
} from "../../contracts/interfaces/IEvidenceCourt.sol";
import {StakingConfig} from "../../contracts/interfaces/INodeStaking.sol";
import {RegistryConfig} from "../../contracts/interfaces/IProofRegistry.sol";
import {DistributorConfig, IRewardDistributor} from "../../contracts/interfaces/IRewardDistributor.sol";
import {INodeStaking} from "../../contracts/interfaces/INodeStaking.sol";
import "../../contracts/interfaces/Types.sol";
import {ReentrancyLock} from "../../contracts/libraries/ReentrancyLock.sol";
import {vm} from "./support/Vm.sol";
import {World} from "./support/World.sol";

/// @notice A token that calls its user in the middle of every transfer and burn.
contract HostileToken is ERC20("Hostile", "H") {
    address private listener;

    constructor() {
        _mint(msg.sender, 1e30);
    }

    function listen(address to) external {
        listener = to;
    }

    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (listener != address(0)) ReentrancyTest(listener).onToken();
    }
}

/// @notice DGAI calls nobody back. Were the token another one, every guarded function would still refuse a second entry.
contract ReentrancyTest is World {
    HostileToken private hostile;
    INodeStaking private victim;
    IRewardDistributor private payer;
    bytes[] private payloads;
    address private target;
    uint256 private refused;

    function setUp() public {
        deploy();
        hostile = new HostileToken();
        StakingConfig memory config = stakingConfig(address(this), address(this));
        config.token = address(hostile);
        victim = createStaking(config);
        DistributorConfig memory rewards = distributorConfig(address(this));
        rewards.staking = address(victim);
        rewards.registry = address(this);
        payer = createDistributor(rewards);
        hostile.approve(address(victim), type(uint256).max);
        hostile.approve(address(payer), type(uint256).max);
        // This contract is the node: (account = this, role = gateway).
        staking = victim;
        uint256 key = actor(1).key;
        uint64 deadline = uint64(time());
        bytes memory auth = authSignature(address(this), ROLE_GATEWAY, key, deadline);
        victim.register(ROLE_GATEWAY, vm.addr(key), deadline, auth, address(this), "", 0);
        victim.stake(ROLE_GATEWAY, 400_000e18);
        victim.depositFees(address(this), 100e18);
        payer.fund(1_000e18);
    }

    /// @dev Tries every guarded function while another one runs.
    function onToken() external {
        for (uint256 i = 0; i < payloads.length; ++i) {
            (bool ok, bytes memory answer) = target.call(payloads[i]);
            no(ok, "a second entry went through");
            eq(bytes32(bytes4(answer)), bytes32(ReentrancyLock.ReentrantCall.selector), "refused by the lock");
            ++refused;
        }
    }

    function arm() private {
        hostile.listen(address(this));
        target = address(victim);
        payloads.push(abi.encodeCall(INodeStaking.stake, (ROLE_GATEWAY, 1)));
        payloads.push(abi.encodeCall(INodeStaking.stakeWithPermit, (ROLE_GATEWAY, 1, 0, 0, 0, 0)));
        payloads.push(abi.encodeCall(INodeStaking.withdraw, (ROLE_GATEWAY)));
        payloads.push(abi.encodeCall(INodeStaking.close, (ROLE_GATEWAY)));
        payloads.push(abi.encodeCall(INodeStaking.depositFees, (address(this), 1)));
        payloads.push(abi.encodeCall(INodeStaking.withdrawFees, (1)));
        payloads.push(abi.encodeCall(INodeStaking.burnSlashed, ()));
        payloads.push(abi.encodeCall(INodeStaking.slash, (address(this), ROLE_GATEWAY, 1, "z", address(0))));
    }

    function assertRefused() private {
        eq(refused, payloads.length, "every payload was tried and refused");
        refused = 0;
    }

    function test_staking_RefusesASecondEntry_Class27() public {
        victim.requestUnbond(ROLE_GATEWAY, 100e18);
        vm.warp(time() + 14 days);
        arm();
        victim.stake(ROLE_GATEWAY, 1);
        assertRefused();
        victim.depositFees(address(this), 1);
        assertRefused();
        victim.withdrawFees(1);
        assertRefused();
        victim.withdraw(ROLE_GATEWAY);
        assertRefused();
        victim.slash(address(this), ROLE_GATEWAY, 1, "x", address(this));
        assertRefused();
        victim.burnSlashed();
        assertRefused();
        victim.close(ROLE_GATEWAY);
        assertRefused();
    }

    /// @dev A whole deployment over the hostile token. The bounty of a proven offence calls the reporter back.
    function test_court_RefusesASecondEntry_Class27() public {
        token = DGAIToken(address(hostile));
        uint256 nonce = vm.getNonce(address(this));
        address registryAt = vm.computeCreateAddress(address(this), nonce + 1);
        address distributorAt = vm.computeCreateAddress(address(this), nonce + 2);
        address courtAt = vm.computeCreateAddress(address(this), nonce + 3);
        staking = createStaking(stakingConfig(registryAt, courtAt));
        registry = createRegistry(RegistryConfig(address(staking), distributorAt, address(manager), 100, FEE));
        distributor = createDistributor(distributorConfig(courtAt));
        court = createCourt(courtConfig());
        uint256 key = actor(1).key;
        bytes memory auth = authSignature(address(this), ROLE_GATEWAY, key, uint64(time()));
        staking.register(ROLE_GATEWAY, vm.addr(key), uint64(time()), auth, address(this), "", 0);
        hostile.approve(address(staking), type(uint256).max);
        staking.stake(ROLE_GATEWAY, 400_000e18);
        hostile.listen(address(this));
        target = address(court);
        pushProofs();
        payloads.push(abi.encodeCall(IEvidenceCourt.challenge, (0, "x")));
        payloads.push(abi.encodeCall(IEvidenceCourt.rule, (0, true, new address[](0))));
        bytes[2] memory signatures = [
            signature(key, distributor.attestationDigest(0, 0, "a")),
            signature(key, distributor.attestationDigest(0, 0, "b"))
        ];
        court.proveTwoDistributions(0, 0, [bytes32("a"), "b"], signatures);
        assertRefused();
    }

    function pushProofs() private {
        bytes32[2] memory hashes = [bytes32("a"), "b"];
        bytes[2] memory signatures = [bytes("c"), "d"];
        AnchoredRecord memory record;
        AnchoredReceipt memory anchored;
        Receipt memory receipt;
        Entry[] memory entries = new Entry[](0);
        TableEvidence memory evidence;
        payloads.push(abi.encodeCall(IEvidenceCourt.proveTwoDistributions, (0, 0, hashes, signatures)));
        payloads.push(abi.encodeCall(IEvidenceCourt.proveTwoCommitSets, ("l", "s", 5, hashes, signatures)));
        payloads.push(abi.encodeCall(IEvidenceCourt.proveTwoCommitments, ("l", "s", address(1), hashes, signatures)));
        payloads.push(abi.encodeCall(IEvidenceCourt.proveWrongConsensus, (record, entries)));
        payloads.push(abi.encodeCall(IEvidenceCourt.proveWrongTrust, (record, entries, 0, evidence)));
        payloads.push(abi.encodeCall(IEvidenceCourt.proveForeignEvaluation, (record, entries, 0)));
        payloads.push(abi.encodeCall(IEvidenceCourt.proveSkippedDraw, (record, receipt, true, evidence)));
        payloads.push(
            abi.encodeCall(IEvidenceCourt.proveWrongCommittee, (record, receipt, entries, 0, new address[](0)))
        );
        payloads.push(abi.encodeCall(IEvidenceCourt.proveTwoRecords, (record, record)));
        payloads.push(abi.encodeCall(IEvidenceCourt.proveTwoReceipts, (anchored, anchored)));
        payloads.push(abi.encodeCall(IEvidenceCourt.proveBrokenWord, (anchored, receipt, "sig")));
    }

    /// @dev DGAI's whole supply fits every slot; another token's would not, and is refused instead of cut.
    function test_amounts_RevertWhen_TheyOutgrowTheirSlots_Class32() public {
        uint256 over = uint256(type(uint96).max) + 1;
        vm.expectPartialRevert(SafeCast.SafeCastOverflowedUintDowncast.selector);
        victim.stake(ROLE_GATEWAY, over);
        vm.expectPartialRevert(SafeCast.SafeCastOverflowedUintDowncast.selector);
        payer.fund(over);
        victim.stake(ROLE_GATEWAY, type(uint96).max - 400_000e18);
        eq(victim.stakeOf(address(this), ROLE_GATEWAY), type(uint96).max, "the last one that fits");
    }

    function test_distributor_RefusesASecondEntryAndCountsFundsOnce_Class27() public {
        RewardLeaf memory leaf;
        RewardLeaf[] memory leaves = new RewardLeaf[](1);
        SumNode[][] memory proofs = new SumNode[][](1);
        hostile.listen(address(this));
        target = address(payer);
        payloads.push(abi.encodeCall(IRewardDistributor.fund, (5)));
        payloads.push(abi.encodeCall(IRewardDistributor.claim, (leaf, proofs[0])));
        payloads.push(abi.encodeCall(IRewardDistributor.claimMany, (leaves, proofs)));
        payloads.push(abi.encodeCall(IRewardDistributor.claimFor, (leaves, proofs)));
        payer.fund(10);
        assertRefused();
        eq(payer.reserve(), 1_000e18 + 10, "counted once");
        eq(hostile.balanceOf(address(payer)), 1_000e18 + 10, "held");
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {INodeStaking, NodeInfo, SlashConfig, StakingConfig} from "../../contracts/interfaces/INodeStaking.sol";
import "../../contracts/interfaces/Types.sol";
import {EpochLib} from "../../contracts/libraries/EpochLib.sol";
import {Log, vm} from "./support/Vm.sol";
import {World} from "./support/World.sol";

contract NodeStakingTest is World {
    uint96 private constant MIN = 10_000e18;
    uint96 private constant GATEWAY_MIN = 100_000e18;
    uint32 private constant NEVER = type(uint32).max;

    address[] private accounts;

    function setUp() public {
        deploy();
        for (uint256 i = 1; i <= 5; ++i) accounts.push(actor(i).account);
    }

    // --------------------------------------------------------------------------------------------------- deployment

    function test_constructor_KeepsEveryParameter() public view {
        Timing memory kept = staking.timing();
        eq(keccak256(abi.encode(kept)), keccak256(abi.encode(timing)), "timing");
        eq(staking.minimumStake(ROLE_INFERENCE), MIN, "inference");
        eq(staking.minimumStake(ROLE_EVALUATOR), MIN, "evaluator");
        eq(staking.minimumStake(ROLE_GATEWAY), GATEWAY_MIN, "gateway");
        SlashConfig memory slash = staking.slashConfig();
        eq(slash.offenceBps, 1_000, "offence");
        eq(slash.epochCapBps, 5_000, "cap");
        eq(slash.abandonedBps, 100, "abandoned");
        eq(slash.bountyBps, 1_000, "bounty");
        eq(slash.jailEpochs, 2, "jail");
        eq(staking.token(), address(token), "token");
        eq(staking.registry(), address(registry), "registry");
        eq(staking.court(), address(court), "court");
        eq(IAccessManaged(address(staking)).authority(), address(manager), "authority");
    }

    /// @dev Seven numbers of which no two are the same.
    function test_constructor_KeepsEveryTimeApart() public {
        StakingConfig memory config = stakingConfig(address(1), address(2));
        config.timing = Timing(uint64(time() + 1), 6 days, 5 days, 4 days, 3 days, 2 days, 21 days);
        INodeStaking created = this.createStaking(config);
        eq(keccak256(abi.encode(created.timing())), keccak256(abi.encode(config.timing)), "timing");
        eq(created.genesis(), time() + 1, "genesis");
        eq(created.epochDuration(), 6 days, "epoch");
    }

    function test_constructor_RevertWhen_AnAddressIsZero() public {
        for (uint256 i = 0; i < 4; ++i) {
            StakingConfig memory config = stakingConfig(address(1), address(2));
            if (i == 0) config.token = address(0);
            if (i == 1) config.registry = address(0);
            if (i == 2) config.court = address(0);
            if (i == 3) config.authority = address(0);
            vm.expectRevert(INodeStaking.NodeStakingZeroAddress.selector);
            this.createStaking(config);
        }
    }

    function test_constructor_RevertWhen_TimingIsOutOfBounds_Class17() public {
        uint64 horizon = 7 days + 1 days + 1 days + 3 days + 2 days;
        for (uint256 i = 0; i < 9; ++i) {
            StakingConfig memory config = stakingConfig(address(1), address(2));
            Timing memory t = config.timing;
            if (i == 0) t.genesis = uint64(time());
            if (i == 1) t.epochDuration = 0;
            if (i == 2) t.recordWindow = 0;
            if (i == 3) t.roundDuration = 0;
            if (i == 4) t.disputeWindow = 0;
            if (i == 5) t.arbiterDeadline = 0;
            if (i == 6) t.unbonding = horizon - 1;
            if (i == 7) t.unbonding = 28 days + 1;
            if (i == 8) t.unbonding = type(uint64).max;
            vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingInvalidTiming.selector, t));
            this.createStaking(config);
        }
        StakingConfig memory longest = stakingConfig(address(1), address(2));
        longest.timing.unbonding = 28 days;
        longest.timing.genesis = uint64(time() + 1);
        this.createStaking(longest);
    }

    function test_constructor_AllowsShortUnbondingOnlyOnTheLocalChain() public {
        StakingConfig memory config = stakingConfig(address(1), address(2));
        config.timing = Timing(uint64(time() + 1), 1, 1, 1, 1, 1, 5);
        this.createStaking(config);
        config.timing.unbonding = 4;
        vm.expectPartialRevert(INodeStaking.NodeStakingInvalidTiming.selector);
        this.createStaking(config);

        vm.chainId(56);
        config.timing.unbonding = 7 days - 1;
        vm.expectPartialRevert(INodeStaking.NodeStakingInvalidTiming.selector);
        this.createStaking(config);
        config.timing.unbonding = 7 days;
        this.createStaking(config);
        vm.chainId(31_337);
    }

    function test_constructor_RevertWhen_SlashConfigIsOutOfBounds() public {
        SlashConfig[9] memory bad = [
            SlashConfig(499, 5_000, 100, 1_000, 2),
            SlashConfig(2_001, 5_000, 100, 1_000, 2),
            SlashConfig(1_000, 999, 100, 1_000, 2),
            SlashConfig(1_000, 5_001, 100, 1_000, 2),
            SlashConfig(1_000, 5_000, 0, 1_000, 2),
            SlashConfig(1_000, 5_000, 201, 1_000, 2),
            SlashConfig(1_000, 5_000, 100, 1_001, 2),
            SlashConfig(1_000, 5_000, 100, 1_000, 0),
            SlashConfig(1_000, 5_000, 100, 1_000, 53)
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            StakingConfig memory config = stakingConfig(address(1), address(2));
            config.slash = bad[i];
            vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingInvalidSlashConfig.selector, bad[i]));
            this.createStaking(config);
        }
        SlashConfig[2] memory good = [SlashConfig(500, 500, 1, 0, 1), SlashConfig(2_000, 5_000, 200, 1_000, 52)];
        for (uint256 i = 0; i < good.length; ++i) {
            StakingConfig memory config = stakingConfig(address(1), address(2));
            config.slash = good[i];
            this.createStaking(config);
        }
    }

    function test_constructor_RevertWhen_AMinimumStakeIsZero() public {
        for (uint8 role = 0; role < ROLE_COUNT; ++role) {
            StakingConfig memory config = stakingConfig(address(1), address(2));
            config.minimumStakes[role] = 0;
            vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingInvalidMinimumStake.selector, role));
            this.createStaking(config);
        }
    }

    // ----------------------------------------------------------------------------------------------------- register

    function test_register_StoresTheNode() public {
        Actor memory one = actor(1);
        uint64 deadline = uint64(time());
        bytes memory auth = authSignature(one.account, ROLE_EVALUATOR, one.key, deadline);
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.NodeRegistered(one.account, ROLE_EVALUATOR, one.signer, one.payout, "ipfs://x", DATA);
        vm.prank(one.account);
        staking.register(ROLE_EVALUATOR, one.signer, deadline, auth, one.payout, "ipfs://x", DATA);

        NodeInfo memory node = staking.nodeOf(one.account, ROLE_EVALUATOR);
        eq(node.account, one.account, "account");
        eq(node.role, ROLE_EVALUATOR, "role");
        eq(node.signer, one.signer, "signer");
        eq(node.payout, one.payout, "payout");
        eq(node.activeFromEpoch, NEVER, "activeFrom");
        eq(node.inactiveFromEpoch, NEVER, "inactiveFrom");
        eq(node.registeredAt, time(), "registeredAt");
        eq(node.metadataHash, DATA, "metadata hash");
        eq(keccak256(bytes(node.metadataUri)), keccak256("ipfs://x"), "metadata uri");
        eq(staking.nodeCount(ROLE_EVALUATOR), 1, "count");
        eq(staking.nodeCount(ROLE_INFERENCE), 0, "other role");
        (address account, uint8 role) = staking.accountOfSigner(one.signer);
        eq(account, one.account, "account of signer");
        eq(role, ROLE_EVALUATOR, "role of signer");
        no(staking.isActive(one.account, ROLE_EVALUATOR, 0), "inactive without stake");
    }

    function test_register_RevertWhen_InputIsBad() public {
        Actor memory one = actor(1);
        uint64 deadline = uint64(time() + 1);
        bytes memory auth = authSignature(one.account, 0, one.key, deadline);
        vm.startPrank(one.account);
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingInvalidRole.selector, 3));
        staking.register(3, one.signer, deadline, auth, one.payout, "", DATA);
        vm.expectRevert(INodeStaking.NodeStakingZeroAddress.selector);
        staking.register(0, one.signer, deadline, auth, address(0), "", DATA);
        vm.expectRevert(INodeStaking.NodeStakingZeroAddress.selector);
        staking.register(0, address(0), deadline, auth, one.payout, "", DATA);
        string memory longest = string(new bytes(2_049));
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingMetadataTooLong.selector, 2_049, 2_048));
        staking.register(0, one.signer, deadline, auth, one.payout, longest, DATA);
        vm.stopPrank();
        vm.warp(deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(INodeStaking.NodeStakingSignatureExpired.selector, deadline, deadline + 1)
        );
        vm.prank(one.account);
        staking.register(0, one.signer, deadline, auth, one.payout, "", DATA);
    }

    function test_register_AcceptsMetadataOfExactlyTheMaximum() public {
        Actor memory one = actor(1);
        uint64 deadline = uint64(time());
        bytes memory auth = authSignature(one.account, 0, one.key, deadline);
        vm.prank(one.account);
        staking.register(0, one.signer, deadline, auth, one.payout, string(new bytes(2_048)), DATA);
        eq(bytes(staking.nodeOf(one.account, 0).metadataUri).length, 2_048, "length");
    }

    function test_register_RevertWhen_TwiceOrWithATakenKey() public {
        Actor memory one = actor(1);
        register(one, 0);
        uint64 deadline = uint64(time());
        bytes memory auth = authSignature(one.account, 0, one.key, deadline);
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingAlreadyRegistered.selector, one.account, 0));
        vm.prank(one.account);
        staking.register(0, one.signer, deadline, auth, one.payout, "", DATA);

        auth = authSignature(one.account, 1, one.key, deadline);
        vm.expectRevert(
            abi.encodeWithSelector(INodeStaking.NodeStakingSignerTaken.selector, one.signer, one.account, 0)
        );
        vm.prank(one.account);
        staking.register(1, one.signer, deadline, auth, one.payout, "", DATA);
    }

    function test_register_RevertWhen_SignatureIsOfAnotherAccountRoleKeyOrDeadline_Class11() public {
        Actor memory one = actor(1);
        Actor memory two = actor(2);
        uint64 deadline = uint64(time() + 10);
        bytes[4] memory auths = [
            authSignature(two.account, 0, one.key, deadline),
            authSignature(one.account, 1, one.key, deadline),
            authSignature(one.account, 0, two.key, deadline),
            authSignature(one.account, 0, one.key, deadline + 1)
        ];
        for (uint256 i = 0; i < auths.length; ++i) {
            vm.expectPartialRevert(INodeStaking.NodeStakingInvalidSignature.selector);
            vm.prank(one.account);
            staking.register(0, one.signer, deadline, auths[i], one.payout, "", DATA);
        }
    }

    function test_register_RevertWhen_SignatureIsOfAnotherChain_Class12() public {
        Actor memory one = actor(1);
        uint64 deadline = uint64(time() + 10);
        bytes memory auth = authSignature(one.account, 0, one.key, deadline);
        vm.chainId(56);
        vm.expectPartialRevert(INodeStaking.NodeStakingInvalidSignature.selector);
        vm.prank(one.account);
        staking.register(0, one.signer, deadline, auth, one.payout, "", DATA);
        vm.chainId(31_337);
    }

    // --------------------------------------------------------------------------------------------------------- keys

    function test_setSigner_ReplacesTheKeyAndKeepsTheOldOneAttributable() public {
        Actor memory one = actor(1);
        register(one, ROLE_GATEWAY);
        uint256 newKey = actor(9).key;
        address newSigner = vm.addr(newKey);
        uint64 deadline = uint64(time());
        bytes memory auth = authSignature(one.account, ROLE_GATEWAY, newKey, deadline);
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.SignerChanged(one.account, ROLE_GATEWAY, newSigner, one.signer);
        vm.prank(one.account);
        staking.setSigner(ROLE_GATEWAY, newSigner, deadline, auth);

        eq(staking.nodeOf(one.account, ROLE_GATEWAY).signer, newSigner, "signer");
        (address old, ) = staking.accountOfSigner(one.signer);
        eq(old, one.account, "old key stays attributable");
        eq(staking.accountOfCurrentSigner(one.signer, ROLE_GATEWAY), address(0), "old key has no rights");
        eq(staking.accountOfCurrentSigner(newSigner, ROLE_GATEWAY), one.account, "new key");
        eq(staking.accountOfCurrentSigner(newSigner, ROLE_EVALUATOR), address(0), "other role");

        // The old key can never come back, not even to its own node.
        auth = authSignature(one.account, ROLE_GATEWAY, one.key, deadline);
        vm.expectPartialRevert(INodeStaking.NodeStakingSignerTaken.selector);
        vm.prank(one.account);
        staking.setSigner(ROLE_GATEWAY, one.signer, deadline, auth);
    }

    function test_setSigner_RevertWhen_NotRegistered() public {
        vm.expectPartialRevert(INodeStaking.NodeStakingNotRegistered.selector);
        staking.setSigner(0, address(1), 0, "");
    }

    function test_setMetadata_ReplacesIt() public {
        Actor memory one = actor(1);
        register(one, 0);
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.MetadataChanged(one.account, 0, "ipfs://y", PARAMS);
        vm.prank(one.account);
        staking.setMetadata(0, "ipfs://y", PARAMS);
        eq(staking.nodeOf(one.account, 0).metadataHash, PARAMS, "hash");
        eq(keccak256(bytes(staking.nodeOf(one.account, 0).metadataUri)), keccak256("ipfs://y"), "uri");
        vm.expectPartialRevert(INodeStaking.NodeStakingNotRegistered.selector);
        vm.prank(one.account);
        staking.setMetadata(1, "ipfs://y", PARAMS);
        vm.expectPartialRevert(INodeStaking.NodeStakingMetadataTooLong.selector);
        vm.prank(one.account);
        staking.setMetadata(0, string(new bytes(2_049)), PARAMS);
    }

    function test_payout_ChangesOnlyWhenTheNewAddressAccepts() public {
        Actor memory one = actor(1);
        register(one, 0);
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.PayoutProposed(one.account, 0, address(77));
        vm.prank(one.account);
        staking.proposePayout(0, address(77));
        eq(staking.payoutOf(one.account, 0), one.payout, "unchanged");
        eq(staking.nodeOf(one.account, 0).pendingPayout, address(77), "pending");

        vm.expectRevert(
            abi.encodeWithSelector(INodeStaking.NodeStakingNotPendingPayout.selector, one.account, address(77))
        );
        vm.prank(one.account);
        staking.acceptPayout(one.account, 0);

        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.PayoutChanged(one.account, 0, address(77), one.payout);
        vm.prank(address(77));
        staking.acceptPayout(one.account, 0);
        eq(staking.payoutOf(one.account, 0), address(77), "changed");
        eq(staking.nodeOf(one.account, 0).pendingPayout, address(0), "nothing pending");

        vm.expectPartialRevert(INodeStaking.NodeStakingNotPendingPayout.selector);
        vm.prank(address(77));
        staking.acceptPayout(one.account, 0);
    }

    function test_payout_CanBeProposedByTheAccountOnly() public {
        Actor memory one = actor(1);
        register(one, 0);
        vm.expectPartialRevert(INodeStaking.NodeStakingNotRegistered.selector);
        vm.prank(one.signer);
        staking.proposePayout(0, address(77));
    }

    // -------------------------------------------------------------------------------------------------------- stake

    function test_stake_BelowTheMinimumDoesNotActivate() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN - 1);
        eq(staking.nodeOf(one.account, 0).activeFromEpoch, NEVER, "inactive");
        give(one.account, 1);
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.Staked(one.account, 0, 1, MIN);
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.MembershipChanged(one.account, 0, 0, NEVER);
        vm.prank(one.account);
        staking.stake(0, 1);
        eq(staking.nodeOf(one.account, 0).activeFromEpoch, 0, "active from epoch 0");
        yes(staking.isActive(one.account, 0, 0), "active");
        yes(staking.isEligible(one.account, 0), "eligible before genesis for epoch 0");
        assertBooks(accounts);
    }

    function test_stake_TakesEffectAtTheNextEpoch_Class23() public {
        vm.warp(epochStart(3));
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        no(staking.isActive(one.account, 0, 3), "not in the running epoch");
        no(staking.isEligible(one.account, 0), "not eligible yet");
        yes(staking.isActive(one.account, 0, 4), "in the next");
        vm.warp(epochStart(4));
        yes(staking.isEligible(one.account, 0), "eligible now");
    }

    function test_stake_RevertWhen_ZeroUnregisteredOrPaused() public {
        Actor memory one = actor(1);
        vm.expectRevert(INodeStaking.NodeStakingZeroAmount.selector);
        vm.prank(one.account);
        staking.stake(0, 0);
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingNotRegistered.selector, one.account, 0));
        vm.prank(one.account);
        staking.stake(0, 1);
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingInvalidRole.selector, 3));
        vm.prank(one.account);
        staking.stake(3, 1);
        register(one, 0);
        staking.setStakingPaused(true);
        vm.expectRevert(INodeStaking.NodeStakingPaused.selector);
        vm.prank(one.account);
        staking.stake(0, 1);
        staking.setStakingPaused(false);
        // Without tokens the transfer fails and nothing is booked.
        vm.expectRevert();
        vm.prank(one.account);
        staking.stake(0, 1);
        eq(staking.stakeOf(one.account, 0), 0, "nothing booked");
    }

    function test_setStakingPaused_RevertWhen_NotTheAuthority() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(5)));
        vm.prank(address(5));
        staking.setStakingPaused(true);
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.StakingPaused(true);
        staking.setStakingPaused(true);
        yes(staking.stakingPaused(), "paused");
    }

    function test_stakeWithPermit_NeedsNoApprovalAndSurvivesAUsedPermit_Class25() public {
        uint256 key = uint256(keccak256("cold"));
        address account = vm.addr(key);
        uint64 deadline = uint64(time() + 1 hours);
        Actor memory hot = actor(1);
        bytes memory auth = authSignature(account, 0, hot.key, deadline);
        vm.prank(account);
        staking.register(0, hot.signer, deadline, auth, account, "", DATA);
        token.transfer(account, 2 * MIN);
        bytes32 permit = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                account,
                address(staking),
                uint256(MIN),
                0,
                deadline
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), permit));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        // Somebody submits the permit first: the stake must go through all the same.
        token.permit(account, address(staking), MIN, deadline, v, r, s);
        vm.prank(account);
        staking.stakeWithPermit(0, MIN, deadline, v, r, s);
        eq(staking.stakeOf(account, 0), MIN, "staked");
        vm.expectRevert();
        vm.prank(account);
        staking.stakeWithPermit(0, MIN, deadline, v, r, s);
    }

    function test_permit_FreshOneIsUsed() public {
        uint256 key = uint256(keccak256("cold"));
        address account = vm.addr(key);
        uint64 deadline = uint64(time() + 1 hours);
        Actor memory hot = actor(1);
        bytes memory auth = authSignature(account, 0, hot.key, deadline);
        vm.prank(account);
        staking.register(0, hot.signer, deadline, auth, account, "", DATA);
        token.transfer(account, MIN);
        bytes32 permit = keccak256(
            abi.encode(
                keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"),
                account,
                address(staking),
                uint256(MIN),
                0,
                deadline
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(
            key,
            keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), permit))
        );
        vm.prank(account);
        staking.stakeWithPermit(0, MIN, deadline, v, r, s);
        eq(staking.stakeOf(account, 0), MIN, "staked");
        eq(token.allowance(account, address(staking)), 0, "allowance used up");
    }

    // ---------------------------------------------------------------------------------------------------- unbonding

    function test_requestUnbond_LeavesAtTheNextEpochAndStopsAnchoringAtOnce() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.warp(epochStart(2) + 5);
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.UnbondRequested(one.account, 0, 1, MIN - 1, 1, uint64(time() + 14 days));
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.MembershipChanged(one.account, 0, 0, 3);
        vm.prank(one.account);
        staking.requestUnbond(0, 1);
        yes(staking.isActive(one.account, 0, 2), "still in the running epoch's committees");
        no(staking.isActive(one.account, 0, 3), "not in the next");
        no(staking.isEligible(one.account, 0), "not eligible from this block");
    }

    function test_requestUnbond_RevertWhen_ZeroOrTooMuch() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.startPrank(one.account);
        vm.expectRevert(INodeStaking.NodeStakingZeroAmount.selector);
        staking.requestUnbond(0, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                INodeStaking.NodeStakingInsufficientStake.selector,
                one.account,
                0,
                MIN,
                uint256(MIN) + 1
            )
        );
        staking.requestUnbond(0, uint256(MIN) + 1);
        vm.stopPrank();
    }

    function test_requestUnbond_SecondRequestJoinsAndRestartsTheClock() public {
        Actor memory one = join(1, ROLE_INFERENCE, 3 * MIN);
        vm.prank(one.account);
        staking.requestUnbond(0, MIN);
        vm.warp(time() + 13 days);
        vm.prank(one.account);
        staking.requestUnbond(0, MIN);
        NodeInfo memory node = staking.nodeOf(one.account, 0);
        eq(node.unbonding, 2 * MIN, "joined");
        eq(node.unbondingAvailableAt, time() + 14 days, "restarted");
        eq(node.stake, MIN, "rest");
    }

    function test_withdraw_PaysAtTheSecondAndNotBefore_Class35() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.prank(one.account);
        staking.requestUnbond(0, MIN);
        uint64 due = uint64(time() + 14 days);
        vm.warp(due - 1);
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingStillUnbonding.selector, one.account, 0, due));
        vm.prank(one.account);
        staking.withdraw(0);
        vm.warp(due);
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.Withdrawn(one.account, 0, MIN);
        vm.prank(one.account);
        staking.withdraw(0);
        eq(token.balanceOf(one.account), MIN, "paid");
        NodeInfo memory node = staking.nodeOf(one.account, 0);
        eq(node.unbonding, 0, "nothing left");
        eq(node.unbondingAvailableAt, 0, "clock cleared");
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingNothingToWithdraw.selector, one.account, 0));
        vm.prank(one.account);
        staking.withdraw(0);
        assertBooks(accounts);
    }

    function test_cancelUnbond_BringsStakeBack() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.startPrank(one.account);
        staking.requestUnbond(0, 10);
        vm.expectRevert(INodeStaking.NodeStakingZeroAmount.selector);
        staking.cancelUnbond(0, 0);
        vm.expectRevert(
            abi.encodeWithSelector(INodeStaking.NodeStakingInsufficientUnbonding.selector, one.account, 0, 10, 11)
        );
        staking.cancelUnbond(0, 11);
        uint64 due = staking.nodeOf(one.account, 0).unbondingAvailableAt;
        staking.cancelUnbond(0, 4);
        eq(staking.nodeOf(one.account, 0).unbondingAvailableAt, due, "clock of the rest");
        eq(staking.nodeOf(one.account, 0).stake, MIN - 6, "stake");
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.UnbondCancelled(one.account, 0, 6, MIN, 0);
        staking.cancelUnbond(0, 6);
        eq(staking.nodeOf(one.account, 0).unbondingAvailableAt, 0, "clock cleared");
        yes(staking.isActive(one.account, 0, 0), "active again");
        vm.stopPrank();
        assertBooks(accounts);
    }

    function test_close_TakesEverythingOut() public {
        Actor memory one = joinGateway(1, GATEWAY_MIN);
        vm.prank(one.account);
        staking.close(ROLE_GATEWAY);
        eq(token.balanceOf(one.account), 1_000_000e18, "fees at once");
        eq(staking.nodeOf(one.account, ROLE_GATEWAY).unbonding, GATEWAY_MIN, "unbonding");
        vm.expectPartialRevert(INodeStaking.NodeStakingStillUnbonding.selector);
        vm.prank(one.account);
        staking.close(ROLE_GATEWAY);
        vm.warp(time() + 14 days);
        vm.prank(one.account);
        staking.close(ROLE_GATEWAY);
        eq(token.balanceOf(one.account), 1_000_000e18 + GATEWAY_MIN, "everything");
        vm.expectPartialRevert(INodeStaking.NodeStakingNothingToWithdraw.selector);
        vm.prank(one.account);
        staking.close(ROLE_GATEWAY);
        assertBooks(accounts);
    }

    function test_close_PaysMaturedUnbondingBeforeItStartsTheRest() public {
        Actor memory one = join(1, ROLE_INFERENCE, 2 * MIN);
        vm.prank(one.account);
        staking.requestUnbond(0, MIN);
        vm.warp(time() + 14 days);
        vm.prank(one.account);
        staking.close(0);
        eq(token.balanceOf(one.account), MIN, "matured part");
        eq(staking.nodeOf(one.account, 0).unbonding, MIN, "rest");
        eq(staking.nodeOf(one.account, 0).unbondingAvailableAt, time() + 14 days, "its clock");
    }

    /// @dev Nothing matured, no fees: neither a transfer of nothing nor an event that says so.
    function test_close_MovesAndReportsNothingThatIsNotThere() public {
        Actor memory one = join(1, ROLE_GATEWAY, GATEWAY_MIN);
        vm.recordLogs();
        vm.prank(one.account);
        staking.close(ROLE_GATEWAY);
        Log[] memory logs = vm.getRecordedLogs();
        eq(logs.length, 2, "two events");
        eq(logs[0].topics[0], INodeStaking.UnbondRequested.selector, "the stake");
        eq(logs[1].topics[0], INodeStaking.MembershipChanged.selector, "and with it the membership");
    }

    function test_close_DoesNotTouchAnotherRolesFees() public {
        Actor memory one = joinGateway(1, GATEWAY_MIN);
        Actor memory other = actor(2);
        other.account = one.account;
        register(other, ROLE_INFERENCE);
        give(one.account, MIN);
        vm.startPrank(one.account);
        staking.stake(ROLE_INFERENCE, MIN);
        staking.close(ROLE_INFERENCE);
        vm.stopPrank();
        eq(staking.feeBalanceOf(one.account), 1_000_000e18, "fees stay");
    }

    function test_exit_WorksPausedAndJailed_Invariant15() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.warp(epochStart(1));
        staking.setStakingPaused(true);
        vm.prank(address(court));
        staking.jail(one.account, 0);
        vm.prank(one.account);
        staking.close(0);
        vm.warp(time() + 14 days);
        vm.prank(one.account);
        staking.withdraw(0);
        eq(token.balanceOf(one.account), MIN, "out");
    }

    function test_timers_CannotBeMovedByOthers_Class21() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.prank(one.account);
        staking.requestUnbond(0, MIN);
        bytes32 before = keccak256(abi.encode(staking.nodeOf(one.account, 0)));
        // The stranger knows the node but every call works on the caller's own.
        vm.startPrank(address(666));
        vm.expectPartialRevert(INodeStaking.NodeStakingNotRegistered.selector);
        staking.stake(0, 1);
        vm.expectPartialRevert(INodeStaking.NodeStakingNotRegistered.selector);
        staking.requestUnbond(0, 1);
        vm.expectPartialRevert(INodeStaking.NodeStakingNotRegistered.selector);
        staking.cancelUnbond(0, 1);
        vm.expectPartialRevert(INodeStaking.NodeStakingNotRegistered.selector);
        staking.withdraw(0);
        vm.expectPartialRevert(INodeStaking.NodeStakingNotRegistered.selector);
        staking.close(0);
        vm.stopPrank();
        eq(keccak256(abi.encode(staking.nodeOf(one.account, 0))), before, "untouched");
    }

    // ---------------------------------------------------------------------------------------------------- membership

    function test_membership_LeavingAndReturningInOneEpochChangesNothing() public {
        Actor memory one = join(1, ROLE_EVALUATOR, MIN);
        vm.warp(epochStart(5));
        vm.startPrank(one.account);
        staking.requestUnbond(1, 1);
        staking.cancelUnbond(1, 1);
        vm.stopPrank();
        NodeInfo memory node = staking.nodeOf(one.account, 1);
        eq(node.activeFromEpoch, 0, "from");
        eq(node.inactiveFromEpoch, NEVER, "until");
        yes(staking.isActive(one.account, 1, 6), "goes on");
    }

    function test_membership_ThatNeverBeganLeavesNoTrace() public {
        vm.warp(epochStart(5));
        Actor memory one = join(1, ROLE_EVALUATOR, MIN);
        vm.prank(one.account);
        staking.requestUnbond(1, 1);
        eq(staking.nodeOf(one.account, 1).activeFromEpoch, NEVER, "none");
        no(staking.isActive(one.account, 1, 6), "inactive");
        vm.prank(one.account);
        staking.cancelUnbond(1, 1);
        eq(staking.nodeOf(one.account, 1).activeFromEpoch, 6, "again");
    }

    function test_isActive_IsExactForEveryPastEpoch() public {
        Actor memory one = join(1, ROLE_EVALUATOR, MIN);
        // Active in 0…2, 5…6, 9…
        vm.warp(epochStart(2));
        vm.prank(one.account);
        staking.requestUnbond(1, 1);
        vm.warp(epochStart(4));
        vm.prank(one.account);
        staking.cancelUnbond(1, 1);
        vm.warp(epochStart(6));
        vm.prank(one.account);
        staking.requestUnbond(1, 1);
        vm.warp(epochStart(8));
        vm.prank(one.account);
        staking.cancelUnbond(1, 1);
        bool[12] memory wanted = [true, true, true, false, false, true, true, false, false, true, true, true];
        for (uint64 e = 0; e < 12; ++e) {
            yes(staking.isActive(one.account, 1, e) == wanted[e], string.concat("epoch ", vm.toString(e)));
        }
    }

    function testFuzz_isActive_AgreesWithAPlainHistory(uint256 seed) public {
        Actor memory one = join(1, ROLE_EVALUATOR, MIN);
        bool[20] memory history;
        bool inside = true;
        history[0] = true;
        for (uint256 e = 0; e < 19; ++e) {
            vm.warp(epochStart(e) + (seed % 1 days));
            uint256 moves = (seed >> (8 * e)) % 4;
            for (uint256 k = 0; k < moves; ++k) {
                vm.prank(one.account);
                if (inside) staking.requestUnbond(1, 1);
                else staking.cancelUnbond(1, 1);
                inside = !inside;
            }
            history[e + 1] = inside;
        }
        for (uint64 e = 0; e < 20; ++e) {
            yes(staking.isActive(one.account, 1, e) == history[e], string.concat("epoch ", vm.toString(e)));
        }
    }

    function test_views_RevertWhen_RoleIsUnknown() public {
        bytes memory wanted = abi.encodeWithSelector(INodeStaking.NodeStakingInvalidRole.selector, 3);
        vm.expectRevert(wanted);
        staking.nodeOf(address(1), 3);
        vm.expectRevert(wanted);
        staking.isActive(address(1), 3, 0);
        vm.expectRevert(wanted);
        staking.isEligible(address(1), 3);
        vm.expectRevert(wanted);
        staking.payoutOf(address(1), 3);
        vm.expectRevert(wanted);
        staking.stakeOf(address(1), 3);
        vm.expectRevert(wanted);
        staking.minimumStake(3);
        vm.expectRevert(wanted);
        staking.nodeCount(3);
        vm.expectRevert(wanted);
        staking.nodesOf(3, 0, 1);
        no(staking.isActive(address(1), 0, 0), "unknown account");
        no(staking.isEligible(address(1), 0), "unknown account");
    }

    function test_jail_RevertWhen_CallerIsNotTheCourt() public {
        Actor memory one = join(1, ROLE_EVALUATOR, 10_000e18);
        address[3] memory callers = [one.account, address(registry), address(this)];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingUnauthorized.selector, callers[i]));
            vm.prank(callers[i]);
            staking.jail(one.account, ROLE_EVALUATOR);
        }
        eq(staking.nodeOf(one.account, ROLE_EVALUATOR).jailedUntilEpoch, 0, "free");
    }

    function test_calls_RevertWhen_RoleIsUnknown() public {
        bytes memory wanted = abi.encodeWithSelector(INodeStaking.NodeStakingInvalidRole.selector, 3);
        vm.expectRevert(wanted);
        staking.setSigner(3, address(1), 0, "");
        vm.expectRevert(wanted);
        staking.setMetadata(3, "", 0);
        vm.expectRevert(wanted);
        staking.proposePayout(3, address(1));
        vm.expectRevert(wanted);
        staking.acceptPayout(address(1), 3);
        vm.expectRevert(wanted);
        staking.stake(3, 1);
        vm.expectRevert(wanted);
        staking.requestUnbond(3, 1);
        vm.expectRevert(wanted);
        staking.cancelUnbond(3, 1);
        vm.expectRevert(wanted);
        staking.withdraw(3);
        vm.expectRevert(wanted);
        staking.close(3);
        vm.expectRevert(wanted);
        staking.unjail(address(1), 3);
        vm.expectRevert(wanted);
        vm.prank(address(court));
        staking.jail(address(1), 3);
        vm.expectRevert(wanted);
        vm.prank(address(court));
        staking.slash(address(1), 3, 1, "x", address(0));
    }

    function test_nodesOf_Pages_Class28() public {
        for (uint256 i = 1; i <= 5; ++i) register(actor(i), ROLE_INFERENCE);
        eq(staking.nodeCount(ROLE_INFERENCE), 5, "count");
        NodeInfo[] memory page = staking.nodesOf(ROLE_INFERENCE, 1, 2);
        eq(page.length, 2, "page");
        eq(page[0].account, actor(2).account, "second");
        eq(page[1].account, actor(3).account, "third");
        eq(staking.nodesOf(ROLE_INFERENCE, 3, type(uint256).max).length, 2, "cut at the end");
        eq(staking.nodesOf(ROLE_INFERENCE, 99, 2).length, 0, "beyond the end");
    }

    function test_epochs_CountFromGenesis() public {
        eq(staking.nextEpoch(), 0, "before genesis the next epoch is 0");
        vm.expectRevert(abi.encodeWithSelector(EpochLib.EpochBeforeGenesis.selector, time(), timing.genesis));
        staking.currentEpoch();
        vm.warp(timing.genesis - 1);
        eq(staking.nextEpoch(), 0, "last second");
        vm.warp(timing.genesis);
        eq(staking.currentEpoch(), 0, "genesis");
        eq(staking.nextEpoch(), 1, "next");
        eq(staking.epochOf(uint64(epochStart(7) - 1)), 6, "last second of 6");
        eq(staking.epochOf(uint64(epochStart(7))), 7, "first second of 7");
    }

    // --------------------------------------------------------------------------------------------------------- fees

    function test_fees_DepositWithdraw() public {
        Actor memory one = actor(1);
        token.approve(address(staking), 100);
        vm.expectRevert(
            abi.encodeWithSelector(INodeStaking.NodeStakingNotRegistered.selector, one.account, ROLE_GATEWAY)
        );
        staking.depositFees(one.account, 100);
        register(one, ROLE_GATEWAY);
        vm.expectRevert(INodeStaking.NodeStakingZeroAmount.selector);
        staking.depositFees(one.account, 0);
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.FeesDeposited(one.account, address(this), 100);
        staking.depositFees(one.account, 100);
        eq(staking.feeBalanceOf(one.account), 100, "balance");
        vm.startPrank(one.account);
        vm.expectRevert(INodeStaking.NodeStakingZeroAmount.selector);
        staking.withdrawFees(0);
        vm.expectRevert(
            abi.encodeWithSelector(INodeStaking.NodeStakingInsufficientFees.selector, one.account, 100, 101)
        );
        staking.withdrawFees(101);
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.FeesWithdrawn(one.account, 60);
        staking.withdrawFees(60);
        vm.stopPrank();
        eq(token.balanceOf(one.account), 60, "paid");
        eq(staking.feeBalanceOf(one.account), 40, "rest");
        assertBooks(accounts);
    }

    function test_chargeAnchor_TakesTheFeeForBurning() public {
        Actor memory one = joinGateway(1, GATEWAY_MIN);
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingUnauthorized.selector, address(this)));
        staking.chargeAnchor(one.signer, 0, 1);
        vm.startPrank(address(registry));
        eq(staking.chargeAnchor(one.signer, 0, 0), one.account, "free");
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.FeesCharged(one.account, 5);
        eq(staking.chargeAnchor(one.signer, 0, 5), one.account, "account");
        vm.expectRevert(
            abi.encodeWithSelector(
                INodeStaking.NodeStakingInsufficientFees.selector,
                one.account,
                1_000_000e18 - 5,
                1_000_000e18
            )
        );
        staking.chargeAnchor(one.signer, 0, 1_000_000e18);
        vm.expectRevert(
            abi.encodeWithSelector(INodeStaking.NodeStakingNotCurrentSigner.selector, one.account, ROLE_GATEWAY)
        );
        staking.chargeAnchor(one.account, 0, 0);
        vm.stopPrank();
        eq(staking.pendingBurn(), 5, "pending");
        staking.burnSlashed();
        eq(token.totalSupply(), SUPPLY - 5, "burned");
        assertBooks(accounts);
    }

    function test_chargeAnchor_RevertWhen_NotActiveInTheEpoch() public {
        vm.warp(epochStart(2));
        Actor memory one = joinGateway(1, GATEWAY_MIN);
        vm.startPrank(address(registry));
        vm.expectRevert(
            abi.encodeWithSelector(INodeStaking.NodeStakingNotEligible.selector, one.account, ROLE_GATEWAY, 2)
        );
        staking.chargeAnchor(one.signer, 2, 0);
        staking.chargeAnchor(one.signer, 3, 0);
        vm.stopPrank();
        vm.warp(epochStart(3));
        vm.prank(one.account);
        staking.requestUnbond(ROLE_GATEWAY, 1);
        vm.expectPartialRevert(INodeStaking.NodeStakingNotEligible.selector);
        vm.prank(address(registry));
        staking.chargeAnchor(one.signer, 3, 0);
    }

    function test_chargeAnchor_RevertWhen_MembershipIsOver() public {
        Actor memory one = joinGateway(1, GATEWAY_MIN);
        vm.warp(epochStart(1));
        vm.prank(address(court));
        staking.jail(one.account, ROLE_GATEWAY);
        vm.startPrank(address(registry));
        staking.chargeAnchor(one.signer, 1, 0);
        vm.expectPartialRevert(INodeStaking.NodeStakingNotEligible.selector);
        staking.chargeAnchor(one.signer, 2, 0);
        vm.stopPrank();
    }

    // -------------------------------------------------------------------------------------------------------- slash

    function test_slash_ReachesUnbondingAndStakeInProportion_Class16() public {
        Actor memory one = join(1, ROLE_INFERENCE, 4 * MIN);
        vm.prank(one.account);
        staking.requestUnbond(0, MIN);
        bytes32 id = keccak256(abi.encode(OFFENCE_BAD_RECORD, one.account, bytes32("s")));
        no(staking.isOffenceKnown(id), "unknown");
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.Slashed(one.account, 0, id, OFFENCE_BAD_RECORD, "s", 3_000e18, 1_000e18, address(77), 400e18);
        vm.prank(address(court));
        eq(staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "s", address(77)), 4_000e18, "slashed");
        yes(staking.isOffenceKnown(id), "known");
        eq(token.balanceOf(address(77)), 400e18, "bounty");
        eq(staking.pendingBurn(), 3_600e18, "to burn");
        NodeInfo memory node = staking.nodeOf(one.account, 0);
        eq(node.stake, 27_000e18, "stake");
        eq(node.unbonding, 9_000e18, "unbonding");
        assertBooks(accounts);
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.PendingBurned(3_600e18);
        staking.burnSlashed();
        eq(token.totalSupply(), SUPPLY - 3_600e18, "supply falls by burns only");
        vm.expectRevert(INodeStaking.NodeStakingZeroAmount.selector);
        staking.burnSlashed();
        assertBooks(accounts);
    }

    function test_slash_OncePerOffence_Class19() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.startPrank(address(court));
        staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "s", address(0));
        vm.expectPartialRevert(INodeStaking.NodeStakingOffenceKnown.selector);
        staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "s", address(0));
        // Another fact, another kind, another account: not the same offence.
        staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "t", address(0));
        staking.slash(one.account, 0, OFFENCE_BROKEN_WORD, "s", address(0));
        vm.stopPrank();
        eq(staking.stakeOf(one.account, 0), 7_000e18, "three times a tenth of the base");
    }

    function test_slash_CapPerEpochAndFreshBaseInTheNext_Class19() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.warp(epochStart(0));
        vm.startPrank(address(court));
        for (uint256 i = 0; i < 5; ++i) staking.slash(one.account, 0, OFFENCE_BAD_RECORD, bytes32(i), address(0));
        eq(staking.stakeOf(one.account, 0), 5_000e18, "half of the base, not compounded");
        eq(staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "more", address(0)), 0, "cap reached: nothing, no revert");
        vm.warp(epochStart(1));
        eq(staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "next", address(0)), 500e18, "tenth of the new base");
        vm.stopPrank();
        assertBooks(accounts);
    }

    function test_slash_StakeAddedAfterTheFirstSlashDoesNotMoveTheBase() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.prank(address(court));
        staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "a", address(0));
        give(one.account, 9 * MIN);
        vm.prank(one.account);
        staking.stake(0, 9 * MIN);
        vm.prank(address(court));
        eq(staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "b", address(0)), 1_000e18, "of the same base");
    }

    function test_slash_TakesWhatIsThereAndNeverReverts_Class18() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.prank(address(court));
        staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "a", address(0));
        vm.prank(one.account);
        staking.requestUnbond(0, 9_000e18);
        // An epoch boundary would rebase; stay inside the one before genesis by using a long one.
        vm.warp(timing.genesis - 1);
        vm.prank(address(court));
        eq(staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "b", address(0)), 1_000e18, "from unbonding alone");
        vm.warp(time() + 14 days);
        vm.prank(one.account);
        staking.withdraw(0);
        vm.prank(address(court));
        eq(staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "c", address(77)), 0, "nothing left, no revert");
        assertBooks(accounts);
    }

    function test_slash_EmptyingUnbondingClearsItsClock() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.prank(one.account);
        staking.requestUnbond(0, 1);
        vm.prank(one.account);
        staking.cancelUnbond(0, 1);
        eq(staking.nodeOf(one.account, 0).unbondingAvailableAt, 0, "clock");
        // Of ten base units a slash takes all, wherever they are.
        Actor memory poor = join(2, ROLE_INFERENCE, 10);
        vm.prank(poor.account);
        staking.requestUnbond(0, 5);
        vm.prank(address(court));
        eq(staking.slash(poor.account, 0, OFFENCE_BAD_RECORD, "a", address(0)), 10, "everything");
        eq(staking.nodeOf(poor.account, 0).unbondingAvailableAt, 0, "no clock without an amount");
    }

    function test_slash_BelowTheMinimumEndsMembership() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.warp(epochStart(1));
        vm.prank(address(court));
        staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "a", address(0));
        no(staking.isEligible(one.account, 0), "below the minimum");
        no(staking.isActive(one.account, 0, 2), "out from the next epoch");
    }

    function test_slash_RevertWhen_CallerIsNotItsJudge_Class31() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingUnauthorized.selector, address(this)));
        staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "a", address(this));
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingUnauthorized.selector, address(registry)));
        vm.prank(address(registry));
        staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "a", address(this));
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingUnauthorized.selector, address(court)));
        vm.prank(address(court));
        staking.slash(one.account, 0, OFFENCE_ABANDONED, "a", address(this));
        vm.expectPartialRevert(INodeStaking.NodeStakingNotRegistered.selector);
        vm.prank(address(court));
        staking.slash(address(9), 0, OFFENCE_BAD_RECORD, "a", address(this));
    }

    /// @dev Ten base units at stake: a slash takes them all, as the base is rounded up, and one of them is the bounty.
    function test_slash_PaysABountyOfASingleUnit_Class15() public {
        Actor memory one = join(1, ROLE_INFERENCE, 10);
        vm.prank(address(court));
        eq(staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "a", address(77)), 10, "everything");
        eq(token.balanceOf(address(77)), 1, "a tenth");
        eq(staking.pendingBurn(), 9, "the rest");
        assertBooks(accounts);
    }

    function test_slash_AbandonedTakesOnePercent() public {
        Actor memory one = joinGateway(1, GATEWAY_MIN);
        vm.prank(address(registry));
        eq(staking.slash(one.account, ROLE_GATEWAY, OFFENCE_ABANDONED, "a", address(77)), 1_000e18, "1 %");
        eq(token.balanceOf(address(77)), 100e18, "bounty");
        eq(staking.feeBalanceOf(one.account), 1_000_000e18, "fees are not at risk");
    }

    function testFuzz_slash_NoExitEscapes_Class16(uint256 stakeAmount, uint256 unbondAmount, uint256 wait) public {
        stakeAmount = bound(stakeAmount, MIN, 1_000_000e18);
        unbondAmount = bound(unbondAmount, 1, stakeAmount);
        wait = bound(wait, 0, timing.unbonding - 1);
        Actor memory one = join(1, ROLE_INFERENCE, stakeAmount);
        vm.prank(one.account);
        staking.requestUnbond(0, unbondAmount);
        vm.warp(time() + wait);
        vm.prank(address(court));
        uint256 slashed = staking.slash(one.account, 0, OFFENCE_BAD_RECORD, "a", address(0));
        yes(slashed >= stakeAmount / 10, "at least a tenth");
        atMost(slashed, stakeAmount / 10 + 1e9, "at most a tenth and the rounding of the base");
        NodeInfo memory node = staking.nodeOf(one.account, 0);
        eq(uint256(node.stake) + node.unbonding + slashed, stakeAmount, "conserved");
        assertBooks(accounts);
    }

    // --------------------------------------------------------------------------------------------------------- jail

    function test_jail_RevertWhen_NotTheCourt() public {
        Actor memory one = join(1, ROLE_INFERENCE, MIN);
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingUnauthorized.selector, address(this)));
        staking.jail(one.account, 0);
    }

    function test_jail_KeepsTheNodeOutForItsPeriod() public {
        Actor memory one = join(1, ROLE_EVALUATOR, MIN);
        vm.warp(epochStart(3));
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.Jailed(one.account, 1, 6);
        vm.prank(address(court));
        staking.jail(one.account, 1);
        no(staking.isEligible(one.account, 1), "not routed to");
        yes(staking.isActive(one.account, 1, 3), "running epoch");
        no(staking.isActive(one.account, 1, 4), "next epoch");
        eq(staking.stakeOf(one.account, 1), MIN, "stake untouched");
        // More stake does not buy the way out.
        give(one.account, MIN);
        vm.prank(one.account);
        staking.stake(1, MIN);
        no(staking.isActive(one.account, 1, 4), "still jailed");
        vm.warp(epochStart(6) - 1);
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingJailed.selector, one.account, 1, 6));
        staking.unjail(one.account, 1);
        vm.warp(epochStart(6));
        vm.expectEmit(true, true, true, true, address(staking));
        emit INodeStaking.Unjailed(one.account, 1);
        staking.unjail(one.account, 1);
        yes(staking.isActive(one.account, 1, 7), "back from the next epoch");
        no(staking.isActive(one.account, 1, 6), "not before");
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingNotJailed.selector, one.account, 1));
        staking.unjail(one.account, 1);
    }

    function test_jailSilent_AfterTwoWholeEpochsOnly() public {
        Actor memory one = joinGateway(1, GATEWAY_MIN);
        vm.warp(epochStart(3) - 1);
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingNotSilent.selector, one.account, 0, 2));
        staking.jailSilent(one.account);
        vm.warp(epochStart(3));
        staking.jailSilent(one.account);
        eq(staking.nodeOf(one.account, ROLE_GATEWAY).jailedUntilEpoch, 6, "jailed");
        vm.expectPartialRevert(INodeStaking.NodeStakingNotEligible.selector);
        staking.jailSilent(one.account);
        vm.expectPartialRevert(INodeStaking.NodeStakingNotRegistered.selector);
        staking.jailSilent(address(99));
    }

    function test_jailSilent_CountsFromTheLastAnchor() public {
        Actor memory one = joinGateway(1, GATEWAY_MIN);
        enterEpoch(2);
        anchor(one, "root", 1, 1);
        vm.warp(epochStart(5) - 1);
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingNotSilent.selector, one.account, 2, 4));
        staking.jailSilent(one.account);
        vm.warp(epochStart(5));
        staking.jailSilent(one.account);
    }

    function test_jailSilent_UnjailedGatewayGetsItsTwoEpochsAgain() public {
        Actor memory one = joinGateway(1, GATEWAY_MIN);
        vm.warp(epochStart(3));
        staking.jailSilent(one.account);
        vm.warp(epochStart(6));
        staking.unjail(one.account, ROLE_GATEWAY);
        vm.warp(epochStart(10) - 1);
        vm.expectRevert(abi.encodeWithSelector(INodeStaking.NodeStakingNotSilent.selector, one.account, 7, 9));
        staking.jailSilent(one.account);
        vm.warp(epochStart(10));
        staking.jailSilent(one.account);
    }

    // ----------------------------------------------------------------------------------------------------- electorate

    function test_gatewayStake_IsFixedAtTheEpochsStart_Class23() public {
        Actor memory one = joinGateway(1, GATEWAY_MIN);
        Actor memory two = joinGateway(2, 2 * GATEWAY_MIN);
        eq(staking.totalGatewayStakeAt(0), 3 * GATEWAY_MIN, "epoch 0");
        vm.warp(epochStart(0));
        give(one.account, GATEWAY_MIN);
        vm.prank(one.account);
        staking.stake(ROLE_GATEWAY, GATEWAY_MIN);
        eq(staking.gatewayStakeAt(one.account, 0), GATEWAY_MIN, "running epoch unchanged");
        eq(staking.gatewayStakeAt(one.account, 1), 2 * GATEWAY_MIN, "next");
        vm.prank(two.account);
        staking.requestUnbond(ROLE_GATEWAY, 2 * GATEWAY_MIN);
        eq(staking.totalGatewayStakeAt(0), 3 * GATEWAY_MIN, "epoch 0 unchanged");
        eq(staking.totalGatewayStakeAt(1), 2 * GATEWAY_MIN, "epoch 1");
        (address account, uint256 weight) = staking.attesterOf(two.signer, 0);
        eq(account, two.account, "known");
        eq(weight, 0, "below the minimum: no attestation from this block on");
        (account, weight) = staking.attesterOf(one.signer, 0);
        eq(weight, GATEWAY_MIN, "weight of the epoch");
        (account, weight) = staking.attesterOf(one.account, 0);
        eq(account, address(0), "an account is not a signer");
        eq(weight, 0, "nothing");
    }

    /// @dev A second jail changes nobody's weight, so that neither trace grows or is written.
    function test_gatewayStake_AnUnchangedWeightWritesNoHistory() public {
        Actor memory one = join(1, ROLE_GATEWAY, GATEWAY_MIN);
        enterEpoch(0);
        vm.prank(address(court));
        staking.jail(one.account, ROLE_GATEWAY);
        vm.warp(epochStart(1));
        vm.record();
        vm.prank(address(court));
        staking.jail(one.account, ROLE_GATEWAY);
        (, bytes32[] memory writes) = vm.accesses(address(staking));
        // The lock is transient and none of its own: only the slot with the end of the jail.
        eq(writes.length, 1, "one slot");
    }

    function test_gatewayStake_OfOtherRolesDoesNotCount() public {
        join(1, ROLE_INFERENCE, MIN);
        join(2, ROLE_EVALUATOR, MIN);
        eq(staking.totalGatewayStakeAt(0), 0, "gateways only");
    }

    function testFuzz_gatewayStake_TotalIsTheSum(uint256 seed) public {
        Actor[3] memory all = [joinGateway(1, GATEWAY_MIN), joinGateway(2, GATEWAY_MIN), joinGateway(3, GATEWAY_MIN)];
        for (uint256 e = 0; e < 8; ++e) {
            vm.warp(epochStart(e));
            for (uint256 k = 0; k < 3; ++k) {
                uint256 dice = (seed >> (24 * e + 8 * k)) & 0xff;
                Actor memory one = all[k];
                NodeInfo memory node = staking.nodeOf(one.account, ROLE_GATEWAY);
                if (dice % 4 == 0 && node.stake > 3) {
                    vm.prank(one.account);
                    staking.requestUnbond(ROLE_GATEWAY, node.stake / (1 + dice / 64));
                } else if (dice % 4 == 1 && node.unbonding > 0) {
                    vm.prank(one.account);
                    staking.cancelUnbond(ROLE_GATEWAY, node.unbonding);
                } else if (dice % 4 == 2) {
                    vm.prank(address(court));
                    staking.slash(one.account, ROLE_GATEWAY, 1, keccak256(abi.encode(e, k)), address(0));
                } else if (dice % 8 == 3) {
                    vm.prank(address(court));
                    staking.jail(one.account, ROLE_GATEWAY);
                }
            }
        }
        for (uint64 e = 0; e < 9; ++e) {
            uint256 sum;
            for (uint256 k = 0; k < 3; ++k) {
                uint256 weight = staking.gatewayStakeAt(all[k].account, e);
                sum += weight;
                yes((weight > 0) == staking.isActive(all[k].account, ROLE_GATEWAY, e), "weight means membership");
            }
            eq(staking.totalGatewayStakeAt(e), sum, "total");
        }
        assertBooks(accounts);
    }

    function test_domainSeparator_FollowsTheChainId_Class12() public {
        bytes32 here = staking.domainSeparator();
        bytes32 wanted = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("DGrid"),
                keccak256("1"),
                block.chainid,
                address(staking)
            )
        );
        eq(here, wanted, "separator");
        vm.chainId(97);
        yes(staking.domainSeparator() != here, "a fork gets another one");
        vm.chainId(31_337);
    }
}

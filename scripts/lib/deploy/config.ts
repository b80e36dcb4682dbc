import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { Ajv2020 } from 'ajv/dist/2020.js';
import canonicalize from 'canonicalize';
import { id, parseUnits } from 'ethers';
import { Type } from 'typebox';
import type { Static } from 'typebox';

import { ROOT } from '../artifacts.ts';
import { UsageError } from '../command.ts';

/** The numbers a deployment fixes: presets, the file of `deploy --params`, and what the constructors are given. */

const Seconds = Type.Integer({ minimum: 1, maximum: 4_294_967_295 });
const Bps = Type.Integer({ minimum: 0, maximum: 10_000 });
/** Whole DGAI as text, so that no amount is rounded by a JSON parser. */
const Dgai = Type.String({ pattern: '^[0-9]{1,10}(\\.[0-9]{1,18})?$' });
const closed = { additionalProperties: false } as const;

const Timing = Type.Object(
  {
    /** Seconds from the deployment to the start of epoch 0; everybody registers in it. */
    genesisDelay: Seconds,
    epochDuration: Seconds,
    recordWindow: Seconds,
    roundDuration: Seconds,
    disputeWindow: Seconds,
    arbiterDeadline: Seconds,
    unbonding: Seconds,
  },
  closed,
);
const MinimumStakes = Type.Object({ inference: Dgai, evaluator: Dgai, gateway: Dgai }, closed);
const Slash = Type.Object(
  { offenceBps: Bps, epochCapBps: Bps, abandonedBps: Bps, bountyBps: Bps, jailEpochs: Type.Integer({ minimum: 1 }) },
  closed,
);
const Anchoring = Type.Object({ floorBps: Bps, feePerUnit: Dgai }, closed);
const Rewards = Type.Object(
  {
    reserve: Dgai,
    emissionPpm: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
    /** Inference, evaluators, gateways. */
    roleSplitBps: Type.Array(Bps, { minItems: 3, maxItems: 3 }),
    maxShareBps: Bps,
    maxRewardPerUnit: Dgai,
  },
  closed,
);
const Court = Type.Object({ minimumBond: Dgai, bondBps: Bps }, closed);
/** Seconds from the announcement of an act of administration, or of a verdict, to its execution. */
const Administration = Type.Object({ timelockDelay: Type.Integer({ minimum: 0, maximum: 4_294_967_295 }) }, closed);

/** A parameters file names what differs from the preset. */
const ParamsFile = Type.Object(
  {
    timing: Type.Optional(Type.Partial(Timing, closed)),
    minimumStakes: Type.Optional(Type.Partial(MinimumStakes, closed)),
    slash: Type.Optional(Type.Partial(Slash, closed)),
    anchoring: Type.Optional(Type.Partial(Anchoring, closed)),
    rewards: Type.Optional(Type.Partial(Rewards, closed)),
    court: Type.Optional(Type.Partial(Court, closed)),
    administration: Type.Optional(Type.Partial(Administration, closed)),
    activate: Type.Optional(Type.Boolean()),
  },
  closed,
);
export type ParamsFile = Readonly<Static<typeof ParamsFile>>;

export type DeployParams = {
  readonly timing: Readonly<Static<typeof Timing>>;
  readonly minimumStakes: Readonly<Static<typeof MinimumStakes>>;
  readonly slash: Readonly<Static<typeof Slash>>;
  readonly anchoring: Readonly<Static<typeof Anchoring>>;
  readonly rewards: Readonly<Static<typeof Rewards>>;
  readonly court: Readonly<Static<typeof Court>>;
  readonly administration: Readonly<Static<typeof Administration>>;
  /** Whether pots are filled from the first epoch on; without it epochs run and nothing is paid. */
  readonly activate: boolean;
};

export type DeployConfig = {
  readonly params: DeployParams;
  /** keccak256 of the RFC 8785 form of the protocol parameters. */
  readonly paramsHash: string;
  readonly genesisTableRoot: string;
  /** Absolute second of epoch 0; overrides `params.timing.genesisDelay`. */
  readonly genesis?: bigint;
  /** May announce and cancel in the timelock, which is the admin of the AccessManager; the deployer by default. */
  readonly admin?: string;
  /** Rules on challenges; the timelock by default. */
  readonly arbiter?: string;
  /** Sends all creations at once. Only for a chain of one's own: it needs a fixed gas limit. */
  readonly pipelined?: boolean;
};

export const ZERO_HASH = `0x${'00'.repeat(32)}`;

const DAY = 86_400;

/** The live network's defaults. */
export const LIVE: DeployParams = {
  timing: {
    genesisDelay: 7 * DAY,
    epochDuration: 7 * DAY,
    recordWindow: DAY,
    roundDuration: DAY,
    disputeWindow: 3 * DAY,
    arbiterDeadline: 2 * DAY,
    unbonding: 14 * DAY,
  },
  minimumStakes: { inference: '10000', evaluator: '10000', gateway: '100000' },
  slash: { offenceBps: 1_000, epochCapBps: 5_000, abandonedBps: 100, bountyBps: 1_000, jailEpochs: 2 },
  anchoring: { floorBps: 100, feePerUnit: '0.001' },
  // A node and gateway in one hand get back up to 80 % of the reward per unit: at 1.25 times the fee, traffic that
  // somebody invents returns no more than was burned for it.
  rewards: {
    reserve: '500000000',
    emissionPpm: 4_500,
    roleSplitBps: [7_000, 2_000, 1_000],
    maxShareBps: 2_500,
    maxRewardPerUnit: '0.00125',
  },
  court: { minimumBond: '1000', bondBps: 100 },
  // A verdict has to be announced and executed within the arbiter's two days.
  administration: { timelockDelay: DAY },
  activate: false,
};

/** The same network with a clock of seconds: only chain 31337 accepts an unbonding time this short. */
export const LOCAL: DeployParams = {
  ...LIVE,
  // Nobody invents traffic on a chain of one's own: rewards large enough to be seen.
  rewards: { ...LIVE.rewards, maxRewardPerUnit: '0.01' },
  timing: {
    genesisDelay: 10,
    epochDuration: 8,
    recordWindow: 5,
    roundDuration: 2,
    disputeWindow: 1,
    arbiterDeadline: 1,
    unbonding: 20,
  },
  administration: { timelockDelay: 0 },
  activate: true,
};

const LOCAL_CHAIN_ID = 31_337n;
/** Whoever is about to stake, or has staked, sees an act of administration this many seconds before it counts. */
export const MINIMUM_TIMELOCK_DELAY = DAY;

export function presetOf(chainId: bigint): DeployParams {
  return chainId === LOCAL_CHAIN_ID ? LOCAL : LIVE;
}

/** Rejects a timelock that gives nobody time to see its acts, and one too slow for verdicts that slash. */
export function checkAdministration({ arbiter, params }: DeployConfig, chainId: bigint): void {
  const { timelockDelay } = params.administration;
  const { arbiterDeadline } = params.timing;
  if (chainId !== LOCAL_CHAIN_ID && timelockDelay < MINIMUM_TIMELOCK_DELAY) {
    throw new UsageError(
      `a timelock of ${timelockDelay} s is too short for chain ${chainId}: at least ${MINIMUM_TIMELOCK_DELAY} s`,
    );
  }
  if (arbiter === undefined && timelockDelay >= arbiterDeadline) {
    throw new UsageError(
      `a timelock of ${timelockDelay} s cannot rule within the arbiter's deadline of ${arbiterDeadline} s`,
    );
  }
}

export function parseParamsFile(source: string, text: string): ParamsFile {
  const validate = new Ajv2020().compile<ParamsFile>(ParamsFile);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${source} is not JSON`);
  }
  if (validate(value)) return value;
  const [error] = validate.errors ?? [];
  const extra: unknown = error?.params['additionalProperty'];
  const detail = typeof extra === 'string' ? `"${extra}" is not a parameter` : (error?.message ?? '');
  throw new UsageError(`${source} is not a parameters file: ${error?.instancePath || '/'} ${detail}`);
}

export function mergeParams(preset: DeployParams, file: ParamsFile): DeployParams {
  return {
    timing: { ...preset.timing, ...file.timing },
    minimumStakes: { ...preset.minimumStakes, ...file.minimumStakes },
    slash: { ...preset.slash, ...file.slash },
    anchoring: { ...preset.anchoring, ...file.anchoring },
    rewards: { ...preset.rewards, ...file.rewards },
    court: { ...preset.court, ...file.court },
    administration: { ...preset.administration, ...file.administration },
    activate: file.activate ?? preset.activate,
  };
}

/** Base units of an amount in a parameters file. */
export function baseUnits(amount: string): bigint {
  return parseUnits(amount, 18);
}

/** keccak256 over the RFC 8785 form of a protocol parameters file; by default the one the gateway ships with. */
export function protocolParamsHash(file: string = join(ROOT, 'gateway/poq/params.default.json')): string {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new UsageError(`cannot read protocol parameters from ${file}`);
  }
  const text = canonicalize(value);
  if (text === undefined) throw new UsageError(`${file} holds no JSON value`);
  return id(text);
}

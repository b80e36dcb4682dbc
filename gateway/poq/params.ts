import { Value } from 'typebox/value';

import { ProtocolParams } from '../protocol/params.ts';
import defaults from './params.default.json' with { type: 'json' };

/**
 * Checks a parameters file: its shape, and the relations between values that the rules rest on.
 * @throws TypeError naming the first thing that is wrong
 */
export function parseParams(value: unknown): ProtocolParams {
  if (!Value.Check(ProtocolParams, value)) {
    const first = Value.Errors(ProtocolParams, value)[0];
    throw new TypeError(`parameters: ${first?.instancePath ?? ''} ${first?.message ?? 'malformed'}`);
  }
  for (const problem of contradictions(value)) throw new TypeError(`parameters: ${problem}`);
  return value;
}

function contradictions(params: ProtocolParams): string[] {
  const weightless = Object.entries(params.families).filter(
    ([, { weights, constrainedWeights }]) => weights.accuracy === 0 || constrainedWeights.accuracy === 0,
  );
  return [
    // Otherwise something below the minimum quality could still be worth its price, or cost could outweigh quality.
    ...(params.betaBps < params.minQualityBps ? [] : ['betaBps must be below minQualityBps']),
    ...(params.escalatedSize < params.committeeSize ? ['escalatedSize is below committeeSize'] : []),
    // Accuracy is active by default: without a weight for it a family would have nothing to score.
    ...weightless.map(([name]) => `family ${name} gives accuracy no weight`),
  ];
}

export const DEFAULT_PARAMS: ProtocolParams = parseParams(defaults);

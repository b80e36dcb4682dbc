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
  // Otherwise something below the minimum quality could still be worth its price, or cost could outweigh quality.
  if (value.betaBps >= value.minQualityBps) throw new TypeError('parameters: betaBps must be below minQualityBps');
  if (value.escalatedSize < value.committeeSize) throw new TypeError('parameters: escalatedSize below committeeSize');
  for (const [name, { weights, constrainedWeights }] of Object.entries(value.families)) {
    // Accuracy is active by default: without a weight for it a family would have nothing to score.
    if (weights.accuracy === 0 || constrainedWeights.accuracy === 0) {
      throw new TypeError(`parameters: family ${name} gives accuracy no weight`);
    }
  }
  return value;
}

export const DEFAULT_PARAMS: ProtocolParams = parseParams(defaults);

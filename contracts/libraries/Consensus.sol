// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Consensus
/// @notice One number from a committee's scores: the trust-weighted mean after clipping both outer quarters of the weight.
/// @dev With W = Σ weights: lo is the smallest score s with 4 × (weight of scores ≤ s) > W, hi the largest s with
///      4 × (weight of scores ≥ s) > W, and the result ⌊Σ w × clip(score, lo, hi) / W⌋. W = 0 counts everybody once.
///      Whoever holds more than a quarter of W escapes the clip. Quadratic, meant for committees of up to nine.
library Consensus {
    error ConsensusLengthMismatch(uint256 scores, uint256 weights);
    error ConsensusEmpty();

    function aggregate(uint16[] memory scores, uint16[] memory weights) internal pure returns (uint16) {
        uint256 count = scores.length;
        if (count == 0) revert ConsensusEmpty();
        if (count != weights.length) revert ConsensusLengthMismatch(count, weights.length);

        uint256 totalWeight;
        for (uint256 i = 0; i < count; ++i) totalWeight += weights[i];
        bool equal = totalWeight == 0;
        if (equal) totalWeight = count;

        (uint256 low, uint256 high) = _clip(scores, weights, equal, totalWeight);
        uint256 sum;
        for (uint256 i = 0; i < count; ++i) {
            uint256 score = scores[i];
            if (score < low) score = low;
            if (score > high) score = high;
            sum += score * (equal ? 1 : weights[i]);
        }
        // casting to 'uint16' is safe because a weighted mean of uint16 values does not exceed the largest of them
        return uint16(sum / totalWeight);
    }

    function _clip(
        uint16[] memory scores,
        uint16[] memory weights,
        bool equal,
        uint256 totalWeight
    ) private pure returns (uint256 low, uint256 high) {
        low = type(uint256).max;
        for (uint256 i = 0; i < scores.length; ++i) {
            uint256 below;
            uint256 above;
            for (uint256 j = 0; j < scores.length; ++j) {
                uint256 weight = equal ? 1 : weights[j];
                if (scores[j] <= scores[i]) below += weight;
                if (scores[j] >= scores[i]) above += weight;
            }
            if (4 * below > totalWeight && scores[i] < low) low = scores[i];
            if (4 * above > totalWeight && scores[i] > high) high = scores[i];
        }
    }
}

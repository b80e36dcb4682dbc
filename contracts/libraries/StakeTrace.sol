// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title StakeTrace
/// @notice A stake's history by epoch: one slot per epoch in which it changed, looked up by binary search.
library StakeTrace {
    struct Point {
        uint32 epoch;
        uint224 value;
    }

    struct Trace {
        Point[] points;
    }

    error StakeTraceUnordered(uint32 last, uint32 given);

    /// @notice Records that the value is `value` from `epoch` on. Epochs must not fall; the same one is overwritten.
    function push(Trace storage trace, uint32 epoch, uint224 value) internal {
        Point[] storage points = trace.points;
        uint256 length = points.length;
        if (length > 0) {
            Point storage last = points[length - 1];
            if (epoch < last.epoch) revert StakeTraceUnordered(last.epoch, epoch);
            if (epoch == last.epoch) {
                last.value = value;
                return;
            }
        }
        points.push(Point(epoch, value));
    }

    /// @notice The value recorded last, whenever it takes effect; 0 if there is none.
    function latest(Trace storage trace) internal view returns (uint224) {
        uint256 length = trace.points.length;
        return length == 0 ? 0 : trace.points[length - 1].value;
    }

    /// @notice The value in force in `epoch`; 0 before the first one.
    function valueAt(Trace storage trace, uint256 epoch) internal view returns (uint224) {
        Point[] storage points = trace.points;
        uint256 low = 0;
        uint256 high = points.length;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (points[middle].epoch <= epoch) low = middle + 1;
            else high = middle;
        }
        return low == 0 ? 0 : points[low - 1].value;
    }
}

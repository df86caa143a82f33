"""`deployments.stack` with the null engine in its scorers. Started by the benchmark as a child process.

Usage: python -m benchmarks.control_plane.stack SERVICE_TIMES CONFIG.json RAY_DIR READY_FD
"""

from __future__ import annotations

import sys

from benchmarks.control_plane.engine import ServiceTimes, pipeline_of
from deployments import stack

if __name__ == "__main__":
    sys.exit(stack.main(sys.argv[2:], pipeline_of(ServiceTimes.parse(sys.argv[1]))))

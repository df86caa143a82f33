"""`viva eval` with a server of its own: start the stack, measure, stop.

Usage: python -m deployments.evaluation DIR...
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from deployments import ports, processes
from deployments.cli.eval import evaluate
from deployments.config import ROOT, GatewayConfig, VivaConfig, WebConfig
from deployments.errors import StackError


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    port = ports.free_run(range(18500, 18600), host="127.0.0.1").start
    output = ROOT / "out" / f"eval-{Path(sys.argv[1]).name}.json"
    with tempfile.TemporaryDirectory(prefix="viva-eval-") as folder:
        config = VivaConfig(Path(folder), metrics_port=0, gateway=GatewayConfig(port=port), web=WebConfig(port=0))
        print("starting Ray Serve, Triton and the models", file=sys.stderr)
        try:
            with processes.SupervisedStack(config) as stack:
                stack.wait_ready()
                arguments = [*sys.argv[1:], "--address", config.gateway.address, "--json", str(output)]
                return int(evaluate.main(arguments, prog_name="viva eval", standalone_mode=False))
        except StackError as error:
            print(f"error: {error}", file=sys.stderr)
        except click.ClickException as error:
            error.show()
    return 1


if __name__ == "__main__":
    sys.exit(main())

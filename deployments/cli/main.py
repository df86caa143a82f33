"""Entry point of `viva`: names the commands and turns whatever ends one into a line and an exit code.

Exit codes: 0 done, 1 the work failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click


class LazyGroup(click.Group):
    """A group whose commands are imported when they run.

    Args:
        commands_at: command name to (`module:attribute`, one line for the list of commands).
    """

    def __init__(self, *args: Any, commands_at: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._commands_at:
            return None
        module, attribute = self._commands_at[cmd_name][0].split(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # The inherited one imports every command for its first line of help.
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._commands_at.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """As `click.Command.main`, with exit code 130 and one short line when interrupted."""
        # gRPC logs each connection that a server closes; errors reach the user as exceptions.
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
        try:
            result = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
            if not standalone_mode:
                return result
            sys.stdout.flush()
        except click.ClickException as error:
            if not standalone_mode:
                raise
            error.show()
            sys.exit(error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            if not standalone_mode:
                raise
            click.echo("interrupted", err=True)
            sys.exit(130)
        sys.exit(result if isinstance(result, int) else 0)


_COMMANDS: Final = {
    "up": ("deployments.cli.up:up", "Run the whole stack on this machine."),
    "status": ("deployments.cli.status:status", "Say whether a server is serving."),
    "score": ("deployments.cli.score:score", "Score one answer: text, audio or video."),
    "batch": ("deployments.cli.batch:batch", "Score many answers, one JSON line each."),
    "eval": ("deployments.cli.eval:evaluate", "Measure the scores on labelled answers."),
    "replay": ("deployments.cli.replay:replay", "Score an answer again and compare bit for bit."),
    "report": ("deployments.cli.report:report", "Render an assessment as an HTML page."),
    "tenants": ("deployments.cli.tenants:tenants", "Employers: settings, keys, usage, audit log."),
    "roles": ("deployments.cli.roles:roles", "Jobs that are interviewed for."),
    "interviews": ("deployments.cli.interviews:interviews", "Invite candidates, send answers, end interviews."),
    "candidates": ("deployments.cli.candidates:candidates", "Candidate files, legal holds, erasure."),
    "reports": ("deployments.cli.reports:reports", "Read, watch and share reports; decide."),
    "rules": ("deployments.cli.rules:rules", "Screening rules, which recommend."),
    "webhooks": ("deployments.cli.webhooks:webhooks", "Endpoints that events are posted to."),
    "db": ("deployments.cli.db:db", "The schema of a production database."),
    "balancer": ("deployments.cli.balancer:balancer", "Print the configuration of a balancer for several hosts."),
    "models": ("deployments.cli.models:models", "List, build, check and train the models."),
    "bench": ("deployments.cli.bench:bench", "Measure a server under load."),
    "plan": ("deployments.cli.plan:plan", "Size and price the fleet of a season."),
}


@click.group(cls=LazyGroup, commands_at=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="viva", prog_name="viva")
def main() -> None:
    """Score interview answers with evidence.

    \b
    Start a server:   viva up
    Score an answer:  viva score answer.mp4 --question "Tell me about a conflict." --language en
    """

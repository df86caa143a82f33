"""`viva bench compare`."""

from __future__ import annotations

from pathlib import Path

import click

from deployments.cli.output import UsageFailure, out


@click.command(
    epilog="""\b
Example (alternating runs of two targets):
  viva bench compare bentoml-1.json viva-1.json bentoml-2.json viva-2.json --require goodput=1.3
"""
)
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--require",
    multiple=True,
    metavar="FIGURE=RATIO",
    help="Exit code 1 unless every other target's median ratio is at least (where lower is better: at most) this.",
)
@click.option(
    "--html",
    "html_path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="OUT.html",
    help="Write the comparison as a page.",
)
def compare(results: tuple[Path, ...], require: tuple[str, ...], html_path: Path | None) -> int:
    """Divide the figures of each target's runs by those of the first file's target.

    Files of the same target and address are taken together, in their order: its n-th run is divided by the first
    target's n-th run.

    Exit code: 0, 1 a required ratio was missed or could not be told, 2 the results cannot be compared.
    """
    from benchmarks.harness import compare as comparing
    from benchmarks.harness import result_file
    from benchmarks.harness.core import BenchError
    from benchmarks.harness.table import ratio_table

    try:
        wanted = [_required(text) for text in require]
        loaded = [result_file.read(path) for path in results]
        ratios = comparing.compare(loaded)
        if html_path:
            from benchmarks.harness.page import write_comparison

            write_comparison(loaded, html_path)
    except (BenchError, OSError) as error:
        raise UsageFailure(str(error)) from None
    out().print(ratio_table(ratios, loaded[0].target))
    missed = 0
    for name, limit in wanted:
        for one in ratios:
            if one.figure.name != name:
                continue
            good = one.ratio is not None and (
                one.ratio >= limit if one.figure.better == "higher" else one.ratio <= limit
            )
            if not good:
                missed += 1
                shown = "unknown" if one.ratio is None else f"{one.ratio:.3f}"
                out().print(f"missed: {one.target} {name} is {shown}, required is {limit:g}", markup=False)
    return 1 if missed else 0


def _required(text: str) -> tuple[str, float]:
    from benchmarks.harness.compare import FIGURES
    from benchmarks.harness.core import BenchError

    name, _, number = text.partition("=")
    if name not in {figure.name for figure in FIGURES}:
        raise BenchError(f"--require {text}: {name!r} is none of {', '.join(figure.name for figure in FIGURES)}")
    try:
        return name, float(number)
    except ValueError:
        raise BenchError(f"--require {text}: {number!r} is no ratio") from None

"""`viva models train`."""

from __future__ import annotations

from pathlib import Path

import click

from deployments.cli.output import Failure, err


@click.command(epilog="\b\nExample:\n  make train\n  viva models train tests/data/eval/dev my-company/labelled")
@click.argument("folders", metavar="[DIR]...", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--epochs", type=click.IntRange(1, 1000), default=24, show_default=True, help="Passes over the answers.")
@click.option("--seed", type=int, default=7, show_default=True, help="Same seed and data, same weights.")
def train(folders: tuple[Path, ...], epochs: int, seed: int) -> None:
    """Train STAR tagger, judge and scorer on the labelled answers of the DIRs (answers.jsonl).

    By default those of tests/data/eval/dev. Writes model_repository/*/weights.npz and the calibration; `viva models
    build` makes the models of it.
    """
    try:
        from deployments.models.training import train as training
        from deployments.models.training.heads import TrainConfig
    except ImportError as error:
        raise Failure(f"training needs the extra `train` ({error.name} is missing): use `make train`") from None
    try:
        training.train(
            folders or (training.DATA,),
            TrainConfig(epochs=epochs, seed=seed),
            lambda line: err().print(line, markup=False),
        )
    except (OSError, ValueError) as error:
        raise Failure(str(error)) from None

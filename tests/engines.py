"""A repository of some built models, to build engines of and to damage."""

from __future__ import annotations

import shutil
from pathlib import Path

from deployments.models.catalogue import REPOSITORY


def copied(models: tuple[str, ...], folder: Path) -> Path:
    """A copy of these models as they are built, without engines."""
    for model in models:
        shutil.copytree(
            REPOSITORY / model, folder / model, ignore=shutil.ignore_patterns("*.plan", "*.sm*.json", "__pycache__")
        )
    return folder

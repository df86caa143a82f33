"""Makes a corpus: plan, media, manifest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import av

from benchmarks.corpus.media import write
from benchmarks.corpus.plan import Planned, Settings, plan, plan_sha256
from benchmarks.harness.core import BenchError
from benchmarks.harness.corpus import MANIFEST, Entry, Manifest
from deployments.models.errors import FetchError
from deployments.models.fetch import sha256_of


def build(settings: Settings, folder: Path, done: Callable[[Planned], None] = lambda _: None) -> Manifest:
    """Write a corpus into `folder`, the manifest last: a folder with one is complete.

    Args:
        done: called after each answer.

    Raises:
        BenchError: the folder holds a corpus already or cannot be written, the labelled answers are not there, or a
            package cannot be downloaded.
    """
    path = folder / MANIFEST
    if path.exists():
        raise BenchError(f"{folder} holds a corpus already; name another folder, or delete it")
    try:
        planned = plan(settings)
        folder.mkdir(parents=True, exist_ok=True)
        entries = []
        for one in planned:
            entries.append(_entry(one, folder))
            done(one)
        manifest = Manifest(
            settings=settings.as_json(),
            plan_sha256=plan_sha256(planned),
            versions=_versions(),
            samples=tuple(entries),
        )
        path.write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except FetchError as error:
        raise BenchError(str(error)) from error
    except OSError as error:
        raise BenchError(f"{error.filename or folder}: {error.strerror}") from error
    return manifest


def _entry(planned: Planned, folder: Path) -> Entry:
    file = write(planned, folder) if planned.container else None
    return Entry(
        sample_id=planned.sample_id,
        modality=planned.modality,
        language=planned.language,
        question=planned.question,
        competencies=planned.competencies,
        text=planned.text,
        file=file.name if file else None,
        duration_s=planned.duration_s,
        sha256=sha256_of(file) if file else hashlib.sha256(planned.text.encode()).hexdigest(),
    )


def _versions() -> dict[str, str]:
    libraries = {name: ".".join(map(str, version)) for name, version in av.library_versions.items()}
    return {"pyav": av.__version__, **libraries}

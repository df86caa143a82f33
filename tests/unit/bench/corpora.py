"""Corpora of text answers."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.harness.core import Sample


def write_corpus(folder: Path, samples: Sequence[Sample]) -> Path:
    folder.mkdir()
    entries = [
        {
            "sample_id": sample.sample_id,
            "modality": sample.modality.value,
            "language": sample.language,
            "question": sample.question,
            "competencies": list(sample.competencies),
            "text": sample.text,
            "sha256": hashlib.sha256(sample.text.encode()).hexdigest(),
        }
        for sample in samples
    ]
    manifest = {"settings": {}, "plan_sha256": "0" * 64, "versions": {}, "samples": entries}
    (folder / "corpus.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder

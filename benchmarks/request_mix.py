"""Which shapes do the models see? The requests of a corpus, for the profiles that engines are tuned for.

Usage: python -m benchmarks.request_mix --corpus DIR -o OUT.yaml
"""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import click
import numpy as np
import yaml
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.harness import corpus as corpora
from benchmarks.harness.core import BenchError
from benchmarks.raw.answers import answer_to
from benchmarks.raw.engines import RawEngines
from deployments.models.catalogue import REPOSITORY
from deployments.models.check import OUTER_GRAPH
from deployments.models.manifest import read_manifest, version_directory_of
from deployments.models.triton_config import read_config
from serving.adapters.media import PyAvDecoder
from serving.adapters.triton.client import TritonClient
from serving.adapters.triton.contract import CONTRACT
from serving.adapters.triton.models import TritonModels
from serving.domain.errors import VivaError
from serving.pipeline.score_answer import ScoreAnswer

_BATCH: Final = "batch"
_PERCENTILES: Final = (1, 50, 95, 99)


class RecordingEngines(RawEngines):
    """The engines of the raw loop; requests are as large as the GPU's configurations allow, and their dims are kept.

    Attributes:
        sizes: by model and dim, of each request.
    """

    def __init__(self, repository: Path) -> None:
        super().__init__(repository)
        self.sizes: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._limits = {
            model: int(read_config(repository / model / "config.pbtxt").max_batch_size) for model in CONTRACT
        }
        self._dims = {model: _dims(repository, model) for model in CONTRACT}

    async def max_batch_size(self, model: str, timeout_s: float) -> int:
        return self._limits[model]

    async def infer(self, model: str, inputs: Mapping[str, NDArray[Any]], **options: object) -> dict[str, NDArray[Any]]:
        seen = {
            dim: size
            for name, array in inputs.items()
            for dim, size in zip(self._dims[model][name], array.shape, strict=True)
            if dim
        }
        for dim, size in seen.items():
            self.sizes[model][dim].append(size)
        return await super().infer(model, inputs, **options)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--corpus", type=click.Path(path_type=Path), required=True, help="Folder of the answers.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output.")
def main(corpus: Path, output: Path | None) -> None:
    """Score the answers of a corpus in this process and write percentiles of each open dim of the models' requests.

    Of the recognisers that is their sound; what their decoders see of it follows from the text.

    Exit code: 0, 2 nothing could be measured.
    """
    try:
        mix = asyncio.run(_mix(corpus))
    except (BenchError, VivaError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)
    text = yaml.safe_dump(mix, sort_keys=True, default_flow_style=None, width=110)
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)


async def _mix(corpus: Path) -> dict[str, dict[str, dict[str, int]]]:
    samples = corpora.load(corpus).samples
    engines = RecordingEngines(REPOSITORY)
    use_case = ScoreAnswer(TritonModels(cast(TritonClient, engines), REPOSITORY), PyAvDecoder(), config_sha256="")
    for sample in track(samples, "scoring"):
        await use_case.run(answer_to(sample))
    return {model: {dim: _row(sizes) for dim, sizes in dims.items()} for model, dims in engines.sizes.items()}


def _row(sizes: list[int]) -> dict[str, int]:
    found = {f"p{percent}": int(np.percentile(sizes, percent, method="nearest")) for percent in _PERCENTILES}
    return {**found, "most": max(sizes), "requests": len(sizes)}


def _dims(repository: Path, model: str) -> dict[str, list[str]]:
    """Name of each dim of each input, empty where it is fixed: the graph's, or the input's for code around graphs."""
    manifest = read_manifest(version_directory_of(model, repository))
    outer = manifest.artifacts.get(OUTER_GRAPH) if manifest else None
    if outer and outer.graph:
        return {one.name: [dim if isinstance(dim, str) else "" for dim in one.dims] for one in outer.graph.inputs}
    return {
        one.name: [_BATCH, *(f"{one.name} {place}" if dim == -1 else "" for place, dim in enumerate(one.dims))]
        for one in CONTRACT[model].inputs
    }


if __name__ == "__main__":
    main()

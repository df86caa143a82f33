"""The product's pipeline over engines and decoder in this process: no server, no model server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from benchmarks.raw.decoding import MeteredDecoder
from benchmarks.raw.engines import RawEngines
from benchmarks.raw.meter import StageMeter
from serving.adapters.media import PyAvDecoder
from serving.adapters.triton.client import TritonClient
from serving.adapters.triton.models import TritonModels
from serving.pipeline.score_answer import ScoreAnswer


@dataclass(frozen=True, slots=True)
class RawPipeline:
    """Scores answers on the threads of this process.

    Attributes:
        meter: told of the CPU seconds of each pass of the decoder and of each model.
    """

    use_case: ScoreAnswer
    engines: RawEngines
    meter: StageMeter


def raw_pipeline(repository: Path) -> RawPipeline:
    """A pipeline with models of its own, loaded as they are called.

    Raises:
        InternalFault: the models were not built.
    """
    meter = StageMeter()
    engines = RawEngines(repository, meter)
    models = TritonModels(cast(TritonClient, engines), repository)
    decoder = MeteredDecoder(PyAvDecoder(), meter)
    return RawPipeline(ScoreAnswer(models, decoder, config_sha256=""), engines, meter)

"""The builder of engines: TensorRT on a machine with the GPU, TensorRT-RTX where there is none.

Both have one API. What TensorRT builds, Triton loads on the GPU that it was built on. What TensorRT-RTX compiles for a
named compute capability proves that every layer has an implementation in the given types and shapes, and no more: it
cannot be run without a GPU, and Triton does not load it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Final, Literal

from deployments.engines.hardware import Gpu, Hardware, present_gpu
from deployments.models.errors import EngineError

Builder = Literal["tensorrt", "tensorrt_rtx"]

_INSTALL: Final[dict[Builder, str]] = {
    "tensorrt": "pip install tensorrt, in the version of the Triton that serves",
    "tensorrt_rtx": "pip install 'viva[build]'",
}


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A builder, and what it builds for.

    Attributes:
        builder: name of its Python module.
        version: of it.
        api: the module.
        hardware: whose engines are wanted.
        target: what it really compiles for: the stand-in where TensorRT-RTX does not know the hardware.
        gpu: of this machine; None where nothing but TensorRT-RTX can be used.
    """

    builder: Builder
    version: str
    api: Any
    hardware: Hardware
    target: Hardware
    gpu: Gpu | None

    def __str__(self) -> str:
        return f"{self.builder} {self.version} for {self.target.value}"

    @property
    def runnable(self) -> bool:
        """Whether Triton can load what it builds."""
        return self.builder == "tensorrt"


def find_toolchain(hardware: Hardware, builder: Builder | None = None) -> Toolchain:
    """The builder for a kind of hardware; by default TensorRT where this machine's GPU is of that kind.

    Raises:
        EngineError: it is not installed, or TensorRT is asked for where the GPU is another or none.
    """
    gpu = present_gpu()
    ours = gpu is not None and gpu.compute_capability == hardware.compute_capability
    if builder == "tensorrt" and not ours:
        here = f"here is one of compute capability {gpu.compute_capability}" if gpu else "there is none here"
        raise EngineError(f"TensorRT builds on a GPU of the kind that it builds for, {hardware.value}: {here}")
    chosen: Builder = builder or ("tensorrt" if ours else "tensorrt_rtx")
    try:
        api = importlib.import_module(chosen)
    except ImportError as error:
        raise EngineError(f"{chosen} is not installed: {_INSTALL[chosen]} ({error})") from error
    target = hardware if chosen == "tensorrt" else hardware.stand_in
    return Toolchain(chosen, str(api.__version__), api, hardware, target, gpu)

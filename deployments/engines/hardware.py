"""The GPUs that engines are built for, by the name of their compute capability."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from enum import Enum
from typing import Final

_MAJOR: Final = 75  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
_MINOR: Final = 76


class Hardware(Enum):
    """A compute capability, and the cards that people know it by."""

    SM80 = "sm80"
    """A100, A30."""
    SM86 = "sm86"
    """A10, RTX 30."""
    SM89 = "sm89"
    """L4, L40S, RTX 40."""
    SM90 = "sm90"
    """H100, H200."""
    SM100 = "sm100"
    """B200, GB200."""
    SM120 = "sm120"
    """RTX PRO 6000 Blackwell, RTX 50."""

    @property
    def compute_capability(self) -> str:
        """As Triton and CUDA write it: `8.9`."""
        digits = self.value.removeprefix("sm")
        return f"{digits[:-1]}.{digits[-1]}"

    @property
    def stand_in(self) -> Hardware:
        """What TensorRT-RTX compiles for instead: its list has neither 9.0 nor 10.0. The one before for Hopper, and
        the other Blackwell for B200."""
        return _STAND_INS.get(self, self)


_STAND_INS: Final = {Hardware.SM90: Hardware.SM89, Hardware.SM100: Hardware.SM120}


@dataclass(frozen=True, slots=True)
class Gpu:
    """The first GPU of this machine.

    Attributes:
        compute_capability: such as `9.0`.
        driver: the newest CUDA version that the driver knows, such as `13.0`.
    """

    compute_capability: str
    driver: str


def present_gpu() -> Gpu | None:
    """The GPU that engines could be built on; None: there is no driver, or no GPU."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    device, version = ctypes.c_int(), ctypes.c_int()
    if cuda.cuInit(0) or cuda.cuDeviceGet(ctypes.byref(device), 0) or cuda.cuDriverGetVersion(ctypes.byref(version)):
        return None
    parts = []
    for attribute in (_MAJOR, _MINOR):
        value = ctypes.c_int()
        if cuda.cuDeviceGetAttribute(ctypes.byref(value), attribute, device):
            return None
        parts.append(str(value.value))
    return Gpu(".".join(parts), f"{version.value // 1000}.{version.value % 1000 // 10}")

"""Model calls: what was sent, what came of it, and which calls had ended before each began."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from numpy.typing import NDArray

from serving.adapters.triton.client import TritonClient


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call.

    Attributes:
        after: places of the calls whose outputs were there before this one was sent.
        outputs: empty until it has ended, and where it failed.
    """

    model: str
    inputs: Mapping[str, NDArray[Any]]
    after: frozenset[int]
    outputs: Mapping[str, NDArray[Any]] = field(default_factory=dict)


class Recorder:
    """Stands where `TritonClient` stands and writes down what goes through it."""

    def __init__(self, client: TritonClient) -> None:
        self._client = client
        self._calls: list[ModelCall] = []
        self._ended: set[int] = set()

    def available(self) -> bool:
        """See `TritonClient`."""
        return self._client.available()

    async def max_batch_size(self, model: str, timeout_s: float) -> int:
        """See `TritonClient`."""
        return await self._client.max_batch_size(model, timeout_s)

    async def infer(
        self,
        model: str,
        inputs: Mapping[str, NDArray[Any]],
        *,
        timeout_s: float,
        outputs: Sequence[str] | None = None,
    ) -> dict[str, NDArray[Any]]:
        """See `TritonClient`."""
        place = len(self._calls)
        call = ModelCall(model, inputs, frozenset(self._ended))
        self._calls.append(call)
        found = await self._client.infer(model, inputs, timeout_s=timeout_s, outputs=outputs)
        self._calls[place] = replace(call, outputs=found)
        self._ended.add(place)
        return found

    async def close(self) -> None:
        """See `TritonClient`."""
        await self._client.close()

    def take(self) -> tuple[ModelCall, ...]:
        """The calls since the last time, none of which may be running."""
        taken, self._calls, self._ended = tuple(self._calls), [], set()
        return taken

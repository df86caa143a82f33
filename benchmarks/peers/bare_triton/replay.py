"""Recorded model calls, sent again by `tritonclient` as its documentation shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tritonclient.grpc import InferInput, InferRequestedOutput
from tritonclient.grpc.aio import InferenceServerClient

from deployments.parity.recording import ModelCall
from serving.adapters.triton.contract import CONTRACT


class BareClient:
    """One channel to a tritonserver; tensors travel in the messages.

    Args:
        address: `HOST:PORT` of its gRPC server.
    """

    def __init__(self, address: str) -> None:
        self._client = InferenceServerClient(address)

    async def replay(self, calls: Sequence[ModelCall]) -> None:
        """Send every call as soon as those are back that were back when it was recorded, and wait for all.

        Raises:
            tritonclient.utils.InferenceServerException: a call failed.
        """
        tasks: list[asyncio.Task[None]] = []
        async with asyncio.TaskGroup() as group:
            for call in calls:
                before = [tasks[place] for place in call.after]
                tasks.append(group.create_task(self._call(call, before)))

    async def close(self) -> None:
        """Close the channel."""
        await self._client.close()

    async def _call(self, call: ModelCall, before: Sequence[asyncio.Task[None]]) -> None:
        if before:
            await asyncio.wait(before)
        await self._send(call)

    async def _send(self, call: ModelCall) -> None:
        contract = CONTRACT[call.model]
        inputs = []
        for name, array in call.inputs.items():
            tensor = InferInput(name, list(array.shape), contract.input(name).datatype)
            tensor.set_data_from_numpy(array)
            inputs.append(tensor)
        outputs = [InferRequestedOutput(spec.name) for spec in contract.outputs]
        result = await self._client.infer(call.model, inputs, outputs=outputs)
        for spec in contract.outputs:
            result.as_numpy(spec.name)

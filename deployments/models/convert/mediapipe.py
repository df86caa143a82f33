"""MediaPipe's face detector, face mesh and body pose, with pixels in and the contract's tensors out.

Input ranges, output meanings and activations are those of MediaPipe's own graphs:
https://github.com/google-ai-edge/mediapipe/tree/v0.10.21/mediapipe/modules (face_detection, face_landmark,
pose_landmark).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deployments.models.convert.graph import GraphBuilder
from deployments.models.convert.tflite import append_tflite


def face_detector(sources: Mapping[str, Path], out: Path) -> None:
    """Short-range BlazeFace: `image` UINT8 [128,128,3] -> `regressors` [896,16], `scores` [896] (logits)."""
    graph = GraphBuilder("face_detector")
    image = _image(graph, size=128, scale=2 / 255, offset=-1.0)
    values = append_tflite(graph, sources["net"], image)
    graph.output("regressors", values["regressors"], 896, 16)
    graph.output("scores", graph.op("Reshape", values["classificators"], graph.ints(-1, 896)), 896)
    graph.save(out / "model.onnx")


def face_mesh(sources: Mapping[str, Path], out: Path) -> None:
    """Face mesh: `image` UINT8 [192,192,3] -> `landmarks` [468,3] (pixels of the crop), `presence` [1]."""
    graph = GraphBuilder("face_mesh")
    values = append_tflite(graph, sources["net"], _image(graph, size=192, scale=1 / 255))
    landmarks = graph.op("Reshape", values["conv2d_21"], graph.ints(-1, 468, 3))
    presence = graph.op("Reshape", values["conv2d_31"], graph.ints(-1, 1))
    graph.output("landmarks", landmarks, 468, 3)
    graph.output("presence", graph.op("Sigmoid", presence), 1)
    graph.save(out / "model.onnx")


def body_pose(sources: Mapping[str, Path], out: Path) -> None:
    """BlazePose full: `image` UINT8 [256,256,3] -> `landmarks` [39,5], `presence` [1].

    A landmark is x, y, z in pixels of the crop, then visibility and presence as probabilities. The net's heat map,
    segmentation and world landmarks are left out, and with them the layers that only they need.
    """
    graph = GraphBuilder("body_pose")
    values = append_tflite(graph, sources["net"], _image(graph, size=256, scale=1 / 255))
    landmarks = graph.op("Reshape", values["Identity"], graph.ints(-1, 39, 5))
    position = graph.op("Slice", landmarks, graph.ints(0), graph.ints(3), graph.ints(2))
    logits = graph.op("Slice", landmarks, graph.ints(3), graph.ints(5), graph.ints(2))
    graph.output("landmarks", graph.op("Concat", position, graph.op("Sigmoid", logits), axis=2), 39, 5)
    graph.output("presence", values["Identity_1"], 1)  # the net ends in a sigmoid of its own
    graph.save(out / "model.onnx")


def _image(graph: GraphBuilder, size: int, scale: float, offset: float = 0.0) -> str:
    """`image` UINT8 [batch, size, size, 3] as FP32 times `scale` plus `offset`."""
    # Cast comes first: TensorRT takes UINT8 only at a network's edge, straight into a cast.
    pixels = graph.op("Cast", graph.input("image", "UINT8", size, size, 3), to=1)
    scaled = graph.op("Mul", pixels, graph.floats(scale))
    return graph.op("Add", scaled, graph.floats(offset)) if offset else scaled

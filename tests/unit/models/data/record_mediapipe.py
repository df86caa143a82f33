"""Records what Google's own interpreter gives for MediaPipe's nets, as `mediapipe.npz` beside this file.

Run it in an environment of its own, on the `.tflite` files of the wheel mediapipe 0.10.21 unpacked into a directory
(recorded with ai-edge-litert 2.1.6, scikit-image 0.26.0 and numpy 1.26.4, one thread):

    pip install ai-edge-litert==2.1.6 scikit-image==0.26.0 "numpy<2"
    python record_mediapipe.py DIRECTORY_OF_THE_UNPACKED_WHEEL

Outputs are the nets' own: no sigmoid is applied here. Inputs are cut from a photograph without resampling.
"""

import sys
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from skimage.data import astronaut

PHOTO = astronaut()
NETS = {
    "face_detector": ("face_detection/face_detection_short_range", PHOTO[::4, ::4], 2 / 255, -1.0),
    "face_mesh": ("face_landmark/face_landmark", PHOTO[30:222, 130:322], 1 / 255, 0.0),
    "body_pose": ("pose_landmark/pose_landmark_full", PHOTO[::2, ::2], 1 / 255, 0.0),
}
KEPT = ("regressors", "classificators", "conv2d_21", "conv2d_31", "Identity", "Identity_1")


def main(wheel: Path) -> None:
    recorded = {}
    for model, (net, image, scale, offset) in NETS.items():
        interpreter = Interpreter(str(wheel / "mediapipe" / "modules" / f"{net}.tflite"), num_threads=1)
        interpreter.allocate_tensors()
        pixels = image[None].astype(np.float32) * np.float32(scale) + np.float32(offset)
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels)
        interpreter.invoke()
        for output in interpreter.get_output_details():
            if output["name"] in KEPT:
                recorded[f"{model}.{output['name']}"] = interpreter.get_tensor(output["index"])
    np.savez_compressed(Path(__file__).with_name("mediapipe.npz"), **recorded)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

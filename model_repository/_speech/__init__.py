"""What the speech models share: engine, greedy decoding, word times, and the way to and from Triton's tensors.

Each speech model's version directory links to this package as `viva_speech`, so that its `model.py` finds it beside
itself and there is one copy to keep right. Needs nothing but NumPy and ONNX Runtime.
"""

"""Triton Inference Server: its process, its supervision, a typed client and the model contract."""

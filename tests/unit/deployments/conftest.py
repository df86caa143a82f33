"""Imports Ray Serve once: its own code is behind pydantic's deprecations, and warnings are errors here."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import ray.serve  # noqa: F401

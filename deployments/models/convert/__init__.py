"""Converters: from the files of a published package to the artifacts that Triton serves.

A converter is a function `(sources: Mapping[str, Path], out: Path) -> None`. It reads the source files by their
alias in `source.yaml` and writes every file of `outputs` into the directory `out`, the same bytes every time.
"""

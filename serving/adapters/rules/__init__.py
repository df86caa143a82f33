"""Screening rules in CEL (https://cel.dev), by Google's C++ library `cel-expr-python`."""

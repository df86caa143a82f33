"""Frozen types, limits, states and the error tree. Reading this package is enough to know the system."""

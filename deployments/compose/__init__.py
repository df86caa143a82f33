"""The composition root: which adapter fills which Protocol. Edge and engine are separate processes."""

"""Compares two configurations or versions of the models on the same answers: each output, and the scores."""

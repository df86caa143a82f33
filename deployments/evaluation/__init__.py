"""How good the scores are: labelled sets run through a server, and what comes of them. docs/evaluation.md."""

"""Trains the small models of the language side from labelled answers, with a fixed seed: `viva models train`.

`labelled.py` reads and embeds the answers, `nets.py` is what is trained, `heads.py` trains it, `scorer.py` fits the
additive model and the ranges on predictions for answers that the heads had not seen, `train.py` puts it together.
Needs the extra `train` (torch, scipy); serving does not.
"""

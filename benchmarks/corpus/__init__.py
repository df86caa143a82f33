"""Answers to measure with: written answers of this repository, real speech and a real face of pinned packages.

Usage: viva bench corpus OUT --seed 1 --count 60 --mix text=0.5,audio=0.3,video=0.2
"""

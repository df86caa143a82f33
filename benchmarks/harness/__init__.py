"""Open-loop load: answers sent at intended times, what became of each, and the figures made of that.

Knows the client and no server: what is loaded stands behind `Target`.
"""

"""From sound to facts: where speech is, how to cut it for recognition, pitch, level, pauses and rate."""

"""The yardstick: the same decode and the same engines in a tight loop, without servers."""

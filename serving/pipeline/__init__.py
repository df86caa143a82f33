"""Use cases: the order of steps. One a file; what they need from outside is a Protocol in `ports`."""

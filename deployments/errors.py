"""What keeps a stack from running."""


class StackError(RuntimeError):
    """The stack cannot run; the message is one line for the person who started it."""

"""What an analysis gives up on."""


class UndefinedError(Exception):
    """What is asked for has no meaning for this graph; the text says why."""


class TooLargeError(Exception):
    """The exact answer would take longer than a compiler may."""

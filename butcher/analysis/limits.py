"""What an analysis gives up on."""


class TooLargeError(Exception):
    """The exact answer would take longer than a compiler may."""

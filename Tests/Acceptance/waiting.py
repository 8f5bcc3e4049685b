"""Waiting for what a server, or a thread of a test, does by itself."""

import time

INTERVAL_SECONDS = 0.05


def eventually(look, seconds=60, what=None):
    """Returns the first true value of `look`; fails when there is none within `seconds`. `what` says what was awaited."""
    deadline = time.monotonic() + seconds
    while not (value := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what or look}; it stayed {value!r}"
        time.sleep(INTERVAL_SECONDS)
    return value

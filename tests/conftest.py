"""What holds for all tests."""

import signal

# Shells let commands in the background ignore Ctrl-C, and Python then has no handler of its own:
# tests that interrupt fits would not interrupt them.
signal.signal(signal.SIGINT, signal.default_int_handler)

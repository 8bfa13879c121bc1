"""What the fault tests share."""

import os

LONG = os.environ.get("POSTHOUSE_TEST_FAULTS") == "long"
"""The long form (``make faults``) runs every case for minutes; without it a choice runs for seconds."""

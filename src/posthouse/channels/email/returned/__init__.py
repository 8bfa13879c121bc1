"""Reading what comes back: bounces, complaints, automatic answers."""

from posthouse.channels.email.returned.reader import read_returned
from posthouse.core.returned.model import Kind, Recipient, Returned
from posthouse.core.suppressions.model import Verdict

__all__ = ["Kind", "Recipient", "Returned", "Verdict", "read_returned"]

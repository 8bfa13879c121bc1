"""Reading what comes back: bounces, complaints, automatic answers."""

from posthouse.channels.email.returned.model import Kind, Recipient, Returned, Verdict
from posthouse.channels.email.returned.reader import read_returned

__all__ = ["Kind", "Recipient", "Returned", "Verdict", "read_returned"]

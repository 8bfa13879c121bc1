"""The one door out: claim, send, judge the outcome, retry."""

"""The part of the lint that reads markup."""

"""The two ways in for returned mail: an SMTP listener for return paths, and a reader of a mailbox (IMAP)."""

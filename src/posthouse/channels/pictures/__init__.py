"""Asking other hosts for the pictures of mails."""

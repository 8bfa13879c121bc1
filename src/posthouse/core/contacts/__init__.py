"""Contacts: the people of a workspace, their addresses, language and attributes."""

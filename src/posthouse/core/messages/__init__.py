"""The one door in: accepting messages, their states and their events."""

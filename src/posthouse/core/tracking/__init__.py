"""What comes back from people: signed links, opens, clicks, ratings, and who does not want more."""

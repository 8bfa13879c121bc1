"""Our own SMTP client: pipelined, pooled, honest about what it knows (RFC 5321, 2920, 3207, 4954)."""

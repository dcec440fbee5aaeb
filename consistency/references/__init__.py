"""Which pictures may define a character, and why one fails."""

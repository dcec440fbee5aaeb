"""What a gate checks, and what it does about a failure."""

"""The named colours of a figure: read, compared, enforced."""

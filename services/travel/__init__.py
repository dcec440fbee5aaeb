"""A character as one file that travels: `archive` is the box, `manifest` what it says is inside."""

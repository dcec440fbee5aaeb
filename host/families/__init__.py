"""Model families, and what each of them offers for a character."""

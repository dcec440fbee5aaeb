"""Embedding injection: a character's identity in the model's cross-attention."""

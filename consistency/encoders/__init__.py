"""Identity encoders: one protocol, one adapter per model."""

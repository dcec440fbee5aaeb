"""Character identity: references in, calibrated scores out."""

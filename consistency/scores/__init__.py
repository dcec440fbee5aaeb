"""Similarities, thresholds, verdicts; one picture, a cast, a sequence."""

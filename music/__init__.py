"""Music and picture tempo: beats, shots, matching, cuts on beats, and the mix."""

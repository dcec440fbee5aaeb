"""Finding heads, people and faces with published detector networks."""

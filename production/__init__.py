"""Episodes: their spec, the rendering of shots, assembly, and the life of jobs."""

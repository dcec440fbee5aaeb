"""Poses: key points in the order of COCO-18, named, normalised, fitted to a build, and drawn."""

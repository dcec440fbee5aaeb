"""Workflows in ComfyUI's API form: read by class and links, and changed so that they keep a character."""

"""The faces served by ComfyUI's web server."""

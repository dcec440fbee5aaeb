"""The only code, beside the nodes, that knows ComfyUI."""

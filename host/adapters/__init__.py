"""IP-Adapters in ComfyUI's UNets: files found, tokens made, cross-attentions patched."""

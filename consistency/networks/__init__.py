"""Networks as ONNX files: loading, checking, and pictures made fit for them."""

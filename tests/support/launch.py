"""Run a ComfyUI with torch for the CPU: ``python launch.py COMFYUI_FOLDER ARGUMENTS…``.

A torchvision that was built for CUDA registers no operators on such a torch and then fails to import,
which stops ComfyUI. Declaring the two operators that its import asks for is enough; ComfyUI calls neither.
"""

import importlib.util
import runpy
import sys
from pathlib import Path


def _declare_torchvision_operators():
    """Return the library that holds the declarations, or None when torchvision brings its own."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        return None
    import torch

    try:
        for binary in Path(spec.origin).parent.glob("_C*"):
            torch.ops.load_library(str(binary))
            return None
    except OSError:
        pass
    operators = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        operators.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return operators


if __name__ == "__main__":
    root = Path(sys.argv[1]).resolve()
    # Kept in a name until the process ends: the declarations go when the library object goes.
    operators = _declare_torchvision_operators()
    sys.path[0] = str(root)
    sys.argv = [str(root / "main.py"), *sys.argv[2:]]
    runpy.run_path(sys.argv[0], run_name="__main__")

"""The command line: ``tower``.

Exit codes: 0 done, 1 a fault, 2 bad input, 130 interrupted.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from ..errors import ConflictError, InputError, NotFoundError, TowerError

_BAD_INPUT = (InputError, NotFoundError, ConflictError)


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    from .commands import app
    from .terminal import stderr

    try:
        code = app(standalone_mode=False)
    except TowerError as error:
        code = _report(error)
    except KeyboardInterrupt:
        stderr().print("Interrupted; what was saved stays.")
        code = 130
    except Exception as error:  # the command is the job, and this is its boundary
        code = _leave(error)
    sys.exit(code if isinstance(code, int) else 0)


def _report(error: TowerError) -> int:
    from .terminal import print_json, stderr

    if "--json" in sys.argv:
        print_json({"error": {"code": error.code, "message": str(error), "field": error.field}})
    stderr().print(str(error), markup=False, soft_wrap=True)
    return 2 if isinstance(error, _BAD_INPUT) else 1


def _leave(error: Exception) -> int:
    """Show a usage error as the option parser does, and any other with its traceback."""
    from .terminal import stderr

    code = getattr(error, "exit_code", None)
    if code is None:
        stderr().print_exception()
        return 1
    show = getattr(error, "show", None)
    if show is not None:
        show()
    return code

"""What importing the pack costs a host, in processor seconds: ``python import_in_host.py HOST PACK``.

Wall time would tell how busy the machine is. The host's own function imports the pack, after all that a host
has imported by then.
"""

import asyncio
import importlib.util
import os
import sys
import time
from pathlib import Path

host, pack = (Path(path).resolve() for path in sys.argv[1:3])
os.chdir(host)
sys.path[0] = str(host)
sys.argv = ["main.py", "--cpu"]

spec = importlib.util.spec_from_file_location("launch", Path(__file__).parents[1] / "support" / "launch.py")
launch = importlib.util.module_from_spec(spec)
spec.loader.exec_module(launch)
operators = launch._declare_torchvision_operators()

import comfy.options  # noqa: E402 - after the path is set
import utils.install_util  # noqa: E402, F401 - before another `utils` takes its name

comfy.options.enable_args_parsing()

import server  # noqa: E402

import nodes  # noqa: E402


async def main() -> None:
    server.PromptServer(asyncio.get_running_loop())
    await nodes.init_extra_nodes(init_custom_nodes=False, init_api_nodes=False)
    begun = time.process_time()
    is_loaded = await nodes.load_custom_node(str(pack))
    sys.stdout.write(f"{is_loaded} {time.process_time() - begun}\n")


asyncio.run(main())

"""Recorders of the tests' own, installed in the running host beside the pack's."""

import sys

import execution
from aiohttp import web
from server import PromptServer

server = PromptServer.instance
recorders = {}


class Seen:
    """A sink that keeps what it is told."""

    def __init__(self):
        self.calls = []

    def queued(self, submission):
        self.calls.append(["queued", submission.prompt_id])

    def started(self, prompt_id):
        self.calls.append(["started", prompt_id])

    def progressed(self, prompt_id, percent):
        self.calls.append(["progressed", prompt_id])

    def node_finished(self, prompt_id, run):
        self.calls.append(["node_finished", prompt_id])

    def ended(self, prompt_id, ending):
        self.calls.append([ending.outcome, prompt_id])


class Raising:
    """A sink that fails whatever it is told."""

    def __getattr__(self, name):
        raise RuntimeError(f"the sink cannot take {name}")


class BareQueue:
    """The host's queue as a future version might have it: to be read, with nothing to wrap."""

    def get_current_queue_volatile(self):
        return server.prompt_queue.get_current_queue_volatile()

    def get_history(self, **which):
        return server.prompt_queue.get_history(**which)


class BareServer:
    prompt_queue = BareQueue()


class BareExecutor:
    pass


def recorder_class():
    """Return the pack's class; its module's name depends on where the pack lies."""
    return next(m.Recorder for name, m in list(sys.modules.items()) if name.endswith(".host.recorder"))


def functions():
    """Return the functions of the host that a recorder wraps, as they stand now."""
    queue = server.prompt_queue
    names = ("put", "task_done", "delete_queue_item", "wipe_queue")
    return [execution.PromptExecutor.add_message, *(vars(queue).get(name) for name in names)]


@server.routes.post("/probe/recorders/{kind}")
async def install(request):
    kind = request.match_info["kind"]
    sink = Raising() if kind == "raising" else Seen()
    before = functions()
    if kind == "bare":
        real, execution.PromptExecutor = execution.PromptExecutor, BareExecutor
        recorder = recorder_class()(sink, BareServer())
        recorder.install()
        execution.PromptExecutor = real
    else:
        recorder = recorder_class()(sink, server)
        recorder.install()
    recorders[kind] = recorder, sink, before
    wrapped = [now is not then for now, then in zip(functions(), before, strict=True)]
    return web.json_response({"missing": recorder.missing, "wrapped": wrapped})


@server.routes.get("/probe/recorders/{kind}")
async def seen(request):
    return web.json_response(recorders[request.match_info["kind"]][1].calls)


@server.routes.delete("/probe/recorders/{kind}")
async def uninstall(request):
    recorder, _, before = recorders.pop(request.match_info["kind"])
    recorder.uninstall()
    return web.json_response(
        {"restored": [now is then for now, then in zip(functions(), before, strict=True)]}
    )

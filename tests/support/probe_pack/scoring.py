"""A scorer that says what a test wants: installed in the running host in place of the pack's own."""

import dataclasses
import sys

from aiohttp import web
from server import PromptServer

server = PromptServer.instance
real = []


def module(ending):
    """Return a module of the pack; its name depends on where the pack lies."""
    return next(m for name, m in list(sys.modules.items()) if name.endswith(f"tower-anime.{ending}"))


class ScriptedIdentity:
    """Gives the scores of a list, one for each call, and the last one from then on.

    A score may be a list: one for each picture of the batch. None stands for not measured.
    """

    def __init__(self, identity, scores):
        self._identity = identity
        self._scores = scores
        self.n_calls = 0

    def __getattr__(self, name):
        return getattr(self._identity, name)

    def score(self, character, images, **_):
        wanted = self._scores[min(self.n_calls, len(self._scores) - 1)]
        self.n_calls += 1
        scores = wanted if isinstance(wanted, list) else [wanted] * len(images)
        return [verdict(score) for score in scores]

    def score_cast(self, characters, images, **_):
        verdicts = self.score(characters[0], images)
        return [{character.label: one for character in characters} for one in verdicts]


def verdict(score):
    values = module("consistency.verdict")
    if score is None:
        return values.Verdict(
            values.Status.UNKNOWN, "It was told so.", encoder="scripted", encoder_version="1"
        )
    status = values.Status.PASS if score >= 0.5 else values.Status.FAIL
    return values.Verdict(
        status,
        f"It was told {score}.",
        score=score,
        similarity=score,
        threshold=0.5,
        encoder="scripted",
        encoder_version="1",
    )


@server.routes.post("/probe/scorer")
async def install(request):
    services = module("services")
    current = services.current()
    real.append(current)
    scripted = ScriptedIdentity(current.identity, (await request.json())["scores"])
    services.install(dataclasses.replace(current, identity=scripted))
    return web.json_response({})


@server.routes.delete("/probe/scorer")
async def uninstall(_request):
    services = module("services")
    n_calls = services.current().identity.n_calls
    services.install(real.pop())
    return web.json_response({"n_calls": n_calls})

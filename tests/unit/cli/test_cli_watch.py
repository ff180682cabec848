import io
import re

import pytest
from rich.console import Console
from rich.text import Text

from sagemaker_ab.cli.reader import ResourceNotFound
from sagemaker_ab.cli.watch import Frame, watch
from sagemaker_ab.kube.client import KubernetesError


class World:
    """Each look gives the next frame, or raises the next error; the last one stays."""

    def __init__(self, *happenings):
        self.happenings = list(happenings)

    def look(self):
        happening = self.happenings.pop(0) if len(self.happenings) > 1 else self.happenings[0]
        if isinstance(happening, BaseException):
            raise happening
        return happening


def frame(text, content=None):
    return Frame(content=content or text, renderable=Text(text))


def watched(world, *, clients, terminal=False, timeout=None):
    out = io.StringIO()
    console = Console(file=out, width=60, force_terminal=terminal, color_system=None)
    watch(world.look, console=console, clients=clients, timeout=timeout)
    return out.getvalue()


def test_piped_only_what_has_changed_is_printed(clients):
    world = World(frame("age 1s", "same"), frame("age 2s", "same"), frame("shifted"))

    assert watched(world, clients=clients, timeout=10) == "age 1s\nshifted\n"


def test_it_looks_every_second_until_the_timeout(clients, fake_time):
    watched(World(frame("still")), clients=clients, timeout=30)

    assert fake_time.seconds == 30


def test_on_a_terminal_growing_ages_are_redrawn_in_place(clients):
    written = watched(
        World(frame("age 1s", "same"), frame("age 2s", "same")), clients=clients, terminal=True, timeout=3
    )

    assert re.findall(r"age \ds", written)[:2] == ["age 1s", "age 2s"]
    assert "\x1b[2K" in written, "the line before is erased"


def test_a_resource_deleted_meanwhile_ends_the_watch(clients):
    assert (
        watched(World(frame("there"), ResourceNotFound("gone")), clients=clients)
        == "there\nthere\nThe resource was deleted.\n"
    )


def test_a_resource_that_never_was_is_an_error(clients):
    with pytest.raises(ResourceNotFound):
        watched(World(ResourceNotFound("no such")), clients=clients)


def test_an_api_server_that_goes_away_is_said_and_asked_again(clients):
    world = World(frame("there"), KubernetesError("connection refused"), frame("there again"))

    assert watched(world, clients=clients, timeout=5) == (
        "there\n"
        "there\n"
        "The API server could not be read, so this may be out of \n"
        "date: connection refused\n"
        "there again\n"
    )


def test_ctrl_c_ends_it_quietly(clients):
    assert watched(World(frame("there"), KeyboardInterrupt()), clients=clients) == "there\n"

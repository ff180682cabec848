"""Polls and shows changes: redraws in place on a terminal, appends when the output is piped."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from sagemaker_ab.cli.clients import Clients
from sagemaker_ab.cli.reader import ResourceNotFound
from sagemaker_ab.kube.client import KubernetesError

POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One poll: `renderable` is shown; piped output compares `content` to find changes."""

    content: object
    renderable: RenderableType


def watch(
    render: Callable[[], Frame], *, console: Console, clients: Clients, timeout: float | None = None
) -> None:
    """Render every second until the resource is deleted, Ctrl-C, or `timeout` seconds have passed.

    Raises what the first render raises. A later KubernetesError is shown, and polling continues.
    """
    frames = _frames(render, clients=clients, timeout=timeout)
    show = _redraw if console.is_terminal else _append
    try:
        show(frames, console=console)
    except KeyboardInterrupt:
        return


def _frames(render: Callable[[], Frame], *, clients: Clients, timeout: float | None) -> Iterator[Frame]:
    ends = None if timeout is None else clients.monotonic() + timeout
    last = render()
    yield last
    while ends is None or clients.monotonic() < ends:
        clients.sleep(POLL_SECONDS)
        try:
            last = render()
            yield last
        except ResourceNotFound:
            yield Frame(
                content=None, renderable=Group(last.renderable, Text("The resource was deleted.", "yellow"))
            )
            return
        except KubernetesError as error:
            words = Text(f"The API server could not be read, so this may be out of date: {error}", "red")
            yield Frame(content=str(error), renderable=Group(last.renderable, words))


def _redraw(frames: Iterator[Frame], *, console: Console) -> None:
    # Ages change although the content does not, so the rendered text decides.
    before = None
    with Live(console=console, auto_refresh=False) as live:
        for frame in frames:
            text = "".join(segment.text for segment in console.render(frame.renderable))
            if text != before:
                live.update(frame.renderable, refresh=True)
                before = text


def _append(frames: Iterator[Frame], *, console: Console) -> None:
    # The content decides: ages alone would print a page each second.
    before: object = None
    for frame in frames:
        if frame.content != before:
            console.print(frame.renderable, crop=False)
            before = frame.content

"""Looking again and again: redrawn in place on a terminal, printed anew when piped."""

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
    """What there is to see: `content` tells whether anything changed, `renderable` is how it looks."""

    content: object
    renderable: RenderableType


def watch(
    render: Callable[[], Frame], *, console: Console, clients: Clients, timeout: float | None = None
) -> None:
    """Look every second until the resource is gone, Ctrl-C, or `timeout` seconds have passed.

    Raises what the first render raises; later, an API server that does not answer is asked again.
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
                content=None, renderable=Group(last.renderable, Text("It has been deleted.", "yellow"))
            )
            return
        except KubernetesError as error:
            words = Text(f"The API server cannot be asked and this may be old: {error}", "red")
            yield Frame(content=str(error), renderable=Group(last.renderable, words))


def _redraw(frames: Iterator[Frame], *, console: Console) -> None:
    """Ages grow though nothing else changes, so what counts is how a frame looks."""
    before = None
    with Live(console=console, auto_refresh=False) as live:
        for frame in frames:
            text = "".join(segment.text for segment in console.render(frame.renderable))
            if text != before:
                live.update(frame.renderable, refresh=True)
                before = text


def _append(frames: Iterator[Frame], *, console: Console) -> None:
    """Only what has changed is printed: nobody wants a page per second because of an age."""
    before: object = None
    for frame in frames:
        if frame.content != before:
            console.print(frame.renderable, crop=False)
            before = frame.content

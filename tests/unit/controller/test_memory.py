"""What a process remembers of a resource, between passes that go wrong."""

from sagemaker_ab.api.conditions import Reason
from sagemaker_ab.controller.memory import Memory
from sagemaker_ab.planning.trouble import Trouble

TROUBLE = Trouble(Reason.INVALID_SPEC, "words")


def test_a_new_generation_is_faced_as_if_nothing_had_gone_wrong():
    memory = Memory()
    memory.note_wish(1, None)
    memory.note_setback(None, TROUBLE)
    memory.note_wish(2, None)
    assert memory.setbacks == 0


def test_a_new_request_to_reconcile_is_too():
    memory = Memory()
    memory.note_wish(1, None)
    memory.note_setback(None, TROUBLE)
    memory.note_wish(1, "now")
    assert memory.setbacks == 0


def test_setbacks_add_up_while_the_same_wish_waits_for_an_answer():
    """Else a resource whose first reads all fail would never say so, and never wait longer."""
    memory = Memory()
    for _ in range(3):
        memory.note_wish(1, None)
        memory.note_setback(None, TROUBLE)
    assert memory.setbacks == 3

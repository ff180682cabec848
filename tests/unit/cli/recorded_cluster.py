"""The API server with a resource in a recorded state of its run, for tests of the commands that steer it."""

import copy

from tests.unit.cli.recorded_states import load

COMMANDS = ("approve", "promote", "abort", "hold", "resume", "retry")
RUN = load("waiting for approval").resource["status"]["traffic"]["run"]
HOLD = load("ramping").resource["status"]["traffic"]["gates"][0]["message"]
"""Until when the step lasts."""


class Cluster:
    """The API server, with one resource in a recorded state."""

    def __init__(self, kubernetes):
        self.kubernetes = kubernetes
        self.on_read = []
        """Called before one read each."""
        self._get = kubernetes.get
        kubernetes.get = self.get

    def has(self, state):
        """Put a copy of the recorded resource in place, and return it."""
        resource = copy.deepcopy(load(state).resource)
        self.kubernetes.objects[:] = [resource]
        return resource

    def get(self, namespace, name):
        if self.on_read:
            self.on_read.pop(0)()
        return copy.deepcopy(self._get(namespace, name))

    @property
    def resource(self):
        [resource] = self.kubernetes.objects
        return resource

    @property
    def traffic(self):
        return self.resource["status"]["traffic"]

    def changed(self):
        """Count a write of somebody else."""
        metadata = self.resource["metadata"]
        metadata["resourceVersion"] = str(int(metadata["resourceVersion"]) + 1)

    def consumes(self, command, value, effect="Applied", message="It is done."):
        """Write the entry of a command, as the operator does."""
        entry = {
            "command": command,
            "value": value,
            "at": "2026-01-01T02:00:00Z",
            "effect": effect,
            "message": message,
        }
        others = [each for each in self.traffic.get("commands", []) if each["command"] != command]
        self.traffic["commands"] = [*others, entry]
        self.changed()


def patches(kubernetes):
    prefix = "sagemaker-ab.dev/"
    return [{key.removeprefix(prefix): value for key, value in patch.items()} for patch in kubernetes.patches]

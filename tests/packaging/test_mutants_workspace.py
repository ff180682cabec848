"""mutmut works in a copy of the sources."""

from hack.mutants.workspace import workspace


def test_a_copy_has_mutants_of_the_chosen_packages_and_is_removed():
    with workspace(["kube"], ["tests/unit/kube"]) as space:
        mutants = space.mutants()
        source = space.source(mutants[0])

    assert {mutant.package for mutant in mutants} == {"kube"}
    assert "EventRecorder.record" in {mutant.function for mutant in mutants}
    assert f"def {mutants[0].function.split('.')[-1]}(" in source
    assert not space.root.exists()

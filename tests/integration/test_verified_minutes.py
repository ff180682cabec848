"""From reads of AWS to rows of a run: counts only with weights that held, and a replay decides alike."""

import pytest

from sagemaker_ab.api.policies.traffic_policy import parse_policy
from sagemaker_ab.aws.observe import DirectObserver
from sagemaker_ab.cli.replaying.counts_file import read_counts
from sagemaker_ab.cli.replaying.counts_writer import counts_csv
from sagemaker_ab.cli.replaying.replayer import replay_counts
from sagemaker_ab.planning.weight_history import WeightHistory, WeightObservation, rows_of
from sagemaker_ab.traffic.run import Run
from sandbox.aws.ledger import row
from tests.unit.controller.run_stage import KEY, RunStage, next_first

VARIANTS = ("VariantA", "VariantB")
MODIFIED_TIME = [each.value for each in row("sm.uewc.modified-time").variants]
POLICY = parse_policy(
    {
        "traffic": {
            "strategy": "Stepped",
            "stepped": {
                "baseline": "VariantA",
                "candidate": "VariantB",
                "steps": [{"percent": 10}],
                "guardrails": [{"metric": "ServerErrors"}],
            },
        }
    }
).policy


class Reconciled(RunStage):
    """The endpoint, whose weights are observed, and whose rows are taken, in each minute."""

    def __init__(self, **sim):
        super().__init__(rate=100, **sim)
        self.history = WeightHistory(variants=VARIANTS)
        self.rows = {}
        self.delivered = []
        self.changing = []
        """From when to when the weights were not settled."""
        self.observe()
        self.watch()

    def observe(self):
        read = DirectObserver().observe(self.region, "reviews")
        observation = WeightObservation.of(read.endpoint, began=read.read_at, ended=read.now)
        self.history = self.history.observed(observation)

    def reconcile(self, *, minutes):
        for _ in range(minutes):
            self.sim.advance(minutes=1)
            self.observe()
            self.tick()
            if self.monitor.newest(KEY) is None:
                continue
            read = self.read()
            for each in rows_of(read.counts, self.history):
                if not each.counts.verified:
                    continue
                if self.rows.get((each.at, each.variant)) != each:
                    self.delivered.append(each)
                self.rows[each.at, each.variant] = each
            self.watch(first=next_first(read))

    def shift(self, percent):
        """Change the weights as the operator does."""
        self.history = self.history.call_sent(self.now())
        weights = {"VariantA": 100 - percent, "VariantB": percent}
        self.region.sagemaker_writes.update_endpoint_weights_and_capacities(
            EndpointName="reviews",
            DesiredWeightsAndCapacities=[
                {"VariantName": name, "DesiredWeight": weight} for name, weight in weights.items()
            ],
        )
        began = self.now()
        while self._updating():
            self.sim.advance(seconds=1)
        self.changing.append((began, self.now()))

    def _updating(self):
        described = self.region.sagemaker.describe_endpoint(EndpointName="reviews")
        return described["EndpointStatus"] == "Updating"

    def minutes(self, percent):
        return {
            at
            for (at, name), each in self.rows.items()
            if name == "VariantB" and each.counts.weight == percent
        }


@pytest.fixture(params=MODIFIED_TIME)
def reconciled(request):
    """Ten minutes at half and half, then twenty at ten percent."""
    stage = Reconciled(variants={"sm.uewc.modified-time": MODIFIED_TIME.index(request.param)})
    stage.reconcile(minutes=10)
    stage.shift(10)
    stage.reconcile(minutes=24)
    return stage


def test_no_row_is_of_a_minute_in_which_the_weights_changed(reconciled):
    ((began, ended),) = reconciled.changing
    during = set(range(int(began // 60), int(ended // 60) + 1))
    assert not during & {at for at, _ in reconciled.rows}
    assert all(at < min(during) for at in reconciled.minutes(50))
    assert all(at > max(during) for at in reconciled.minutes(10))


def test_all_other_minutes_have_rows_but_for_those_next_to_the_change(reconciled):
    assert len(reconciled.minutes(50)) >= 8
    assert len(reconciled.minutes(10)) >= 18


def test_the_counts_of_a_row_fit_its_weights(reconciled):
    for percent in (50, 10):
        shares = [reconciled.rows[at, "VariantB"].counts.invocations for at in reconciled.minutes(percent)]
        assert sum(shares) / len(shares) == pytest.approx(percent, abs=5)


def test_an_export_of_the_rows_is_decided_as_the_rows_are(reconciled):
    recorded = read_counts(counts_csv(reconciled.delivered), source="export")
    assert {(each.at, each.variant): each for each in recorded.rows} == reconciled.rows

    run = Run(POLICY, VARIANTS, started=recorded.rows[0].at)
    replayed = Run(POLICY, VARIANTS, started=recorded.rows[0].at)
    for look in replay_counts(recorded, replayed, every_minutes=1, approved=()):
        now = look.decision.at
        run.ingest(each for each in reconciled.rows.values() if each.at == now - 1)
        assert run.look(now) == look.decision

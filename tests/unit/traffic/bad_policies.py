"""Invalid policies, each with the path, value and bound that its message must name."""

AB = {"baseline": "A", "hypothesis": {"metric": "Successes"}}
STEPS = [{"percent": 10}, {"percent": 100}]
STEPPED = {"baseline": "A", "candidate": "B", "steps": STEPS}
BANDIT = {"metric": "Successes"}
GUARD = {"metric": "ServerErrors", "noWorseThanPercent": 10}
BREAKER = {"metric": "ServerErrors", "maxRate": "0.2"}


def ab(**changes):
    return {"strategy": "ABTest", "abTest": AB | changes}


def stepped(**changes):
    return {"strategy": "Stepped", "stepped": STEPPED | changes}


def bandit(**changes):
    return {"strategy": "Bandit", "bandit": BANDIT | changes}


def hypothesis(**changes):
    return ab(hypothesis={"metric": "Successes"} | changes)


def allocation(*percents):
    return ab(
        allocation=[{"variant": name, "percent": each} for name, each in zip("ABC", percents, strict=False)]
    )


BAD_POLICIES = [
    ({"strategy": "Canary"}, ["traffic.strategy", '"Canary"', "'Stepped', 'ABTest' or 'Bandit'"]),
    ({}, ["traffic.strategy", "is required"]),
    ({"strategy": "ABTest"}, ["traffic.abTest", "must be set if strategy is ABTest"]),
    ({"strategy": "Bandit", "abTest": AB}, ["traffic.bandit", "must be set if strategy is Bandit"]),
    ({"strategy": "Bandit", "abTest": AB}, ["traffic.abTest", "if strategy is ABTest, and only then"]),
    (ab() | {"bandit": BANDIT}, ["traffic.bandit", "if strategy is Bandit, and only then"]),
    (ab() | {"stepped": STEPPED}, ["traffic.stepped", "if strategy is Stepped, and only then"]),
    (ab(seed=1), ["traffic.abTest.seed", "1", "the field is unknown"]),
    ({"strategy": "ABTest", "abTest": {"baseline": "A"}}, ["traffic.abTest.hypothesis", "is required"]),
    ({"strategy": "ABTest", "abTest": {"hypothesis": AB["hypothesis"]}}, ["abTest.baseline", "is required"]),
    (ab(baseline="a_b"), ["traffic.abTest.baseline", '"a_b"', "pattern"]),
    (hypothesis(metric="Revenue"), ["hypothesis.metric", '"Revenue"', "'Latency' or 'Successes'"]),
    (hypothesis(expect="Better"), ["hypothesis.expect", '"Better"', "'NonInferior' or 'Different'"]),
    (hypothesis(goal="Up"), ["hypothesis.goal", '"Up"', "'Increase' or 'Decrease'"]),
    (
        ab(hypothesis={"metric": "Latency", "goal": "Increase"}),
        ["traffic.abTest.hypothesis.goal", "must be Decrease for Latency"],
    ),
    (
        hypothesis(marginPercent=5),
        ["abTest.hypothesis.marginPercent", "if expect is NonInferior, but 5 is set and expect is Superior"],
    ),
    (
        hypothesis(expect="NonInferior", marginPercent=100),
        ["marginPercent", "100", "less than or equal to 99"],
    ),
    (
        hypothesis(expect="NonInferior", marginPercent=5, minimumEffectPercent=7),
        ["hypothesis.minimumEffectPercent", "if expect is NonInferior, but it is 7"],
    ),
    (hypothesis(minimumEffectPercent=0), ["minimumEffectPercent", "0", "greater than or equal to 1"]),
    (ab(errorRates={"falseWinner": 0.05}), ["errorRates.falseWinner", "0.05 should be a quoted decimal"]),
    (
        ab(errorRates={"falseWinner": "0.9"}),
        ["errorRates.falseWinner", "must be from 0.0001 to 0.5, but it is 0.9"],
    ),
    (
        ab(errorRates={"falseAlarm": "0.00001"}),
        ["errorRates.falseAlarm", "must be from 0.0001 to 0.5, but it is 0.00001"],
    ),
    (ab(errorRates={"power": "1"}), ["errorRates.power", "must be from 0.5 to 0.99, but it is 1"]),
    (allocation(50, 40), ["traffic.abTest.allocation", "must be 100 in total, but it is 90"]),
    (allocation(100, 0), ["abTest.allocation[1].percent", "0 should be greater than or equal to 1"]),
    (allocation(100), ["abTest.allocation", "at least 2 items", "1"]),
    (
        ab(allocation=[{"variant": "B", "percent": 50}, {"variant": "C", "percent": 50}]),
        ["traffic.abTest.baseline", "entry in allocation, but there is no entry A"],
    ),
    (
        ab(allocation=[{"variant": "A", "percent": 50}, {"variant": "A", "percent": 50}]),
        ["traffic.abTest.allocation", "each variant must be unique, but A is repeated"],
    ),
    (ab(minDurationSeconds=90), ["abTest.minDurationSeconds", "90", "multiple of 60"]),
    (ab(maxDurationSeconds=60), ["abTest.maxDurationSeconds", "60 is less than 604800"]),
    (
        ab(guardrails=[GUARD, GUARD]),
        ["abTest.guardrails", "each metric must be unique, but ServerErrors is repeated"],
    ),
    (
        ab(guardrails=[{"metric": "Successes", "noWorseThanPercent": 100}]),
        ["guardrails[0].noWorseThanPercent", "must be less than 100", "but it is 100"],
    ),
    (ab(guardrails=[GUARD | {"onBreach": "Warn"}]), ["guardrails[0].onBreach", '"Warn"', "'Hold'"]),
    (
        ab(rampUp={"steps": [{"percent": 20}, {"percent": 5}]}),
        ["abTest.rampUp.steps", "greater than that of the step before, but they are [20, 5]"],
    ),
    (
        {"strategy": "Stepped", "stepped": {"steps": STEPS}},
        ["traffic.stepped", "at least one of baseline and candidate must be set"],
    ),
    (stepped(candidate="A"), ["traffic.stepped.candidate", "another variant than baseline, but both are A"]),
    (stepped(steps=[]), ["stepped.steps", "at least 1 item", "0"]),
    (
        stepped(steps=[{"percent": 50}, {"percent": 50}]),
        ["traffic.stepped.steps", "greater than that of the step before, but they are [50, 50]"],
    ),
    (stepped(breakers=[BREAKER | {"forMinutes": 16}]), ["breakers[0].forMinutes", "16", "equal to 15"]),
    (
        stepped(breakers=[{"metric": "Latency", "maxRate": "0.2"}]),
        ["breakers[0].maxRate", "cannot be set if metric is Latency, but it is 0.2"],
    ),
    (
        stepped(breakers=[{"metric": "Latency"}]),
        ["breakers[0].maxMicros", "must be set if metric is Latency, and only then"],
    ),
    (
        stepped(breakers=[BREAKER | {"maxMicros": 5}]),
        ["breakers[0].maxMicros", "must be set if metric is Latency, and only then"],
    ),
    (
        stepped(breakers=[BREAKER | {"maxRate": "20"}]),
        ["breakers[0].maxRate", "must be from 0.001 to 0.99, but it is 20"],
    ),
    (
        stepped(breakers=[BREAKER | {"metric": "Successes"}]),
        ["breakers[0].metric", '"Successes"', "'Latency'"],
    ),
    (stepped(steps=[{"percent": "10"}]), ["stepped.steps[0].percent", '"10"', "integer"]),
    (stepped(steps=[{"percent": 0}]), ["stepped.steps[0].percent", "0", "greater than or equal to 1"]),
    (stepped(steps=[{"percent": 10.5}]), ["stepped.steps[0].percent", "10.5", "integer"]),
    (stepped(steps=[{"percent": 101}]), ["stepped.steps[0].percent", "101", "less than or equal to 100"]),
    (stepped(steps=[{"hold": {}}]), ["stepped.steps[0].percent", "is required"]),
    (
        stepped(steps=[{"percent": 5, "hold": {"minRequests": 0}}]),
        ["stepped.steps[0].hold.minRequests", "0", "greater than or equal to 1"],
    ),
    (stepped(steps=[{"percent": 5, "approval": True}]), ["steps[0].approval", "true", "'NotRequired'"]),
    (stepped(advanceOn="Always"), ["stepped.advanceOn", '"Always"', "'NoHarmDetected' or 'NonInferior'"]),
    (stepped(onNoTraffic="Warn"), ["stepped.onNoTraffic", '"Warn"', "'Hold' or 'Rollback'"]),
    (
        stepped(onSampleRatioMismatch="Ignore"),
        ["stepped.onSampleRatioMismatch", '"Ignore"', "'Hold' or 'Rollback'"],
    ),
    (stepped(mode="DryRun"), ["stepped.mode", '"DryRun"', "'Apply' or 'Observe'"]),
    (stepped(deadlineSeconds=0), ["stepped.deadlineSeconds", "0", "greater than or equal to 60"]),
    (stepped(falseAlarmRate="1e-3"), ["stepped.falseAlarmRate", '"1e-3" should match pattern']),
    (stepped(falseAlarmRate="0.6"), ["stepped.falseAlarmRate", "must be from 0.0001 to 0.5, but it is 0.6"]),
    (
        stepped(guardrails=[GUARD | {"noWorseThanPercent": -1}]),
        ["guardrails[0].noWorseThanPercent", "-1", "greater than or equal to 0"],
    ),
    (stepped(guardrails=[{"noWorseThanPercent": 5}]), ["stepped.guardrails[0].metric", "is required"]),
    (
        stepped(guardrails=[GUARD | {"goal": "Increase"}]),
        ["guardrails[0].goal", "must be Decrease for ServerErrors; Increase is for Successes only"],
    ),
    (ab(attributionSeconds=3660), ["abTest.attributionSeconds", "3660", "less than or equal to 3600"]),
    (ab(onWinner="promote"), ["abTest.onWinner", '"promote"', "'Promote' or 'KeepWeights'"]),
    (bandit(metric="Latency"), ["bandit.metric", '"Latency"', "'Successes'"]),
    (bandit(floorPercent=50, ceilingPercent=40), ["bandit.floorPercent", "50 is not less than 40"]),
    (bandit(updateSeconds=300), ["bandit.updateSeconds", "300", "greater than or equal to 600"]),
    (bandit(guardrails=[GUARD]), ["traffic.bandit.baseline", "is required if there are guardrails"]),
    (bandit(goal="Increase", metric="ModelErrors"), ["bandit.goal", "must be Decrease for ModelErrors"]),
    (bandit(falseAlarmRate="0.6"), ["bandit.falseAlarmRate", "must be from 0.0001 to 0.5, but it is 0.6"]),
    (
        bandit(stop={"falseWinner": "0"}),
        ["bandit.stop.falseWinner", "must be from 0.0001 to 0.5, but it is 0"],
    ),
    (bandit(seed=-1), ["bandit.seed", "-1", "greater than or equal to 0"]),
    (
        stepped(steps=[{"percent": 100}], guardrails=[GUARD]),
        ["traffic.stepped.guardrails", "must be empty if the first step has percent 100"],
    ),
    (
        stepped(advanceOn="NonInferior"),
        ["traffic.stepped.advanceOn", "NonInferior requires at least one guardrail"],
    ),
    (
        stepped(bakeSeconds=86400),
        ["traffic.stepped.deadlineSeconds", "but 86400 is not greater than 88200"],
    ),
    (
        {
            "strategy": "ABTest",
            "abTest": allocation(50, 50)["abTest"] | {"rampUp": {"steps": [{"percent": 60}]}},
        },
        ["traffic.abTest.rampUp", "at most the challengers' allocation, but 60 is greater than 50"],
    ),
]

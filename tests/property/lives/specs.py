"""Which specs lives have, and how people change them: hypothesis strategies for both."""

from dataclasses import replace

from hypothesis import strategies as st

from tests.property.lives.sketch import IMAGE, Action, Model, Scaling, Sketch, Steps, Variant

NAMES = ("VariantA", "VariantB", "VariantC", "VariantD")
MODELS = ("bert-a", "bert-b", "bert-c")
TYPES = ("ml.m5.large", "ml.m5.xlarge", "ml.c5.large", "ml.g4dn.xlarge")
UNKNOWN_VERSION = "0.0.1"
"""A version of PyTorch for which there is no image."""

_WEIGHTS = st.sampled_from([0, 1, 10, 50, 90, 100])
_IMAGES = st.sampled_from([IMAGE, IMAGE.replace(":1", ":2"), "1.6.0", "1.6", "1.8"])
_TAGS = st.dictionaries(st.sampled_from(["team", "stage"]), st.sampled_from(["search", "ads", ""]))


_SCHEDULES = st.sampled_from(
    [
        ("rate(1 minute)", ""),
        ("rate(7 minutes)", ""),
        ("rate(1 hour)", ""),
        ("cron(0/20 * * * ? *)", "Europe/Berlin"),
        ("cron(10 0-23/2 ? * MON-FRI *)", ""),
        ("cron(30 1 L * ? *)", "Asia/Kolkata"),
        ("at(2026-01-01T01:00:00)", ""),
        ("at(2025-12-31T21:15:00)", "America/New_York"),
    ]
)
"""Expressions and time zones; a life begins with the year 2026, by UTC, and lasts some hours."""
_KINDS = st.sampled_from(["scaleIn", "scaleOut", "scheduled"])
_SUSPENDED = st.just({}) | st.dictionaries(_KINDS, st.booleans(), max_size=2)
_STEPS = st.none() | st.builds(
    Steps, st.sampled_from(["burst", "spike"]), st.sampled_from([100, 900]), st.integers(1, 2)
)
_FOREIGN = st.sampled_from(["", "", "Report", "Remove"])


@st.composite
def actions(draw, most):
    """Draw a scheduled action, which sets both bounds or the minimum alone."""
    schedule, zone = draw(_SCHEDULES)
    low = draw(st.integers(1, most))
    high = draw(st.none() | st.integers(low, low + 3))
    name = draw(st.sampled_from(["peak", "night"]))
    return Action(name, schedule, low, high, zone)


def schedules(most):
    """Draw no scheduled action, or one, or two of different names.

    The API server refuses a minimum alone that is above a maximum that another action sets. Two actions that
    run every few minutes, or at the same times, and set different bounds would keep AWS at work for ever.
    """
    drawn = st.just([]) | st.lists(actions(most), max_size=2, unique_by=(lambda one: one.name, _times))
    return drawn.map(tuple).filter(_never_cross)


def _times(action):
    return "minutes" if "minute" in action.schedule else action.schedule


def _never_cross(drawn):
    maximums = [action.most for action in drawn if action.most is not None]
    return all(action.least <= min(maximums, default=action.least) for action in drawn if action.most is None)


@st.composite
def scalings(draw):
    least, more = draw(st.integers(1, 3)), draw(st.integers(0, 3))
    start = draw(st.none() | st.integers(least, least + more))
    target, policy = draw(st.sampled_from([70, 5])), draw(st.sampled_from(["invocations", "requests"]))
    rest = {
        "steps": draw(_STEPS),
        "actions": draw(schedules(least + more)),
        "suspended": draw(_SUSPENDED),
        "foreign": draw(_FOREIGN),
    }
    return Scaling(least, least + more, start, target, policy, **rest)


SIZES = st.integers(1, 4) | scalings()


def variants(name):
    return st.builds(
        Variant, st.just(name), st.sampled_from(MODELS), _WEIGHTS, SIZES, st.sampled_from(TYPES[:2])
    )


def models(name):
    return st.builds(Model, st.just(name), _IMAGES)


@st.composite
def sketches(draw):
    """Valid specs of one to four variants, some of which scale, some of one model."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True))
    sketch = Sketch(
        variants=tuple(draw(variants(name)) for name in names),
        models=tuple(draw(models(name)) for name in MODELS),
        tags=draw(_TAGS),
    )
    return _with_traffic(sketch)


def _with_traffic(sketch):
    """Give the first variant a weight if none has one: the API server refuses a sum of 0."""
    if any(variant.weight for variant in sketch.variants):
        return sketch
    return sketch.with_variant(replace(sketch.variants[0], weight=1))


@st.composite
def changes(draw, sketch):
    """Draw a spec that differs from this one as people change specs: in one or two respects."""
    for change in draw(st.lists(st.sampled_from(_CHANGES), min_size=1, max_size=2)):
        sketch = draw(change(sketch))
    return _with_traffic(sketch)


def _of_variant(sketch, **fields):
    """Draw the spec with one of its variants changed."""
    one = st.sampled_from(sketch.variants)
    change = st.fixed_dictionaries(fields)
    return st.builds(lambda variant, new: sketch.with_variant(replace(variant, **new)), one, change)


def _of_model(sketch, **fields):
    used = [model for model in sketch.models if model.name in {v.model for v in sketch.variants}]
    change = st.fixed_dictionaries(fields)
    return st.builds(
        lambda model, new: sketch.with_model(replace(model, **new)), st.sampled_from(used), change
    )


def _weights(sketch):
    weights = st.tuples(*(_WEIGHTS for _ in sketch.variants))
    return weights.map(
        lambda new: replace(
            sketch, variants=tuple(replace(v, weight=w) for v, w in zip(sketch.variants, new, strict=True))
        )
    )


def _scaling(sketch):
    """Change one part of the autoscaling of a variant, if any scales."""
    scaled = [variant for variant in sketch.variants if isinstance(variant.size, Scaling)]
    if not scaled:
        return st.just(sketch)

    def changed(variant):
        size = variant.size
        parts = st.one_of(
            st.fixed_dictionaries({"steps": _STEPS}),
            st.fixed_dictionaries({"actions": schedules(size.most)}),
            st.fixed_dictionaries({"suspended": _SUSPENDED}),
            st.fixed_dictionaries({"foreign": _FOREIGN}),
        )
        return parts.map(lambda part: sketch.with_variant(replace(variant, size=replace(size, **part))))

    return st.sampled_from(scaled).flatmap(changed)


def _weights_and_sizes(sketch):
    """Change the roles of all variants at once: what serves shrinks, what was small takes over."""
    new = st.tuples(*(st.tuples(_WEIGHTS, SIZES) for _ in sketch.variants))
    return new.map(
        lambda new: replace(
            sketch,
            variants=tuple(
                replace(v, weight=weight, size=size)
                for v, (weight, size) in zip(sketch.variants, new, strict=True)
            ),
        )
    )


def _variant_added(sketch):
    free = [name for name in NAMES if name not in {v.name for v in sketch.variants}]
    if not free:
        return st.just(sketch)
    added = st.sampled_from(free).flatmap(variants)
    return added.map(lambda variant: replace(sketch, variants=(*sketch.variants, variant)))


def _variant_removed(sketch):
    if len(sketch.variants) == 1:
        return st.just(sketch)
    gone = st.sampled_from(sketch.variants)
    return gone.map(lambda one: replace(sketch, variants=tuple(v for v in sketch.variants if v != one)))


def _variant_renamed(sketch):
    free = [name for name in NAMES if name not in {v.name for v in sketch.variants}]
    if not free:
        return st.just(sketch)
    pairs = st.tuples(st.sampled_from(sketch.variants), st.sampled_from(free))
    return pairs.map(
        lambda pair: replace(
            sketch,
            variants=tuple(replace(v, name=pair[1]) if v == pair[0] else v for v in sketch.variants),
        )
    )


def _tags(sketch):
    return _TAGS.map(lambda tags: replace(sketch, tags=tags))


def _rest(sketch):
    new = st.fixed_dictionaries(
        {"interval": st.sampled_from([60, 300]), "deletion": st.sampled_from(["Delete", "Retain"])}
    )
    return new.map(lambda fields: replace(sketch, **fields))


_CHANGES = (
    _weights,
    _weights,
    _weights_and_sizes,
    lambda sketch: _of_variant(sketch, size=SIZES),
    _scaling,
    _scaling,
    lambda sketch: _of_variant(sketch, size=SIZES, weight=_WEIGHTS),
    lambda sketch: _of_variant(sketch, type=st.sampled_from(TYPES)),
    lambda sketch: _of_variant(sketch, model=st.sampled_from(MODELS)),
    lambda sketch: _of_model(sketch, revision=st.sampled_from(["", "2", "3"])),
    lambda sketch: _of_model(sketch, image=_IMAGES | st.just(UNKNOWN_VERSION)),
    lambda sketch: _of_model(sketch, environment=st.sampled_from(["", "fast"])),
    _variant_added,
    _variant_removed,
    _variant_renamed,
    _tags,
    _rest,
)

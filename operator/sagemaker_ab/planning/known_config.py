"""The config in use, also after somebody has deleted it: status and the spec may still hold its content."""

from sagemaker_ab.planning.desired import Desired, DesiredVariant
from sagemaker_ab.planning.observed import Observed, ObservedConfig
from sagemaker_ab.planning.remembered import Remembered


def known_config(desired: Desired, observed: Observed, remembered: Remembered) -> ObservedConfig | None:
    """Return the config in use; if it was deleted, with the content that status or the spec has for its name.

    None if its content is not known.
    """
    if observed.config_in_use is not None or observed.endpoint is None:
        return observed.config_in_use
    known = (remembered.applied_config, ObservedConfig(desired.config_name, desired.config_content))
    name = observed.endpoint.config_name
    return next((config for config in known if config is not None and config.name == name), None)


def runs_as_desired(config: ObservedConfig | None, variant: DesiredVariant) -> bool:
    """Return whether a variant runs on the desired instance type, so that counts mean the same.

    `config` is the config in use. Where it is not known, neither is the type, and the variant does not.
    """
    return config is not None and config.instance_type(variant.name) == variant.instance_type

"""Settings come from the environment, and a bad one names itself."""

import pytest
from pydantic import ValidationError

from sagemaker_ab.controller.settings import Settings


def test_defaults_stand_where_nothing_or_an_empty_value_is_given():
    assert Settings.from_environment({"SAGEMAKER_AB_WORKERS": ""}) == Settings()


def test_each_setting_has_a_variable_of_its_name():
    settings = Settings.from_environment({"SAGEMAKER_AB_RESYNC_SECONDS": "2.5", "SAGEMAKER_AB_WORKERS": "4"})

    assert (settings.resync_seconds, settings.workers) == (2.5, 4)


@pytest.mark.parametrize("value", ["soon", "0", "-1"])
def test_a_bad_value_is_refused_by_name(value):
    with pytest.raises(ValidationError, match="poll_seconds"):
        Settings.from_environment({"SAGEMAKER_AB_POLL_SECONDS": value})

"""AWS calls made for a person at a terminal: what goes wrong ends in one exception, with AWS's own words."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from sagemaker_ab.aws.failures import AwsError, Failure, classify


class CallFailed(Exception):
    """A call was refused or got no answer."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.code}: {failure.message}")
        self.failure = failure


@contextmanager
def for_a_person() -> Iterator[None]:
    """Turn botocore's errors, classified or not, into CallFailed."""
    try:
        yield
    except AwsError as error:
        raise CallFailed(error.failure) from error
    except (ClientError, BotoCoreError) as error:
        raise CallFailed(classify(error)) from error

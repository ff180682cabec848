"""Sends commands to AWS."""

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from sagemaker_ab.aws.failures import Failure, classify
from sagemaker_ab.aws.sessions import AwsClients
from sagemaker_ab.planning.commands import Command, Service


def execute(clients: AwsClients, command: Command) -> Failure | None:
    """Send one write, without a retry. Return the failure if AWS refuses it or does not answer."""
    client = {
        Service.SAGEMAKER: clients.sagemaker_writes,
        Service.AUTOSCALING: clients.autoscaling_writes,
        Service.CLOUDWATCH: clients.cloudwatch_writes,
    }
    call = getattr(client[command.service], xform_name(command.operation))
    try:
        call(**command.request)
    except (ClientError, BotoCoreError) as error:
        return classify(error)
    return None

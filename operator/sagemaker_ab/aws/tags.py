"""Tags of SageMaker objects."""

from collections.abc import Mapping

from sagemaker_ab.aws.sessions import AwsClients


def tags_of(clients: AwsClients, arn: str) -> Mapping[str, str]:
    """Read all tags of an object. Raises botocore's errors, also when AWS does not find the object.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListTags.html
    """
    pages = clients.sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
    return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}

"""Services that are not served: their own SDKs read the refusal, whatever protocol they speak."""

import botocore.exceptions
import pytest


@pytest.mark.parametrize(("service", "operation", "name"), [
    ("iam", "list_users", "iam"),
    ("ec2", "describe_vpcs", "ec2"),
    ("s3", "list_buckets", "s3"),
    ("route53", "list_hosted_zones", "route53"),
    ("lambda", "list_functions", "lambda"),
    ("kms", "list_keys", "kms"),
    ("cloudwatch", "list_metrics", "monitoring"),
])
def test_a_service_that_is_not_served_is_named(server, service, operation, name):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        getattr(server.client(service), operation)()
    error = refused.value.response
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert error["Error"]["Code"] == "NotImplemented"
    assert error["Error"]["Message"] == f"The service {name} is not served by this Brume server."

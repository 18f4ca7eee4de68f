"""The differences between the permissions of CloudFormation's handlers and the policies in docs/policies.

A handler names the permissions for all properties of its resource type, also for those that no template sets.
"""

# By type: properties that no template sets, and the permissions that the handlers need for them only.
UNUSED_PROPERTIES: dict[str, dict[str, tuple[str, ...]]] = {
    "AWS::SNS::Topic": {"DataProtectionPolicy": ("sns:PutDataProtectionPolicy",)},
    "AWS::Lambda::Function": {
        "FileSystemConfigs": ("elasticfilesystem:DescribeMountTargets", "s3files:ListMountTargets"),
        "KmsKeyArn": ("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
        "RuntimeManagementConfig": ("lambda:AssociateRuntimeAlias", "lambda:PutRuntimeManagementConfig"),
        "CodeSigningConfigArn": (
            "lambda:DeleteFunctionCodeSigningConfig",
            "lambda:GetCodeSigningConfig",
            "lambda:PutFunctionCodeSigningConfig",
        ),
        "Layers": ("lambda:GetLayerVersion",),
        "CapacityProviderConfig": ("lambda:PassCapacityProvider",),
        "FunctionScalingConfig": ("lambda:PutFunctionScalingConfig",),
        "PublishToLatestPublished": ("lambda:PublishVersion",),
    },
    "AWS::Lambda::EventSourceMapping": {"KmsKeyArn": ("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey")},
    "AWS::IAM::Role": {"Policies": ("iam:DeleteRolePolicy", "iam:PutRolePolicy")},
    "AWS::IAM::ManagedPolicy": {
        "Groups": ("iam:AttachGroupPolicy", "iam:DetachGroupPolicy"),
        "Users": ("iam:AttachUserPolicy", "iam:DetachUserPolicy"),
    },
    "AWS::DynamoDB::Table": {
        "ContributorInsightsSpecification": ("dynamodb:UpdateContributorInsights",),
        "GlobalSecondaryIndexes VectorIndexes": (
            "dynamodb:AssociateTableReplica",
            "dynamodb:CreateTableReplica",
            "iam:CreateServiceLinkedRole",
        ),
        "KinesisStreamSpecification": (
            "dynamodb:DisableKinesisStreamingDestination",
            "dynamodb:EnableKinesisStreamingDestination",
            "dynamodb:UpdateKinesisStreamingDestination",
            "kinesis:DescribeStream",
            "kinesis:PutRecords",
        ),
        "ImportSourceSpecification": (
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:DescribeImport",
            "dynamodb:GetItem",
            "dynamodb:ImportTable",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
            "s3:GetObjectMetadata",
        ),
        "ResourcePolicy": ("dynamodb:DeleteResourcePolicy", "dynamodb:PutResourcePolicy"),
    },
    "AWS::S3::Bucket": {
        "AbacStatus": ("s3:GetBucketAbac", "s3:PutBucketAbac"),
        "AccelerateConfiguration": ("s3:GetAccelerateConfiguration", "s3:PutAccelerateConfiguration"),
        "AccessControl": ("s3:GetBucketAcl", "s3:PutBucketAcl", "s3:PutObjectAcl"),
        "AnalyticsConfigurations": (
            "s3:DeleteBucketAnalyticsConfiguration",
            "s3:GetAnalyticsConfiguration",
            "s3:PutAnalyticsConfiguration",
        ),
        "CorsConfiguration": ("s3:DeleteBucketCors", "s3:GetBucketCORS", "s3:PutBucketCORS"),
        "IntelligentTieringConfigurations": (
            "s3:GetIntelligentTieringConfiguration",
            "s3:PutIntelligentTieringConfiguration",
        ),
        "InventoryConfigurations": ("s3:GetInventoryConfiguration", "s3:PutInventoryConfiguration"),
        "LoggingConfiguration": ("s3:GetBucketLogging", "s3:PutBucketLogging"),
        "MetadataConfiguration MetadataTableConfiguration": (
            "s3:CreateBucketMetadataTableConfiguration",
            "s3:DeleteBucketMetadataTableConfiguration",
            "s3:DeleteObject",
            "s3:GetBucketMetadataTableConfiguration",
            "s3:UpdateBucketMetadataAnnotationTableConfiguration",
            "s3:UpdateBucketMetadataInventoryTableConfiguration",
            "s3:UpdateBucketMetadataJournalTableConfiguration",
            "s3tables:CreateNamespace",
            "s3tables:CreateTable",
            "s3tables:CreateTableBucket",
            "s3tables:GetTable",
            "s3tables:GetTableMetadataLocation",
            "s3tables:PutTableBucketPolicy",
            "s3tables:PutTableEncryption",
            "s3tables:PutTablePolicy",
            "s3tables:UpdateTableMetadataLocation",
        ),
        "MetricsConfigurations": (
            "s3:DeleteBucketMetricsConfiguration",
            "s3:GetMetricsConfiguration",
            "s3:PutMetricsConfiguration",
        ),
        "ObjectLockConfiguration ObjectLockEnabled": (
            "s3:GetBucketObjectLockConfiguration",
            "s3:PutBucketObjectLockConfiguration",
            "s3:PutObjectLockConfiguration",
        ),
        "ReplicationConfiguration": (
            "s3:DeleteBucketReplication",
            "s3:GetReplicationConfiguration",
            "s3:PutBucketReplication",
            "s3:PutReplicationConfiguration",
        ),
        "WebsiteConfiguration": ("s3:DeleteBucketWebsite", "s3:GetBucketWebsite", "s3:PutBucketWebsite"),
    },
    "AWS::Logs::LogGroup": {
        "BearerTokenAuthenticationEnabled": ("logs:PutBearerTokenAuthentication",),
        "DataProtectionPolicy": (
            "firehose:TagDeliveryStream",
            "logs:CreateLogDelivery",
            "logs:DeleteDataProtectionPolicy",
            "logs:PutDataProtectionPolicy",
            "s3:REST.PUT.OBJECT",
        ),
        "DeletionProtectionEnabled": ("logs:PutLogGroupDeletionProtection",),
        "FieldIndexPolicies": ("logs:DeleteIndexPolicy", "logs:PutIndexPolicy"),
        "ResourcePolicyDocument": ("logs:DeleteResourcePolicy", "logs:PutResourcePolicy"),
    },
    "AWS::CloudTrail::Trail": {
        "AggregationConfigurations": ("cloudtrail:PutEventConfiguration",),
        "InsightSelectors": ("cloudtrail:PutInsightSelectors",),
        "IsOrganizationTrail": (
            "iam:CreateServiceLinkedRole",
            "organizations:DescribeOrganization",
            "organizations:ListAWSServiceAccessForOrganization",
        ),
    },
    "AWS::KMS::Key": {
        "Enabled": ("kms:DisableKey", "kms:EnableKey"),
    },
}

_KEY_POLICY = "a table under a key of the user: the key's policy allows it, see docs/deploy.md"
_NO_ACTION = "IAM has no action of this name; S3 checks the action that puts the configuration"
_KEY_OF_AWS = "a delivery stream is encrypted with a key that AWS owns, which needs no grant"
# By type: permissions that are left out for another reason.
NOT_GRANTED: dict[str, dict[str, str]] = {
    "AWS::IAM::Role": {
        "iam:DeleteRolePermissionsBoundary": "without the boundary a role could have any permission",
        "iam:UpdateAssumeRolePolicy": "the role's trust policy never changes",
    },
    "AWS::DynamoDB::Table": {
        "kms:CreateGrant": _KEY_POLICY,
        "kms:Decrypt": _KEY_POLICY,
        "kms:DescribeKey": _KEY_POLICY,
        "kms:Encrypt": _KEY_POLICY,
        "kms:RevokeGrant": _KEY_POLICY,
    },
    "AWS::S3::Bucket": {"s3:DeleteBucketEncryption": _NO_ACTION, "s3:DeleteBucketLifecycle": _NO_ACTION},
    "AWS::KMS::Key": {"kms:DisableKeyRotation": "the key always rotates"},
    "AWS::KinesisFirehose::DeliveryStream": {
        "kms:CreateGrant": _KEY_OF_AWS,
        "kms:DescribeKey": _KEY_OF_AWS,
        "kms:RevokeGrant": _KEY_OF_AWS,
    },
}

# By policy: permissions that no handler names.
BEYOND_HANDLERS: dict[str, dict[str, str]] = {
    "execution": {
        "ssm:GetParameters": "CloudFormation reads the version of the bootstrap, a parameter of the template"
    },
    "execution-delivery": {
        "secretsmanager:GetSecretValue": "CloudFormation reads the secrets that the template refers to"
    },
    "execution-lineage": {"lambda:InvokeFunction": "CloudFormation invokes the function of a custom resource"},
}

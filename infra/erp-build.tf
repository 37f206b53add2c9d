# What a run needs in the account, for a Terraform configuration that has cluster, function, repositories and parameters
# already: two roles with their policies, the build project, and its log group. The same as infra/pipeline.yaml, from whose
# policies a test lets these not differ. Copy it beside your own files; docs/terraform.md tells what to import and to change.

# The connection to GitHub; its status must be AVAILABLE.
variable "connection_arn" {
  type = string
}

# The bucket of the pipeline; the cache of Maven lies in it too.
variable "artifacts_bucket" {
  type = string
}

# The image of Dockerfile.runner by digest: ...@sha256:... With `engine = false` that of its stage `slim`.
variable "runner_image" {
  type = string
}

# Whether a build has a Docker engine, in privileged mode; false where `erp-build doctor` says that no service needs one.
variable "engine" {
  type    = bool
  default = true
}

variable "build_role_name" {
  type    = string
  default = "erp-dev-codebuild-role"
}

variable "pipeline_role_name" {
  type    = string
  default = "erp-dev-codepipeline-role"
}

variable "project_name" {
  type    = string
  default = "erp-unified-build"
}

variable "parameter_prefix" {
  type    = string
  default = "/erp/dev"
}

variable "repository_prefix" {
  type    = string
  default = "erp"
}

variable "function_name" {
  type    = string
  default = "erp-dev-employee-service"
}

variable "cluster_name" {
  type    = string
  default = "erp-dev"
}

variable "topic_name" {
  type    = string
  default = "erp-dev-alarms"
}

# Whether a service has `publish` or `alias`.
variable "publish" {
  type    = bool
  default = false
}

# Whether the registry scans with Inspector.
variable "enhanced_scanning" {
  type    = bool
  default = false
}

# Whether erp-build.toml has `traces` in `[deploy]`.
variable "traces" {
  type    = bool
  default = false
}

# ARN of repositories of base images beside the project's own, with * for several; empty: there are none.
variable "base_images" {
  type    = string
  default = ""
}

# Whether a push makes repositories, by a template of the registry.
variable "create_on_push" {
  type    = bool
  default = false
}

# Whether [build.sign_in] has public.ecr.aws.
variable "public_ecr" {
  type    = bool
  default = false
}

# `project` of [build.fan_out], whose builds a run may begin; empty: none.
variable "worker_project" {
  type    = string
  default = ""
}

# Whether that project is made here, with a role that cannot deploy; it needs source_repository, and GitHub.
variable "make_workers" {
  type    = bool
  default = false
}

# owner/name on GitHub, the source of workers.
variable "source_repository" {
  type    = string
  default = ""
}

# `workers` of [build.fan_out], or more where several runs may be at work.
variable "workers_at_once" {
  type    = number
  default = 8
}

variable "worker_compute_type" {
  type    = string
  default = "BUILD_GENERAL1_SMALL"
}

# Of a build that is begun by hand; a run gives its workers `timeout` of [build.fan_out].
variable "worker_timeout_minutes" {
  type    = number
  default = 60
}

variable "worker_role_name" {
  type    = string
  default = "erp-dev-worker-role"
}

variable "pipeline_name" {
  type    = string
  default = "erp-unified-pipeline"
}

# Whether a person approves the saved plan before it is deployed.
variable "approval" {
  type    = bool
  default = false
}

# ARN of the domain of [build.codeartifact]; empty: there is none.
variable "code_artifact_domain" {
  type    = string
  default = ""
}

# ARN of its repositories that Maven reads, such as arn:aws:codeartifact:REGION:ACCOUNT:repository/DOMAIN/*.
variable "code_artifact_packages" {
  type    = string
  default = ""
}

# A KMS key of yours for artifacts and SecureStrings; empty: there is none.
variable "key_arn" {
  type    = string
  default = ""
}

# Whether the cluster has access entries: authentication mode API or API_AND_CONFIG_MAP. With CONFIG_MAP the role is mapped
# in aws-auth (docs/terraform.md).
variable "access_entry" {
  type    = bool
  default = false
}

variable "kubernetes_group" {
  type    = string
  default = "erp-build"
}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  here      = "${local.region}:${local.account}" # the part of an ARN that says where
}

data "aws_iam_policy_document" "assumed_by" {
  for_each = toset(["codebuild", "codepipeline"])
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "run" {
  statement {
    sid = "Connection"
    actions = [
      "codeconnections:UseConnection", # the full clone comes through the connection
      "codestar-connections:UseConnection", # the same, as older connections name it
    ]
    resources = [var.connection_arn]
  }
  statement {
    sid = "Objects"
    actions = [
      "s3:GetObject", # the source's artifact and the cache are read
      "s3:GetObjectVersion", # the pipeline names artifacts by version
      "s3:PutObject", # the report and the cache are stored
    ]
    resources = ["arn:${local.partition}:s3:::${var.artifacts_bucket}/*"]
  }
  statement {
    sid = "Bucket"
    actions = [
      "s3:GetBucketAcl", # CodeBuild checks whose bucket it is
      "s3:GetBucketLocation", # CodeBuild checks where the bucket is
    ]
    resources = ["arn:${local.partition}:s3:::${var.artifacts_bucket}"]
  }
  statement {
    sid = "Logs"
    actions = [
      "logs:CreateLogStream", # each build has a stream of its own
      "logs:PutLogEvents", # what a build prints
    ]
    resources = ["arn:${local.partition}:logs:${local.here}:log-group:/aws/codebuild/${var.project_name}:*"]
  }
  statement {
    sid = "Reports"
    actions = [
      "codebuild:CreateReportGroup", # CodeBuild makes the report's group once
      "codebuild:CreateReport", # CodeBuild opens the JUnit report
      "codebuild:BatchPutTestCases", # CodeBuild stores the JUnit report
      "codebuild:UpdateReport", # CodeBuild closes the JUnit report
    ]
    resources = ["arn:${local.partition}:codebuild:${local.here}:report-group/${var.project_name}-*"]
  }
  dynamic "statement" {
    for_each = var.key_arn != "" ? [1] : []
    content {
      sid = "Key"
      actions = [
        "kms:Decrypt", # artifacts and SecureStrings under your own key
        "kms:GenerateDataKey", # artifacts are written under your own key
      ]
      resources = [var.key_arn]
    }
  }
  statement {
    sid = "Parameters"
    actions = [
      "ssm:GetParameters", # the six parameters, and the secrets of checks
    ]
    resources = ["arn:${local.partition}:ssm:${local.here}:parameter${var.parameter_prefix}/*"]
  }
  statement {
    sid = "Registry"
    actions = [
      "ecr:GetAuthorizationToken", # the sign-in for a push; it knows no narrower resource
      "ecr:GetRegistryScanningConfiguration", # basic or enhanced scanning
    ]
    resources = ["*"]
  }
  statement {
    sid = "Images"
    actions = [
      "ecr:BatchGetImage", # is it there, is it the same; also each pull and re-tag
      "ecr:GetDownloadUrlForLayer", # the commit of a running image, and base images
      "ecr:BatchCheckLayerAvailability", # a push asks which layers are there
      "ecr:InitiateLayerUpload", # a push begins a layer
      "ecr:UploadLayerPart", # a push sends a layer
      "ecr:CompleteLayerUpload", # a push ends a layer
      "ecr:PutImage", # the manifest of a push, a re-tag, and `latest`
      "ecr:DescribeImages", # a scan counts only if it is newer than the push
      "ecr:GetLifecyclePolicy", # whether a policy removes what runs or what a rollback needs
      "ecr:BatchGetRepositoryScanningConfiguration", # how is it scanned
      "ecr:StartImageScan", # a scan where none was made on push, or the last is too old
      "ecr:DescribeImageScanFindings", # the findings that are judged
    ]
    resources = ["arn:${local.partition}:ecr:${local.here}:repository/${var.repository_prefix}/*"]
  }
  dynamic "statement" {
    for_each = var.create_on_push ? [1] : []
    content {
      sid = "NewRepositories"
      actions = [
        "ecr:CreateRepository", # the first push makes the repository
      ]
      resources = ["arn:${local.partition}:ecr:${local.here}:repository/${var.repository_prefix}/*"]
    }
  }
  dynamic "statement" {
    for_each = var.create_on_push ? [1] : []
    content {
      sid = "Templates"
      actions = [
        "ecr:DescribeRepositoryCreationTemplates", # whether a push makes a repository that is not there
      ]
      resources = ["*"]
    }
  }
  dynamic "statement" {
    for_each = var.base_images == "" ? [] : [1]
    content {
      sid = "BaseImages"
      actions = [
        "ecr:BatchGetImage", # base images of another prefix, account or region
        "ecr:GetDownloadUrlForLayer", # their layers
        "ecr:BatchImportUpstreamImage", # the first pull through a cache
        "ecr:CreateRepository", # a cache makes a repository at its first pull
      ]
      resources = ["${var.base_images}"]
    }
  }
  dynamic "statement" {
    for_each = var.worker_project != "" ? [1] : []
    content {
      sid = "Workers"
      actions = [
        "codebuild:BatchGetProjects", # whether the builds of the project can be workers, and how many at once
        "codebuild:StartBuild", # a worker begins
        "codebuild:BatchGetBuilds", # how the workers stand
        "codebuild:StopBuild", # a worker that nobody needs any more ends
        "codebuild:ListBuildsForProject", # workers that a killed run has left
      ]
      resources = ["arn:${local.partition}:codebuild:${local.here}:project/${var.worker_project}"]
    }
  }
  dynamic "statement" {
    for_each = var.approval ? [1] : []
    content {
      sid = "Approvals"
      actions = [
        "codepipeline:ListActionExecutions", # who approved the saved plan
      ]
      resources = ["arn:${local.partition}:codepipeline:${local.here}:${var.pipeline_name}"]
    }
  }
  dynamic "statement" {
    for_each = var.public_ecr ? [1] : []
    content {
      sid = "PublicRegistry"
      actions = [
        "ecr-public:GetAuthorizationToken", # more pulls from public.ecr.aws
        "sts:GetServiceBearerToken", # both ask STS for their token in the caller's name
      ]
      resources = ["*"]
    }
  }
  dynamic "statement" {
    for_each = var.code_artifact_domain == "" ? [] : [1]
    content {
      sid = "Domain"
      actions = [
        "codeartifact:GetAuthorizationToken", # the token for Maven
      ]
      resources = ["${var.code_artifact_domain}"]
    }
  }
  dynamic "statement" {
    for_each = var.code_artifact_packages == "" ? [] : [1]
    content {
      sid = "Packages"
      actions = [
        "codeartifact:ReadFromRepository", # Maven reads with that token
      ]
      resources = ["${var.code_artifact_packages}"]
    }
  }
  dynamic "statement" {
    for_each = var.code_artifact_domain == "" ? [] : [1]
    content {
      sid = "BearerToken"
      actions = [
        "sts:GetServiceBearerToken", # both ask STS for their token in the caller's name
      ]
      resources = ["*"]
      condition {
        test     = "StringEquals"
        variable = "sts:AWSServiceName"
        values   = ["codeartifact.amazonaws.com"]
      }
    }
  }
  dynamic "statement" {
    for_each = var.enhanced_scanning ? [1] : []
    content {
      sid = "Inspector"
      actions = [
        "inspector2:ListCoverage", # ECR asks Inspector in the caller's name
        "inspector2:ListFindings", # ECR asks Inspector in the caller's name
      ]
      resources = ["*"]
    }
  }
  statement {
    sid = "Function"
    actions = [
      "lambda:GetFunction", # what the alias leads to
      "lambda:UpdateFunctionCode", # the new image, by digest
    ]
    resources = ["arn:${local.partition}:lambda:${local.here}:function:${var.function_name}"]
  }
  dynamic "statement" {
    for_each = var.publish ? [1] : []
    content {
      sid = "Versions"
      actions = [
        "lambda:PublishVersion", # a numbered version
        "lambda:GetAlias", # the alias is moved only if nobody else has moved it
        "lambda:UpdateAlias", # the alias moves to the new version
        "lambda:CreateAlias", # the first run makes the alias
      ]
      resources = ["arn:${local.partition}:lambda:${local.here}:function:${var.function_name}"]
    }
  }
  dynamic "statement" {
    for_each = var.publish ? [1] : []
    content {
      sid = "Alias"
      actions = [
        "lambda:GetFunction", # what the alias leads to
      ]
      resources = ["arn:${local.partition}:lambda:${local.here}:function:${var.function_name}:*"]
    }
  }
  statement {
    sid = "Cluster"
    actions = [
      "eks:DescribeCluster", # the cluster's address and certificate
    ]
    resources = ["arn:${local.partition}:eks:${local.here}:cluster/${var.cluster_name}"]
  }
  dynamic "statement" {
    for_each = var.traces ? [1] : []
    content {
      sid = "Traces"
      actions = [
        "xray:GetTraceSummaries", # requests before and after a deployment; it knows no narrower resource
      ]
      resources = ["*"]
    }
  }
  statement {
    sid = "FunctionLogs"
    actions = [
      "logs:FilterLogEvents", # the first errors of updated functions, and what `logs` shows
    ]
    resources = ["arn:${local.partition}:logs:${local.here}:log-group:/aws/lambda/${var.function_name}:*"]
  }
  statement {
    sid = "Alarms"
    actions = [
      "cloudwatch:DescribeAlarms", # alarms after a deployment
    ]
    resources = ["arn:${local.partition}:cloudwatch:${local.here}:alarm:*"]
  }
  statement {
    sid = "Targets"
    actions = [
      "elasticloadbalancing:DescribeTargetHealth", # the targets behind the release's Services; it knows no narrower resource
    ]
    resources = ["*"]
  }
  statement {
    sid = "Topic"
    actions = [
      "sns:Publish", # who watches the topic learns of failure and recovery
    ]
    resources = ["arn:${local.partition}:sns:${local.here}:${var.topic_name}"]
  }
}

# What a worker may do: it pushes images, and neither deploys nor judges nor begins a build.
data "aws_iam_policy_document" "worker" {
  statement {
    sid = "Connection"
    actions = [
      "codeconnections:GetConnection", # CodeBuild looks up the connection of a source of its own
      "codeconnections:GetConnectionToken", # and clones with its token
      "codeconnections:UseConnection", # the full clone comes through the connection
      "codestar-connections:GetConnection", # the same, as older connections name it
      "codestar-connections:GetConnectionToken", # the same, as older connections name it
      "codestar-connections:UseConnection", # the same, as older connections name it
    ]
    resources = [var.connection_arn]
  }
  statement {
    sid = "Cache"
    actions = [
      "s3:GetObject", # the source's artifact and the cache are read
      "s3:PutObject", # the report and the cache are stored
    ]
    resources = ["arn:${local.partition}:s3:::${var.artifacts_bucket}/cache-of-workers/*"]
  }
  statement {
    sid = "Bucket"
    actions = [
      "s3:GetBucketAcl", # CodeBuild checks whose bucket it is
      "s3:GetBucketLocation", # CodeBuild checks where the bucket is
    ]
    resources = ["arn:${local.partition}:s3:::${var.artifacts_bucket}"]
  }
  statement {
    sid = "Logs"
    actions = [
      "logs:CreateLogStream", # each build has a stream of its own
      "logs:PutLogEvents", # what a build prints
    ]
    resources = ["arn:${local.partition}:logs:${local.here}:log-group:/aws/codebuild/${var.worker_project}:*"]
  }
  dynamic "statement" {
    for_each = var.key_arn != "" ? [1] : []
    content {
      sid = "Key"
      actions = [
        "kms:Decrypt", # artifacts and SecureStrings under your own key
        "kms:GenerateDataKey", # artifacts are written under your own key
      ]
      resources = [var.key_arn]
    }
  }
  statement {
    sid = "Parameters"
    actions = [
      "ssm:GetParameters", # the six parameters, and the secrets of checks
    ]
    resources = ["arn:${local.partition}:ssm:${local.here}:parameter${var.parameter_prefix}/*"]
  }
  statement {
    sid = "Registry"
    actions = [
      "ecr:GetAuthorizationToken", # the sign-in for a push; it knows no narrower resource
    ]
    resources = ["*"]
  }
  statement {
    sid = "Images"
    actions = [
      "ecr:BatchGetImage", # is it there, is it the same; also each pull and re-tag
      "ecr:GetDownloadUrlForLayer", # the commit of a running image, and base images
      "ecr:BatchCheckLayerAvailability", # a push asks which layers are there
      "ecr:InitiateLayerUpload", # a push begins a layer
      "ecr:UploadLayerPart", # a push sends a layer
      "ecr:CompleteLayerUpload", # a push ends a layer
      "ecr:PutImage", # the manifest of a push, a re-tag, and `latest`
    ]
    resources = ["arn:${local.partition}:ecr:${local.here}:repository/${var.repository_prefix}/*"]
  }
  dynamic "statement" {
    for_each = var.create_on_push ? [1] : []
    content {
      sid = "NewRepositories"
      actions = [
        "ecr:CreateRepository", # the first push makes the repository
      ]
      resources = ["arn:${local.partition}:ecr:${local.here}:repository/${var.repository_prefix}/*"]
    }
  }
  dynamic "statement" {
    for_each = var.create_on_push ? [1] : []
    content {
      sid = "Templates"
      actions = [
        "ecr:DescribeRepositoryCreationTemplates", # whether a push makes a repository that is not there
      ]
      resources = ["*"]
    }
  }
  dynamic "statement" {
    for_each = var.base_images == "" ? [] : [1]
    content {
      sid = "BaseImages"
      actions = [
        "ecr:BatchGetImage", # base images of another prefix, account or region
        "ecr:GetDownloadUrlForLayer", # their layers
        "ecr:BatchImportUpstreamImage", # the first pull through a cache
        "ecr:CreateRepository", # a cache makes a repository at its first pull
      ]
      resources = ["${var.base_images}"]
    }
  }
  dynamic "statement" {
    for_each = var.public_ecr ? [1] : []
    content {
      sid = "PublicRegistry"
      actions = [
        "ecr-public:GetAuthorizationToken", # more pulls from public.ecr.aws
        "sts:GetServiceBearerToken", # both ask STS for their token in the caller's name
      ]
      resources = ["*"]
    }
  }
  dynamic "statement" {
    for_each = var.code_artifact_domain == "" ? [] : [1]
    content {
      sid = "Domain"
      actions = [
        "codeartifact:GetAuthorizationToken", # the token for Maven
      ]
      resources = ["${var.code_artifact_domain}"]
    }
  }
  dynamic "statement" {
    for_each = var.code_artifact_packages == "" ? [] : [1]
    content {
      sid = "Packages"
      actions = [
        "codeartifact:ReadFromRepository", # Maven reads with that token
      ]
      resources = ["${var.code_artifact_packages}"]
    }
  }
  dynamic "statement" {
    for_each = var.code_artifact_domain == "" ? [] : [1]
    content {
      sid = "BearerToken"
      actions = [
        "sts:GetServiceBearerToken", # both ask STS for their token in the caller's name
      ]
      resources = ["*"]
      condition {
        test     = "StringEquals"
        variable = "sts:AWSServiceName"
        values   = ["codeartifact.amazonaws.com"]
      }
    }
  }
}

data "aws_iam_policy_document" "pipeline" {
  statement {
    sid = "Connection"
    actions = [
      "codeconnections:UseConnection", # the source action resolves the commit
      "codestar-connections:UseConnection", # the same, as older connections name it
    ]
    resources = [var.connection_arn]
  }
  statement {
    sid = "Objects"
    actions = [
      "s3:GetObject", # artifacts go from one action to the next
      "s3:GetObjectVersion", # by version
      "s3:PutObject", # the source action stores the reference to the commit
    ]
    resources = ["arn:${local.partition}:s3:::${var.artifacts_bucket}/*"]
  }
  statement {
    sid = "Bucket"
    actions = [
      "s3:GetBucketVersioning", # the pipeline checks that artifacts have versions
    ]
    resources = ["arn:${local.partition}:s3:::${var.artifacts_bucket}"]
  }
  statement {
    sid = "Build"
    actions = [
      "codebuild:StartBuild", # the build action starts the project
      "codebuild:BatchGetBuilds", # and waits for it
    ]
    resources = ["arn:${local.partition}:codebuild:${local.here}:project/${var.project_name}"]
  }
  dynamic "statement" {
    for_each = var.approval ? [1] : []
    content {
      sid = "Approval"
      actions = [
        "sns:Publish", # who approves is told that a plan waits
      ]
      resources = ["arn:${local.partition}:sns:${local.here}:${var.topic_name}"]
    }
  }
  dynamic "statement" {
    for_each = var.key_arn != "" ? [1] : []
    content {
      sid = "Key"
      actions = [
        "kms:Decrypt", # artifacts under your own key
        "kms:GenerateDataKey", # the same
      ]
      resources = [var.key_arn]
    }
  }
}

resource "aws_iam_role" "build" {
  name               = var.build_role_name
  assume_role_policy = data.aws_iam_policy_document.assumed_by["codebuild"].json
}

resource "aws_iam_role_policy" "build" {
  name   = "run"
  role   = aws_iam_role.build.id
  policy = data.aws_iam_policy_document.run.json
}

resource "aws_iam_role" "worker" {
  count              = var.make_workers ? 1 : 0
  name               = var.worker_role_name
  assume_role_policy = data.aws_iam_policy_document.assumed_by["codebuild"].json
}

resource "aws_iam_role_policy" "worker" {
  count  = var.make_workers ? 1 : 0
  name   = "build"
  role   = aws_iam_role.worker[0].id
  policy = data.aws_iam_policy_document.worker.json
}

resource "aws_iam_role" "pipeline" {
  name               = var.pipeline_role_name
  assume_role_policy = data.aws_iam_policy_document.assumed_by["codepipeline"].json
}

resource "aws_iam_role_policy" "pipeline" {
  name   = "pipeline"
  role   = aws_iam_role.pipeline.id
  policy = data.aws_iam_policy_document.pipeline.json
}

# CodeBuild makes this group at the first build of a project, so that of an old project is there: import it.
resource "aws_cloudwatch_log_group" "build" {
  name              = "/aws/codebuild/${var.project_name}"
  retention_in_days = 90
}

resource "aws_codebuild_project" "build" {
  name           = var.project_name
  description    = "python -m erp_build run"
  service_role   = aws_iam_role.build.arn
  build_timeout  = 300 # more than all deadlines together, or CodeBuild ends Helm in mid-upgrade
  queued_timeout = 60
  encryption_key = var.key_arn != "" ? var.key_arn : null

  source {
    type      = "CODEPIPELINE"
    buildspec = "buildspec.yml"
  }

  artifacts {
    type = "CODEPIPELINE"
  }

  cache {
    type     = "S3"
    location = "${var.artifacts_bucket}/cache"
  }

  environment {
    type                        = "LINUX_CONTAINER"
    compute_type                = "BUILD_GENERAL1_SMALL"
    image                       = var.runner_image
    image_pull_credentials_type = "SERVICE_ROLE"
    privileged_mode             = var.engine # the Docker engine inside of the build
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.build.name
    }
  }
}

resource "aws_cloudwatch_log_group" "worker" {
  count             = var.make_workers ? 1 : 0
  name              = "/aws/codebuild/${var.worker_project}"
  retention_in_days = 90
}

# Its source is the repository itself, so that a commit can be asked for. A run gives each build a line of its own; who begins
# one by hand builds what has no image yet.
resource "aws_codebuild_project" "worker" {
  count                  = var.make_workers ? 1 : 0
  name                   = var.worker_project
  description            = "python -m erp_build build --only ..., begun by a run"
  service_role           = aws_iam_role.worker[0].arn
  build_timeout          = var.worker_timeout_minutes
  queued_timeout         = 60
  concurrent_build_limit = var.workers_at_once # of all runs together; beyond it no build begins
  encryption_key         = var.key_arn != "" ? var.key_arn : null
  depends_on             = [aws_iam_role_policy.worker] # the connection is looked up with the role

  source {
    type      = "GITHUB"
    location  = "https://github.com/${var.source_repository}.git"
    buildspec = jsonencode({ version = 0.2, phases = { build = { commands = ["python -m erp_build build"] } } })
    auth {
      type     = "CODECONNECTIONS"
      resource = var.connection_arn
    }
  }

  artifacts {
    type = "NO_ARTIFACTS"
  }

  cache {
    type     = "S3"
    location = "${var.artifacts_bucket}/cache-of-workers"
  }

  environment {
    type                        = "LINUX_CONTAINER"
    compute_type                = var.worker_compute_type
    image                       = var.runner_image
    image_pull_credentials_type = "SERVICE_ROLE"
    privileged_mode             = var.engine # as the runs have it
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.worker[0].name
    }
  }

  lifecycle {
    precondition {
      condition     = var.worker_project != "" && var.source_repository != ""
      error_message = "make_workers needs worker_project and source_repository (owner/name on GitHub)."
    }
  }
}

resource "aws_eks_access_entry" "build" {
  count             = var.access_entry ? 1 : 0
  cluster_name      = var.cluster_name
  principal_arn     = aws_iam_role.build.arn
  kubernetes_groups = [var.kubernetes_group]
  type              = "STANDARD"
}

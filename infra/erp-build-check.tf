# The check of what runs by a schedule, beside erp-build.tf: `gate --running --tell` in a build of its own, whose role reads,
# asks for scans that are too old, and tells. The same as in infra/pipeline.yaml, from which a test lets it not differ. Copy
# it too if you want the check (docs/fresh.md); without a schedule it makes nothing.
#
# The topic's own policy has to let events.amazonaws.com publish for the rule `failed_checks`, as for that of the pipeline.

# When what runs is judged, such as rate(1 day) or cron(0 6 * * ? *); empty: never. It needs source_repository.
variable "check_schedule" {
  type    = string
  default = ""
}

variable "check_project" {
  type    = string
  default = "erp-running-check"
}

# The namespaces of the releases, with commas between them.
variable "check_namespaces" {
  type    = string
  default = "erp-dev"
}

variable "check_role_name" {
  type    = string
  default = "erp-dev-check-role"
}

variable "source_branch" {
  type    = string
  default = "main"
}

data "aws_iam_policy_document" "check" {
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
    sid = "Logs"
    actions = [
      "logs:CreateLogStream", # each build has a stream of its own
      "logs:PutLogEvents", # what a build prints
    ]
    resources = ["arn:${local.partition}:logs:${local.here}:log-group:/aws/codebuild/${var.check_project}:*"]
  }
  dynamic "statement" {
    for_each = var.key_arn != "" ? [1] : []
    content {
      sid = "Key"
      actions = [
        "kms:Decrypt", # artifacts and SecureStrings under your own key
      ]
      resources = [var.key_arn]
    }
  }
  statement {
    sid = "Parameters"
    actions = [
      "ssm:GetParameters", # the six parameters, and the secrets of checks
    ]
    # The six alone: a check needs no secret.
    resources = [
      "arn:${local.partition}:ssm:${local.here}:parameter${var.parameter_prefix}/account-id",
      "arn:${local.partition}:ssm:${local.here}:parameter${var.parameter_prefix}/region",
      "arn:${local.partition}:ssm:${local.here}:parameter${var.parameter_prefix}/eks/cluster-name",
      "arn:${local.partition}:ssm:${local.here}:parameter${var.parameter_prefix}/ecr/repository-prefix",
      "arn:${local.partition}:ssm:${local.here}:parameter${var.parameter_prefix}/project-name",
      "arn:${local.partition}:ssm:${local.here}:parameter${var.parameter_prefix}/environment",
    ]
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
      "ecr:DescribeImages", # a scan counts only if it is newer than the push
      "ecr:BatchGetRepositoryScanningConfiguration", # how is it scanned
      "ecr:StartImageScan", # a scan where none was made on push, or the last is too old
      "ecr:DescribeImageScanFindings", # the findings that are judged
    ]
    resources = ["arn:${local.partition}:ecr:${local.here}:repository/${var.repository_prefix}/*"]
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
      "lambda:GetFunction", # what runs, and whether the update is through
    ]
    resources = ["arn:${local.partition}:lambda:${local.here}:function:${var.function_name}"]
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
  statement {
    sid = "Topic"
    actions = [
      "sns:Publish", # who watches the topic learns of failure and recovery
    ]
    resources = ["arn:${local.partition}:sns:${local.here}:${var.topic_name}"]
  }
}

data "aws_iam_policy_document" "check_starter" {
  statement {
    sid = "Start"
    actions = [
      "codebuild:StartBuild", # the schedule starts the check
    ]
    resources = ["arn:${local.partition}:codebuild:${local.here}:project/${var.check_project}"]
  }
}

data "aws_iam_policy_document" "check_starter_assumed_by" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

resource "aws_iam_role" "check" {
  count              = var.check_schedule != "" ? 1 : 0
  name               = var.check_role_name
  assume_role_policy = data.aws_iam_policy_document.assumed_by["codebuild"].json
}

resource "aws_iam_role_policy" "check" {
  count  = var.check_schedule != "" ? 1 : 0
  name   = "check"
  role   = aws_iam_role.check[0].id
  policy = data.aws_iam_policy_document.check.json
}

resource "aws_iam_role" "check_starter" {
  count              = var.check_schedule != "" ? 1 : 0
  name               = "${var.check_role_name}-starter"
  assume_role_policy = data.aws_iam_policy_document.check_starter_assumed_by.json
}

resource "aws_iam_role_policy" "check_starter" {
  count  = var.check_schedule != "" ? 1 : 0
  name   = "start"
  role   = aws_iam_role.check_starter[0].id
  policy = data.aws_iam_policy_document.check_starter.json
}

resource "aws_cloudwatch_log_group" "check" {
  count             = var.check_schedule != "" ? 1 : 0
  name              = "/aws/codebuild/${var.check_project}"
  retention_in_days = 90
}

resource "aws_codebuild_project" "check" {
  count                  = var.check_schedule != "" ? 1 : 0
  name                   = var.check_project
  description            = "python -m erp_build gate --running --tell, by a schedule"
  service_role           = aws_iam_role.check[0].arn
  build_timeout          = 60
  queued_timeout         = 60
  concurrent_build_limit = 1
  encryption_key         = var.key_arn != "" ? var.key_arn : null
  source_version         = var.source_branch
  depends_on             = [aws_iam_role_policy.check] # the connection is looked up with the role

  source {
    type            = "GITHUB"
    location        = "https://github.com/${var.source_repository}.git"
    git_clone_depth = 1 # of the repository it reads erp-build.toml and the waivers
    buildspec = jsonencode({
      version = 0.2, phases = { build = { commands = ["python -m erp_build gate --running --tell"] } }
    })
    auth {
      type     = "CODECONNECTIONS"
      resource = var.connection_arn
    }
  }

  artifacts {
    type = "NO_ARTIFACTS"
  }

  environment {
    type                        = "LINUX_CONTAINER"
    compute_type                = "BUILD_GENERAL1_SMALL"
    image                       = var.runner_image
    image_pull_credentials_type = "SERVICE_ROLE"
    privileged_mode             = false # it builds nothing
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.check[0].name
    }
  }

  lifecycle {
    precondition {
      condition     = var.source_repository != ""
      error_message = "check_schedule needs source_repository (owner/name on GitHub)."
    }
  }
}

resource "aws_cloudwatch_event_rule" "check" {
  count               = var.check_schedule != "" ? 1 : 0
  name                = "${var.check_project}-schedule"
  description         = "What runs is judged by the findings of the day"
  schedule_expression = var.check_schedule
}

resource "aws_cloudwatch_event_target" "check" {
  count    = var.check_schedule != "" ? 1 : 0
  rule     = aws_cloudwatch_event_rule.check[0].name
  arn      = aws_codebuild_project.check[0].arn
  role_arn = aws_iam_role.check_starter[0].arn
}

# A check that never ran, or was ended: no message at all must not look as if all were well.
resource "aws_cloudwatch_event_rule" "failed_checks" {
  count       = var.check_schedule != "" ? 1 : 0
  name        = "${var.check_project}-failed"
  description = "A check of what runs did not pass, or was not done"
  event_pattern = jsonencode({
    source      = ["aws.codebuild"]
    detail-type = ["CodeBuild Build State Change"]
    detail = {
      project-name = [var.check_project]
      build-status = ["FAILED", "FAULT", "STOPPED", "TIMED_OUT"]
    }
  })
}

resource "aws_cloudwatch_event_target" "failed_checks" {
  count = var.check_schedule != "" ? 1 : 0
  rule  = aws_cloudwatch_event_rule.failed_checks[0].name
  arn   = "arn:${local.partition}:sns:${local.here}:${var.topic_name}"
}

resource "aws_eks_access_entry" "check" {
  count         = var.check_schedule != "" && var.access_entry ? 1 : 0
  cluster_name  = var.cluster_name
  principal_arn = aws_iam_role.check[0].arn
  type          = "STANDARD"
}

# It reads Deployments, ReplicaSets and pods of these namespaces, and no Secret: a policy of AWS, which allows just that.
resource "aws_eks_access_policy_association" "check" {
  count         = var.check_schedule != "" && var.access_entry ? 1 : 0
  cluster_name  = var.cluster_name
  principal_arn = aws_iam_role.check[0].arn
  policy_arn    = "arn:${local.partition}:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"

  access_scope {
    type       = "namespace"
    namespaces = split(",", var.check_namespaces)
  }
  depends_on = [aws_eks_access_entry.check]
}

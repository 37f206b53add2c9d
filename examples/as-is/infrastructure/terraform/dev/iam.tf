variable "subnet_ids" {
  type = list(string)
}

resource "aws_iam_role" "cluster" {
  name               = "erp-dev-cluster-role"
  assume_role_policy = data.aws_iam_policy_document.trust["eks.amazonaws.com"].json
}

resource "aws_iam_role" "node" {
  name               = "erp-dev-node-role"
  assume_role_policy = data.aws_iam_policy_document.trust["ec2.amazonaws.com"].json
}

resource "aws_iam_role" "lambda" {
  name               = "erp-dev-lambda-role"
  assume_role_policy = data.aws_iam_policy_document.trust["lambda.amazonaws.com"].json
}

data "aws_iam_policy_document" "trust" {
  for_each = toset(["eks.amazonaws.com", "ec2.amazonaws.com", "lambda.amazonaws.com"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.key]
    }
  }
}

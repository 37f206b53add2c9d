# 개발 환경의 AWS 자원. 네트워크와 파이프라인은 다른 상태 파일에 있다.
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
    kubernetes = {
      source  = "hashicorp/kubernetes"
      version = "~> 2.0"
    }
  }
}

locals {
  repositories = ["approval-request-service", "approval-processing-service", "notification-service", "employee-service-lambda"]
}

resource "aws_eks_cluster" "main" {
  name     = "erp-dev"
  role_arn = aws_iam_role.cluster.arn
  version  = "1.34"

  vpc_config {
    subnet_ids = var.subnet_ids
  }
}

resource "kubernetes_config_map_v1_data" "aws_auth" {
  metadata {
    name      = "aws-auth"
    namespace = "kube-system"
  }

  data = {
    mapRoles = yamlencode([
      {
        rolearn  = aws_iam_role.node.arn
        username = "system:node:{{EC2PrivateDNSName}}"
        groups   = ["system:bootstrappers", "system:nodes"]
      },
      {
        rolearn  = "arn:aws:iam::123456789012:role/erp-dev-codebuild-role"
        username = "codebuild"
        groups   = ["system:masters"]
      },
    ])
  }

  force = true
}

resource "aws_ecr_repository" "services" {
  for_each             = toset(local.repositories)
  name                 = "erp/${each.key}"
  image_tag_mutability = "MUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_lambda_function" "employee" {
  function_name = "erp-dev-employee-service"
  role          = aws_iam_role.lambda.arn
  package_type  = "Image"
  image_uri     = "${aws_ecr_repository.services["employee-service-lambda"].repository_url}:latest"
  timeout       = 30
  memory_size   = 1024
}

resource "aws_ssm_parameter" "cluster_name" {
  name  = "/erp/dev/eks/cluster-name"
  type  = "String"
  value = aws_eks_cluster.main.name
}

#!/bin/bash
# 화면을 S3에 올리고 CloudFront 캐시를 지운다
set -e
npm ci
npm run build
aws s3 sync dist/ "s3://${FRONTEND_BUCKET}" --delete
aws cloudfront create-invalidation --distribution-id "${DISTRIBUTION_ID}" --paths "/*"

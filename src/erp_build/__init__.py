"""erp_build: builds, scans, deploys and proves what changed."""

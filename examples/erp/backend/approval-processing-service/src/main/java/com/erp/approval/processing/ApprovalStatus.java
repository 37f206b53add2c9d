package com.erp.approval.processing;

/** 결재 상태. 이름은 approval.proto와 같다. */
enum ApprovalStatus {
    PENDING,
    APPROVED,
    REJECTED
}

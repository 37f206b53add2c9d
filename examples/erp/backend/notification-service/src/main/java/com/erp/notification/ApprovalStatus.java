package com.erp.notification;

/** 결재 상태와 그 말. 이름은 approval.proto와 같다. */
enum ApprovalStatus {
    PENDING("접수되었습니다"),
    APPROVED("승인되었습니다"),
    REJECTED("반려되었습니다");

    private final String verb;

    ApprovalStatus(String verb) {
        this.verb = verb;
    }

    String verb() {
        return verb;
    }
}

package com.erp.approval.request;

import java.util.List;

/** 전결 규정: 금액이 클수록 결재선이 길어진다. */
final class ApprovalLine {

    /** 전결 규정의 개정 차수. */
    static final int EDITION = 1;

    private static final long TEAM_LEAD_LIMIT = 1_000_000;
    private static final long DEPARTMENT_HEAD_LIMIT = 10_000_000;

    private ApprovalLine() {
    }

    /** 결재할 사람의 직급을 결재 순서대로 돌려준다. 금액은 원. */
    static List<Grade> approvers(long amount) {
        if (amount <= TEAM_LEAD_LIMIT) {
            return List.of(Grade.TEAM_LEAD);
        }
        if (amount <= DEPARTMENT_HEAD_LIMIT) {
            return List.of(Grade.TEAM_LEAD, Grade.DEPARTMENT_HEAD);
        }
        return List.of(Grade.TEAM_LEAD, Grade.DEPARTMENT_HEAD, Grade.CEO);
    }
}

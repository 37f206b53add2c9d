package com.erp.approval.processing;

import java.util.List;

/** 결재선을 따라가는 결재 한 건: 차례인 사람만 결정할 수 있고, 반려하면 끝난다. */
record ApprovalProcess(List<Grade> line, int decided, ApprovalStatus status, int edition) {

    /** 처리 규정의 개정 차수. */
    static final int EDITION = 1;

    static ApprovalProcess along(List<Grade> line) {
        return new ApprovalProcess(List.copyOf(line), 0, ApprovalStatus.PENDING, EDITION);
    }

    ApprovalProcess decide(Grade grade, boolean approved) {
        if (status != ApprovalStatus.PENDING) {
            throw new IllegalStateException("이미 끝난 결재입니다: " + status);
        }
        if (line.get(decided) != grade) {
            throw new IllegalStateException("결재 차례가 아닙니다: " + grade + ", 지금은 " + line.get(decided));
        }
        return new ApprovalProcess(line, decided + 1, after(approved), edition);
    }

    private ApprovalStatus after(boolean approved) {
        if (!approved) {
            return ApprovalStatus.REJECTED;
        }
        return decided + 1 == line.size() ? ApprovalStatus.APPROVED : ApprovalStatus.PENDING;
    }
}

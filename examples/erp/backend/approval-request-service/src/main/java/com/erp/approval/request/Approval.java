package com.erp.approval.request;

import java.util.List;

/** 올라온 결재 한 건과, 그때의 전결 규정으로 정한 결재선. */
record Approval(String id, String title, long amount, ApprovalStatus status, List<Grade> line, int edition) {
}

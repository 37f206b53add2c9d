package com.erp.approval.processing;

import jakarta.validation.constraints.NotEmpty;
import java.util.List;

/** 토픽 approval.requested의 이벤트. */
record ApprovalRequested(String approvalId, String title, @NotEmpty List<Grade> line) {
}

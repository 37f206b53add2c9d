package com.erp.approval.processing;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/** 진행 중이거나 끝난 결재. */
@Component
class ApprovalBook {

    private final Map<String, ApprovalProcess> processes = new ConcurrentHashMap<>();

    /** 같은 이벤트가 다시 와도 진행 중인 결재는 그대로 둔다. */
    void open(ApprovalRequested event) {
        processes.putIfAbsent(event.approvalId(), ApprovalProcess.along(event.line()));
    }

    Optional<ApprovalProcess> decide(String id, Grade grade, boolean approved) {
        return Optional.ofNullable(processes.computeIfPresent(id, (key, process) -> process.decide(grade, approved)));
    }
}

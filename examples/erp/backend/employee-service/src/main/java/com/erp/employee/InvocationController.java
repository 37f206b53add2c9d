package com.erp.employee;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/**
 * HTTP가 아닌 Lambda 이벤트에 답한다: AWS에서는 Lambda Web Adapter가 {@code /events}로 넘겨주고,
 * 로컬에서는 Runtime Interface Emulator와 같은 경로로 바로 받는다.
 */
@RestController
class InvocationController {

    private final EmployeeDirectory directory;
    private final String commit;

    InvocationController(EmployeeDirectory directory, @Value("${info.commit}") String commit) {
        this.directory = directory;
        this.commit = commit;
    }

    record Event(String employeeId) {
    }

    /** 빌드된 커밋, 이벤트의 사번, 그 직원(없으면 null). */
    record Answer(String commit, String employeeId, Employee employee) {
    }

    @PostMapping({"/events", "/2015-03-31/functions/function/invocations"})
    Answer invoke(@RequestBody Event event) {
        return new Answer(commit, event.employeeId(), directory.find(event.employeeId()).orElse(null));
    }
}

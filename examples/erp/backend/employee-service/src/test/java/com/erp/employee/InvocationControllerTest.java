package com.erp.employee;

import static org.assertj.core.api.Assertions.assertThat;

import com.erp.employee.InvocationController.Event;
import org.junit.jupiter.api.Test;

class InvocationControllerTest {

    private final InvocationController controller = new InvocationController(new EmployeeDirectory(), "abc1234");

    @Test
    void theAnswerNamesTheCommitAndTheEmployee() {
        var answer = controller.invoke(new Event("1002"));

        assertThat(answer.commit()).isEqualTo("abc1234");
        assertThat(answer.employee().name()).isEqualTo("이서연");
    }

    @Test
    void anUnknownEmployeeIsEchoed() {
        var answer = controller.invoke(new Event("9999"));

        assertThat(answer.employeeId()).isEqualTo("9999");
        assertThat(answer.employee()).isNull();
    }
}

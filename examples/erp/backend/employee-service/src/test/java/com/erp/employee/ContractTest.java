package com.erp.employee;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.springframework.core.io.ClassPathResource;

class ContractTest {

    @Test
    void everyGradeStandsInTheContract() throws IOException {
        String proto = new ClassPathResource("proto/approval.proto").getContentAsString(StandardCharsets.UTF_8);

        assertThat(Grade.values()).allSatisfy(value -> assertThat(proto).contains("GRADE_" + value));
    }
}

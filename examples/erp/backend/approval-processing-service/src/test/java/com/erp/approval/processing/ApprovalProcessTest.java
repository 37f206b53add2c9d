package com.erp.approval.processing;

import static com.erp.approval.processing.Grade.DEPARTMENT_HEAD;
import static com.erp.approval.processing.Grade.TEAM_LEAD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import org.junit.jupiter.api.Test;

class ApprovalProcessTest {

    private final ApprovalProcess process = ApprovalProcess.along(List.of(TEAM_LEAD, DEPARTMENT_HEAD));

    @Test
    void theLastApprovalApproves() {
        ApprovalProcess halfway = process.decide(TEAM_LEAD, true);

        assertThat(halfway.status()).isEqualTo(ApprovalStatus.PENDING);
        assertThat(halfway.decide(DEPARTMENT_HEAD, true).status()).isEqualTo(ApprovalStatus.APPROVED);
    }

    @Test
    void aRejectionEndsIt() {
        ApprovalProcess rejected = process.decide(TEAM_LEAD, false);

        assertThat(rejected.status()).isEqualTo(ApprovalStatus.REJECTED);
        assertThatIllegalStateException().isThrownBy(() -> rejected.decide(DEPARTMENT_HEAD, true));
    }

    @Test
    void nobodyDecidesOutOfTurn() {
        assertThatIllegalStateException().isThrownBy(() -> process.decide(DEPARTMENT_HEAD, true));
    }
}

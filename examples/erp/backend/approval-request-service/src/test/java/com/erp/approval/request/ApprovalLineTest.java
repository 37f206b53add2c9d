package com.erp.approval.request;

import static com.erp.approval.request.Grade.CEO;
import static com.erp.approval.request.Grade.DEPARTMENT_HEAD;
import static com.erp.approval.request.Grade.TEAM_LEAD;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ApprovalLineTest {

    @Test
    void aMillionWonEndsAtTheTeamLead() {
        assertThat(ApprovalLine.approvers(1_000_000)).containsExactly(TEAM_LEAD);
    }

    @Test
    void oneWonMoreNeedsTheDepartmentHead() {
        assertThat(ApprovalLine.approvers(1_000_001)).containsExactly(TEAM_LEAD, DEPARTMENT_HEAD);
    }

    @Test
    void overTenMillionWonGoesUpToTheCeo() {
        assertThat(ApprovalLine.approvers(10_000_001)).containsExactly(TEAM_LEAD, DEPARTMENT_HEAD, CEO);
    }
}

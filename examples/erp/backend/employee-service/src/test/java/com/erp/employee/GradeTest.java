package com.erp.employee;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GradeTest {

    @Test
    void aTeamLeadApprovesUpToAMillionWon() {
        assertThat(Grade.TEAM_LEAD.mayApprove(1_000_000)).isTrue();
        assertThat(Grade.TEAM_LEAD.mayApprove(1_000_001)).isFalse();
    }

    @Test
    void theCeoApprovesEverything() {
        assertThat(Grade.CEO.mayApprove(Long.MAX_VALUE)).isTrue();
    }
}

package com.erp.notification;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MessageTest {

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', textBlock = """
            노트북 구매, APPROVED, 결재 '노트북 구매'가 승인되었습니다.
            해외 출장, REJECTED, 결재 '해외 출장'이 반려되었습니다.
            VPN, PENDING, 결재 'VPN'이(가) 접수되었습니다.
            """)
    void theParticleFollowsTheLastSyllable(String title, ApprovalStatus status, String text) {
        assertThat(Message.of(title, status).text()).isEqualTo(text);
    }
}

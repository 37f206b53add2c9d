package com.erp.approval.processing;

import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Lazy;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.stereotype.Component;

/** 아무도 부르지 않는 빈이므로 지연 초기화에서 뺀다. */
@Component
@Lazy(false)
@ConditionalOnProperty("erp.kafka.enabled")
class ApprovalRequestedListener {

    private final ApprovalBook book;

    ApprovalRequestedListener(ApprovalBook book) {
        this.book = book;
    }

    @KafkaListener(topics = "approval.requested")
    void on(ApprovalRequested event) {
        book.open(event);
    }
}

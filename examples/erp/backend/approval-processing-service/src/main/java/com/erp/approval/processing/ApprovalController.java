package com.erp.approval.processing;

import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/api/approvals")
class ApprovalController {

    private final ApprovalBook book;

    ApprovalController(ApprovalBook book) {
        this.book = book;
    }

    record Decision(@NotNull Grade grade, boolean approved) {
    }

    /** 브로커 없이 결재를 여는 길. */
    @PostMapping
    @ResponseStatus(HttpStatus.ACCEPTED)
    void open(@Valid @RequestBody ApprovalRequested event) {
        book.open(event);
    }

    @PostMapping("/{id}/decisions")
    ResponseEntity<ApprovalProcess> decide(@PathVariable("id") String id, @Valid @RequestBody Decision decision) {
        return ResponseEntity.of(book.decide(id, decision.grade(), decision.approved()));
    }

    @ExceptionHandler(IllegalStateException.class)
    ProblemDetail conflict(IllegalStateException cause) {
        return ProblemDetail.forStatusAndDetail(HttpStatus.CONFLICT, cause.getMessage());
    }
}

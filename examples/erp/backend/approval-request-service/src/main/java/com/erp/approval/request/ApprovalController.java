package com.erp.approval.request;

import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Positive;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/api/approvals")
class ApprovalController {

    private final Map<String, Approval> approvals = new ConcurrentHashMap<>();

    record Draft(@NotBlank String title, @Positive long amount) {
    }

    @PostMapping
    @ResponseStatus(HttpStatus.CREATED)
    Approval submit(@Valid @RequestBody Draft draft) {
        Approval approval = new Approval(UUID.randomUUID().toString(), draft.title(), draft.amount(),
                ApprovalStatus.PENDING, ApprovalLine.approvers(draft.amount()), ApprovalLine.EDITION);
        approvals.put(approval.id(), approval);
        return approval;
    }

    @GetMapping("/{id}")
    ResponseEntity<Approval> find(@PathVariable("id") String id) {
        return ResponseEntity.of(Optional.ofNullable(approvals.get(id)));
    }
}

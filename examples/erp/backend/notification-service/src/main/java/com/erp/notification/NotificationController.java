package com.erp.notification;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

@RestController
class NotificationController {

    record Result(String title, ApprovalStatus status) {
    }

    @PostMapping("/api/notifications")
    Message announce(@RequestBody Result result) {
        if (result.title() == null || result.title().isBlank() || result.status() == null) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST, "title과 status가 필요합니다");
        }
        return Message.of(result.title(), result.status());
    }
}

package com.erp.employee;

import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

@RestController
@RequestMapping("/api/employees/{id}")
class EmployeeController {

    private final EmployeeDirectory directory;

    EmployeeController(EmployeeDirectory directory) {
        this.directory = directory;
    }

    record Authority(boolean mayApprove, int edition) {
    }

    @GetMapping
    ResponseEntity<Employee> find(@PathVariable("id") String id) {
        return ResponseEntity.of(directory.find(id));
    }

    @GetMapping("/authority")
    ResponseEntity<Authority> authority(@PathVariable("id") String id, @RequestParam("amount") long amount) {
        return ResponseEntity.of(directory.find(id)
                .map(employee -> new Authority(employee.grade().mayApprove(amount), Grade.EDITION)));
    }
}

package com.erp.employee;

import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.stereotype.Component;

/** 견본 직원 명부. */
@Component
class EmployeeDirectory {

    private final Map<String, Employee> employees = Stream.of(
                    new Employee("1001", "김민수", Grade.STAFF),
                    new Employee("1002", "이서연", Grade.TEAM_LEAD),
                    new Employee("1003", "박지훈", Grade.DEPARTMENT_HEAD))
            .collect(Collectors.toUnmodifiableMap(Employee::id, Function.identity()));

    Optional<Employee> find(String id) {
        return Optional.ofNullable(id).map(employees::get);
    }
}

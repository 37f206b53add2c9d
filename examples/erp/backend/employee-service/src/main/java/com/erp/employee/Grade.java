package com.erp.employee;

/** 직급과 전결 한도(원). 이름은 approval.proto와 같다. */
enum Grade {
    STAFF(0),
    TEAM_LEAD(1_000_000),
    DEPARTMENT_HEAD(10_000_000),
    CEO(Long.MAX_VALUE);

    /** 전결 한도표의 개정 차수. */
    static final int EDITION = 1;

    private final long limit;

    Grade(long limit) {
        this.limit = limit;
    }

    boolean mayApprove(long amount) {
        return amount <= limit;
    }
}

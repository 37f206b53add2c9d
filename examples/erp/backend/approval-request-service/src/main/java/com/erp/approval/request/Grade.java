package com.erp.approval.request;

/** 직급, 낮은 쪽부터. 이름은 approval.proto와 같다. */
enum Grade {
    STAFF,
    TEAM_LEAD,
    DEPARTMENT_HEAD,
    CEO
}

package com.erp.employee;

record Employee(String id, String name, Grade grade) {
}

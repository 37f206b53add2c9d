package com.erp.approval.processing;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

@SpringBootApplication
public class ApprovalProcessingApplication {

    public static void main(String[] args) {
        SpringApplication.run(ApprovalProcessingApplication.class, args);
    }
}

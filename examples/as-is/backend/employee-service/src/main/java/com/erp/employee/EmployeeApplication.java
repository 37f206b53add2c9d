package com.erp.employee;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** 직원 서비스. Lambda에서는 어댑터가 PORT로 요청을 넘긴다. */
public class EmployeeApplication {

    public static void main(String[] args) throws IOException {
        int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "8081"));
        try (ServerSocket server = new ServerSocket(port)) {
            System.out.println("Started EmployeeApplication on port " + port);
            while (true) {
                answer(server);
            }
        }
    }

    private static void answer(ServerSocket server) {
        try (Socket client = server.accept()) {
            client.getInputStream().read(new byte[4096]);
            String head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n";
            client.getOutputStream().write((head + "[]").getBytes(StandardCharsets.US_ASCII));
        } catch (IOException error) {
            System.err.println(error);
        }
    }
}

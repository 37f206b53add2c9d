package com.erp.approval.processing;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/** 결재 처리 서비스. 시작할 때 MongoDB에 연결하고, 닿지 못하면 끝난다. */
public class ApprovalProcessingApplication {

    private static final int PORT = 8083;
    private static final long PATIENCE_MS = 45_000;

    public static void main(String[] args) throws Exception {
        System.out.println("Starting ApprovalProcessingApplication");
        connect(URI.create(System.getenv("SPRING_DATA_MONGODB_URI")));
        System.out.println("Started ApprovalProcessingApplication on port " + PORT);
        try (ServerSocket server = new ServerSocket(PORT)) {
            while (true) {
                answer(server);
            }
        }
    }

    private static void connect(URI database) throws InterruptedException {
        InetSocketAddress address = new InetSocketAddress(database.getHost(), database.getPort());
        long end = System.currentTimeMillis() + patience(database);
        while (true) {
            try (Socket socket = new Socket()) {
                socket.connect(address, 1000);
                return;
            } catch (IOException error) {
                if (System.currentTimeMillis() > end) {
                    System.err.println("Application run failed: Timed out while waiting for MongoDB at " + address);
                    System.exit(1);
                }
                Thread.sleep(500);
            }
        }
    }

    private static long patience(URI database) {
        String query = database.getQuery() == null ? "" : database.getQuery();
        for (String option : query.split("&")) {
            if (option.startsWith("serverSelectionTimeoutMS=")) {
                return Long.parseLong(option.substring(option.indexOf('=') + 1));
            }
        }
        return PATIENCE_MS;
    }

    private static void answer(ServerSocket server) {
        try (Socket client = server.accept()) {
            client.getInputStream().read(new byte[4096]);
            String head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n";
            client.getOutputStream().write((head + "OK").getBytes(StandardCharsets.US_ASCII));
        } catch (IOException error) {
            System.err.println(error);
        }
    }
}

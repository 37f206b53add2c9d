package com.erp.employee;

import org.apache.catalina.connector.Connector;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Dockerfile.lambda가 여는 두 번째 포트: 로컬의 Lambda는 8080에서 호출을 기다린다. */
@Configuration(proxyBeanMethods = false)
class InvocationPort {

    @Bean
    @ConditionalOnProperty("lambda.port")
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> lambdaPort(@Value("${lambda.port}") int port) {
        return factory -> {
            Connector connector = new Connector();
            connector.setPort(port);
            factory.addAdditionalTomcatConnectors(connector);
        };
    }
}

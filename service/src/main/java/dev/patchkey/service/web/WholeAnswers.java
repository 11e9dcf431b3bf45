package dev.patchkey.service.web;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.http.converter.autoconfigure.ServerHttpMessageConvertersCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.core.ResolvableType;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpOutputMessage;
import org.springframework.http.converter.json.JacksonJsonHttpMessageConverter;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes JSON with its length told beforehand. Without it Spring flushes an answer as a chunk and the server ends it by
 * another: two writes to the socket, the dearest part of a short answer, and two reads for the client.
 */
final class WholeAnswers extends JacksonJsonHttpMessageConverter {

    /** Bytes that most answers fit into; the buffer grows for others, up to what a page of a list may have. */
    private static final int USUAL = 512;

    WholeAnswers(JsonMapper json) {
        super(json);
    }

    @Override
    protected void writeInternal(
            Object object, ResolvableType type, HttpOutputMessage output, @Nullable Map<String, Object> hints)
            throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream(USUAL);
        super.writeInternal(object, type, new Buffered(body, output.getHeaders()), hints);
        output.getHeaders().setContentLength(body.size());
        body.writeTo(output.getBody());
    }

    @Configuration(proxyBeanMethods = false)
    static class InPlaceOfBoots {

        /** After Boot's own, which sets the same converter. */
        @Bean
        @Order(Ordered.LOWEST_PRECEDENCE)
        ServerHttpMessageConvertersCustomizer wholeAnswers(JsonMapper json) {
            return converters -> converters.withJsonConverter(new WholeAnswers(json));
        }
    }

    private record Buffered(OutputStream body, HttpHeaders headers) implements HttpOutputMessage {
        @Override
        public OutputStream getBody() {
            return body;
        }

        @Override
        public HttpHeaders getHeaders() {
            return headers;
        }
    }
}

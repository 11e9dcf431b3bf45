package dev.patchkey.service.web;

import dev.patchkey.service.problem.ProblemType;
import java.lang.reflect.Type;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.MethodParameter;
import org.springframework.http.HttpInputMessage;
import org.springframework.http.converter.HttpMessageConverter;
import org.springframework.web.bind.annotation.RestControllerAdvice;
import org.springframework.web.servlet.mvc.method.annotation.RequestBodyAdviceAdapter;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.type.LogicalType;

/** Takes a body as it is meant or refuses it: {@code null} is no object, and a number is no text. */
@RestControllerAdvice
class BodyCheck extends RequestBodyAdviceAdapter {

    @Override
    public boolean supports(
            MethodParameter parameter, Type type, Class<? extends HttpMessageConverter<?>> converterType) {
        return true;
    }

    /** Not called for a body that is not there, which every call allows. */
    @Override
    public Object afterBodyRead(
            @Nullable Object body,
            HttpInputMessage message,
            MethodParameter parameter,
            Type type,
            Class<? extends HttpMessageConverter<?>> converterType) {
        if (body == null) {
            throw ProblemException.of(ProblemType.INVALID_BODY, "The body must be one JSON object, and is null");
        }
        return body;
    }

    @Configuration(proxyBeanMethods = false)
    static class Coercions {

        @Bean
        JsonMapperBuilderCustomizer noTextFromAnythingElse() {
            return builder -> builder.withCoercionConfig(LogicalType.Textual, text -> {
                text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail);
                text.setCoercion(CoercionInputShape.Float, CoercionAction.Fail);
                text.setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
            });
        }
    }
}

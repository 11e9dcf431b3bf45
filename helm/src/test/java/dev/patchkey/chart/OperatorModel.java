package dev.patchkey.chart;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.Annotated;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.HTTPRoute;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.io.IOException;
import java.util.Map;

/** The objects that no Kubernetes has by itself: those of Prometheus Operator and of the Gateway API. */
final class OperatorModel {

    private static final Map<String, Class<?>> TYPES = Map.of(
            "monitoring.coreos.com/v1 ServiceMonitor", ServiceMonitor.class,
            "monitoring.coreos.com/v1 PrometheusRule", PrometheusRule.class,
            "gateway.networking.k8s.io/v1 HTTPRoute", HTTPRoute.class);

    /** Takes no field that is not the type's, which the types would by themselves, and converts no value. */
    private static final ObjectMapper STRICT = JsonMapper.builder()
            .annotationIntrospector(new NoOtherFields())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .build();

    private OperatorModel() {}

    private static final class NoOtherFields extends JacksonAnnotationIntrospector {
        private static final long serialVersionUID = 1;

        @Override
        public Boolean hasAnySetter(Annotated member) {
            return false;
        }
    }

    static boolean knows(JsonNode document) {
        return TYPES.containsKey(type(document));
    }

    /** @throws AssertionError that says what is wrong with it */
    static void check(JsonNode document) {
        Class<?> model = TYPES.get(type(document));
        try {
            STRICT.readValue(document.toString(), model);
        } catch (IOException e) {
            throw new AssertionError(Documents.describe(document) + ": " + e.getMessage(), e);
        }
    }

    private static String type(JsonNode document) {
        return document.path("apiVersion").asText() + " "
                + document.path("kind").asText();
    }
}

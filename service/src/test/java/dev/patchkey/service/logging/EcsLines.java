package dev.patchkey.service.logging;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;
import org.springframework.boot.logging.logback.StructuredLogEncoder;
import org.springframework.core.env.Environment;
import org.springframework.mock.env.MockEnvironment;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The lines of a logger as Boot writes them where {@code logging.structured.format.console} is {@code ecs}. */
public final class EcsLines implements AutoCloseable {

    private static final JsonMapper JSON = new JsonMapper();

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final StructuredLogEncoder encoder = new StructuredLogEncoder();
    private final AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            lines.add(new String(encoder.encode(event), StandardCharsets.UTF_8));
        }
    };
    private final Logger logger;

    public EcsLines(Class<?> type) {
        LoggerContext context = new LoggerContext();
        context.putObject(
                Environment.class.getName(), new MockEnvironment().withProperty("spring.application.name", "patchkey"));
        encoder.setContext(context);
        encoder.setFormat("ecs");
        encoder.start();
        appender.setContext(context);
        appender.start();
        logger = (Logger) LoggerFactory.getLogger(type);
        logger.addAppender(appender);
    }

    /** Those of edges. */
    public static EcsLines ofEdges() {
        return new EcsLines(EdgeLog.class);
    }

    public List<JsonNode> all() {
        return lines.stream().map(JSON::readTree).toList();
    }

    /** Those with the key in its field. */
    public List<JsonNode> of(String key) {
        return all().stream()
                .filter(line -> line.at("/patchkey/key").asString("").equals(key))
                .toList();
    }

    /** As they were written. */
    List<String> raw() {
        return lines;
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        appender.stop();
    }
}

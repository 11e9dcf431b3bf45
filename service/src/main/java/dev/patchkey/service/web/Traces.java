package dev.patchkey.service.web;

import io.micrometer.tracing.TraceContext;
import io.micrometer.tracing.Tracer;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/** The traces that requests belong to, where requests are traced. */
@Component
class Traces {

    private final @Nullable Tracer tracer;

    Traces(ObjectProvider<Tracer> tracer) {
        this.tracer = tracer.getIfAvailable();
    }

    /** The id of the trace that this thread's request belongs to; null for none. */
    @Nullable String current() {
        TraceContext context =
                tracer == null ? null : tracer.currentTraceContext().context();
        return context == null ? null : context.traceId();
    }
}

package dev.patchkey.service.channel;

import dev.patchkey.service.limits.Addresses;
import dev.patchkey.service.problem.ProblemType;
import dev.patchkey.service.security.Caller;
import dev.patchkey.service.security.Refusals;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.ServletCoreRequest;
import org.eclipse.jetty.ee11.servlet.ServletCoreResponse;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.FutureCallback;
import org.eclipse.jetty.websocket.core.Configuration;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.WebSocketComponents;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeRequest;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeResponse;
import org.eclipse.jetty.websocket.core.server.WebSocketMappings;
import org.eclipse.jetty.websocket.core.server.WebSocketNegotiator;
import org.eclipse.jetty.websocket.core.server.WebSocketServerComponents;
import org.jspecify.annotations.Nullable;

/** Upgrades {@code GET /v1/channel} to Jetty's own WebSocket, below every framework, where a connection is cheapest. */
final class ChannelServlet extends HttpServlet {
    private static final long serialVersionUID = 1L;

    static final String PATH = "/v1/channel";
    static final String SUBPROTOCOL = "patchkey.v1";

    /** What Jetty hands over at a time; larger frames come in parts. */
    private static final int LARGEST_FRAME = 64 << 10;

    /** One message under way, its error, and room: a peer that does not read cannot make us keep more. */
    private static final int MOST_OUTGOING_FRAMES = 8;

    private static final String EXTENSION = "permessage-deflate";

    /** What a caller is told to wait that has as many connections as it may have. */
    private static final String RETRY_AFTER_SECONDS = "5";

    private final transient Channel channel;
    private final transient Function<HttpServletRequest, Caller> callers;
    private final transient Refusals refusals;
    private transient @Nullable WebSocketMappings mappings;

    ChannelServlet(Channel channel, Function<HttpServletRequest, Caller> callers, Refusals refusals) {
        this.channel = channel;
        this.callers = callers;
        this.refusals = refusals;
    }

    @Override
    public void init() throws ServletException {
        ServletContextHandler context = ServletContextHandler.getServletContextHandler(getServletContext());
        if (context == null) {
            throw new ServletException("the channel runs on Jetty alone");
        }
        WebSocketComponents components =
                WebSocketServerComponents.ensureWebSocketComponents(context.getServer(), context);
        // It would cost hundreds of kilobytes per connection for messages of a hundred bytes.
        components.getExtensionRegistry().unregister(EXTENSION);
        mappings = new WebSocketMappings(components);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        WebSocketMappings ready = mappings;
        if (!channel.hasRoom() || ready == null) {
            problem(response, ProblemType.NOT_READY, "the pod is not ready for more nodes");
            return;
        }
        Caller caller = callers.apply(request);
        String counted = caller.countedAs(Addresses.counted(request.getRemoteAddr()));
        if (!channel.hasRoomFor(counted)) {
            refusals.count(Refusals.Reason.TOO_MANY_NODES, request);
            response.setHeader("Retry-After", RETRY_AFTER_SECONDS);
            problem(
                    response,
                    ProblemType.TOO_MANY_NODES,
                    "the pod takes at most " + channel.mostOfACaller() + " connections of one caller");
            return;
        }
        Request core = ServletCoreRequest.wrap(request);
        Response coreResponse = ServletCoreResponse.wrap(core, response, false);
        if (ready.getHandshaker().isWebSocketUpgradeRequest(core)) {
            FutureCallback answered = new FutureCallback();
            if (ready.upgrade(new Negotiator(caller, counted), core, coreResponse, answered, null)) {
                await(answered);
                return;
            }
        }
        response.setHeader("Upgrade", "websocket");
        problem(
                response,
                ProblemType.UPGRADE_REQUIRED,
                "the channel is a WebSocket: the request must ask for an upgrade to websocket, version 13");
    }

    /** In place of the servlet's own answer, which names TRACE too. */
    @Override
    protected void doOptions(HttpServletRequest request, HttpServletResponse response) {
        response.setHeader("Allow", "GET, HEAD, OPTIONS");
    }

    private static void await(FutureCallback answered) throws IOException {
        try {
            answered.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IOException(e.getCause());
        }
    }

    private static void problem(HttpServletResponse response, ProblemType type, String detail) throws IOException {
        byte[] body = PodMessages.problem(type, detail);
        response.setStatus(type.status().value());
        response.setContentType("application/problem+json");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    /** Agrees on the subprotocol, and on no extension. */
    private final class Negotiator implements WebSocketNegotiator {
        private final Caller caller;
        private final String counted;

        Negotiator(Caller caller, String counted) {
            this.caller = caller;
            this.counted = counted;
        }

        @Override
        public @Nullable FrameHandler negotiate(
                ServerUpgradeRequest request, ServerUpgradeResponse response, Callback callback) {
            if (!request.hasSubProtocol(SUBPROTOCOL)) {
                ProblemType type = ProblemType.SUBPROTOCOL_REQUIRED;
                response.setStatus(type.status().value());
                response.getHeaders().put("Content-Type", "application/problem+json");
                response.write(
                        true,
                        ByteBuffer.wrap(PodMessages.problem(type, "Sec-WebSocket-Protocol must name " + SUBPROTOCOL)),
                        callback);
                return null;
            }
            response.setAcceptedSubProtocol(SUBPROTOCOL);
            response.setExtensions(List.of());
            return channel.connect(caller, counted);
        }

        @Override
        public void customize(Configuration configuration) {
            // Leases say who is alive, and they know more than a timeout of the transport.
            configuration.setIdleTimeout(Duration.ZERO);
            configuration.setMaxFrameSize(LARGEST_FRAME);
            configuration.setAutoFragment(true);
            configuration.setMaxOutgoingFrames(MOST_OUTGOING_FRAMES);
        }
    }
}

package dev.patchkey.client;

import dev.patchkey.client.protocol.HoldAnswer;
import dev.patchkey.client.protocol.InvalidMessageException;
import dev.patchkey.client.protocol.NodeMessages;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The requests that change the node's holds. Safe for use by several threads. */
class HoldRequests {

    private final Config config;

    /** Null once closed, so that whoever keeps a closed node keeps no client with its threads and connections. */
    private volatile @Nullable Clients http;

    HoldRequests(Config config, Clients http) {
        this.config = config;
        this.http = http;
    }

    /**
     * Sends a hold change once.
     *
     * @return completes with the service's answer, or with the failure of the network
     */
    CompletionStage<HoldAnswer> send(Standing standing, String key, boolean acquire, long operation) {
        Clients clients = http;
        if (clients == null) {
            throw new IllegalStateException("closed");
        }
        URI uri = standing.service().resolve("v1/keys/" + key + "/holds/" + config.node());
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .timeout(config.requestTimeout())
                .header("Accept", "application/json, application/problem+json")
                .header("Patchkey-Session", standing.session())
                .header("Patchkey-Incarnation", standing.incarnation())
                .header("Patchkey-Operation", Long.toString(operation));
        String authorization = config.authorization();
        if (authorization != null) {
            request.header("Authorization", authorization);
        }
        if (acquire) {
            String body = NodeMessages.holdBody("held by " + config.application());
            request.header("Content-Type", "application/json").PUT(HttpRequest.BodyPublishers.ofString(body));
        } else {
            request.DELETE();
        }
        return clients.current()
                .sendAsync(request.build(), info -> new BoundedText())
                .thenApply(HoldRequests::answer);
    }

    void close() {
        http = null;
    }

    private static HoldAnswer answer(HttpResponse<String> response) {
        try {
            return HoldAnswer.read(response.statusCode(), response.body());
        } catch (InvalidMessageException e) {
            throw new CompletionException(e);
        }
    }
}

/**
 * The connections of nodes: the WebSocket at {@code /v1/channel}, its messages, and the life of a session.
 *
 * <p>Lives here: the servlet that upgrades, Jetty's frame handler, the parsing and writing of messages, the hello. What is
 * told to whom, and who has applied it, is decided in {@code propagation}, which knows no wire. May not be imported here:
 * Hazelcast, JDBC, Spring MVC.
 */
@NullMarked
package dev.patchkey.service.channel;

import org.jspecify.annotations.NullMarked;

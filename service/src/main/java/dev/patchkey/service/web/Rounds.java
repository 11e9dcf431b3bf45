package dev.patchkey.service.web;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.component.LifeCycle;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/** Looks after the connections of a server again and again, for as long as it runs. */
final class Rounds implements LifeCycle.Listener {

    /** How much later than its time something is given up, as a part of that time. */
    private static final int IN_A_TIME = 4;

    private final Server server;
    private final Duration time;
    private final Runnable look;

    /**
     * Begins when the server has started.
     *
     * @param time what is looked after has so long, and a quarter of it more at most
     * @param look one round; what it throws does not end the rounds
     */
    static void begin(Server server, Duration time, Runnable look) {
        server.addEventListener(new Rounds(server, time, look));
    }

    private Rounds(Server server, Duration time, Runnable look) {
        this.server = server;
        this.time = time;
        this.look = look;
    }

    @Override
    public void lifeCycleStarted(LifeCycle started) {
        lookLater(server.getScheduler());
    }

    private void lookLater(@Nullable Scheduler scheduler) {
        // Ends with the server, whose scheduler takes nothing more.
        if (scheduler != null && server.isRunning()) {
            var unused = scheduler.schedule(
                    () -> {
                        try {
                            look.run();
                        } finally {
                            lookLater(scheduler);
                        }
                    },
                    time.dividedBy(IN_A_TIME).toMillis(),
                    TimeUnit.MILLISECONDS);
        }
    }
}

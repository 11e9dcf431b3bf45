package dev.patchkey.statickey;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** A timer whose time passes when a test says so, on the thread that says it. Safe for use by several threads. */
final class HandTimer implements Timer {

    private record Task(long dueNanos, Runnable action) {}

    private final PriorityQueue<Task> tasks = new PriorityQueue<>(Comparator.comparingLong(Task::dueNanos));
    private long nowNanos;

    @Override
    public synchronized Scheduled schedule(long delayNanos, Runnable action) {
        Task task = new Task(nowNanos + delayNanos, action);
        tasks.add(task);
        return () -> forget(task);
    }

    private synchronized void forget(Task task) {
        tasks.remove(task);
    }

    synchronized int scheduled() {
        return tasks.size();
    }

    void pass(Duration time) {
        long end = passed(time);
        for (Task task = due(end); task != null; task = due(end)) {
            task.action.run();
        }
    }

    private synchronized long passed(Duration time) {
        nowNanos += time.toNanos();
        return nowNanos;
    }

    private synchronized @Nullable Task due(long end) {
        Task first = tasks.peek();
        return first != null && first.dueNanos <= end ? tasks.poll() : null;
    }
}

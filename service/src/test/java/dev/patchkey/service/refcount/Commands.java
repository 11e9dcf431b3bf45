package dev.patchkey.service.refcount;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Commands for tests, in few words. */
public final class Commands {
    private final KeyName key;

    private Commands(KeyName key) {
        this.key = key;
    }

    public static Commands on(String key) {
        return new Commands(new KeyName(key));
    }

    public Command increment(int by) {
        return of(new Action.Increment(by));
    }

    public Command decrement(int by) {
        return of(new Action.Decrement(by));
    }

    public Command acquire(String holder, @Nullable Duration lease) {
        return of(new Action.Acquire(new Holder(holder), lease, null));
    }

    public Command acquire(String holder, NodeStamp stamp) {
        return of(new Action.Acquire(new Holder(holder), null, stamp));
    }

    public Command release(String holder) {
        return of(new Action.Release(new Holder(holder), null));
    }

    public Command release(String holder, NodeStamp stamp) {
        return of(new Action.Release(new Holder(holder), stamp));
    }

    public Command expire(String holder, @Nullable String session) {
        return of(new Action.Expire(new Holder(holder), session));
    }

    public Command delete() {
        return of(new Action.Delete());
    }

    public Command of(Action action) {
        return new Command(key, action, "tester", "for a test", null);
    }

    /** The command as a request that is recognised when it is repeated. */
    public static Command requested(Command command, String requestKey, String hash) {
        return new Command(
                command.key(),
                command.action(),
                command.actor(),
                command.reason(),
                new RequestId("caller", requestKey, hash));
    }
}

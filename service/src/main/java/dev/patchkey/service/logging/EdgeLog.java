package dev.patchkey.service.logging;

import dev.patchkey.service.refcount.Action;
import dev.patchkey.service.refcount.Command;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.refcount.Outcome;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Tells the log of each edge: a key that became enabled, or disabled. The pod that has committed it says so, once, and says
 * nothing of changes that cross no edge.
 *
 * <p>It is for people, and not the record: keys may flip thousands of times a second, so lines beyond a number are counted
 * and left out, and a change whose outcome is unknown is not told.
 */
public final class EdgeLog {

    /** Lines in a second; all of them together cost the committer less than a hundredth of it. */
    static final int MOST_IN_A_SECOND = 100;

    private static final long SECOND_NANOS = Duration.ofSeconds(1).toNanos();

    /** Names of callers are checked where they come in; what is not is shown as a question mark here. */
    private static final Pattern STRANGE = Pattern.compile("[^A-Za-z0-9._@:/-]");

    /** No line is longer than its reader's patience. */
    private static final int LONGEST_NAME = 128;

    private static final Logger log = LoggerFactory.getLogger(EdgeLog.class);

    private final LongSupplier nanoTime;

    /** Guards all below. */
    private final ReentrantLock lock = new ReentrantLock();

    /** When the present second began. */
    private long since;

    private int told;
    private long untold;

    public EdgeLog() {
        this(System::nanoTime);
    }

    EdgeLog(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.since = nanoTime.getAsLong();
    }

    /** What becomes of a line. */
    private enum Room {
        YES,
        LAST,
        NO
    }

    /**
     * Tells of one edge that is committed.
     *
     * @param command that made it
     * @param done how the key is after it
     */
    public void crossed(Command command, Outcome.Done done) {
        long before = beginSecond();
        if (before > 0) {
            log.info("{} edges were not told of, since there were more than {} in a second", before, MOST_IN_A_SECOND);
        }
        Room room = take();
        if (room == Room.NO) {
            return;
        }
        tell(command, done);
        if (room == Room.LAST) {
            log.info("Further edges of this second are counted and not told of");
        }
    }

    /** How many were left out until now, if a new second has begun. */
    private long beginSecond() {
        lock.lock();
        try {
            long now = nanoTime.getAsLong();
            if (now - since < SECOND_NANOS) {
                return 0;
            }
            long left = untold;
            since = now;
            told = 0;
            untold = 0;
            return left;
        } finally {
            lock.unlock();
        }
    }

    private Room take() {
        lock.lock();
        try {
            if (told == MOST_IN_A_SECOND) {
                untold++;
                return Room.NO;
            }
            told++;
            return told == MOST_IN_A_SECOND ? Room.LAST : Room.YES;
        } finally {
            lock.unlock();
        }
    }

    private static void tell(Command command, Outcome.Done done) {
        String actor = shown(command.actor());
        LoggingEventBuilder line = log.atInfo()
                .addKeyValue(LogFields.KEY, command.key().value())
                .addKeyValue(LogFields.ENABLED, done.enabled())
                .addKeyValue(LogFields.COUNT, done.count())
                .addKeyValue(LogFields.EPOCH, done.version().epoch())
                .addKeyValue(LogFields.REVISION, done.version().revision())
                .addKeyValue(LogFields.ACTOR, actor);
        Holder holder = holderOf(command.action());
        if (holder != null) {
            line = line.addKeyValue(isNodes(command.action()) ? LogFields.NODE : LogFields.HOLDER, holder.value());
        }
        line.log(
                "Key {} is {} by {}, at revision {}",
                command.key(),
                done.enabled() ? "enabled" : "disabled",
                actor,
                done.version().revision());
    }

    private static @Nullable Holder holderOf(Action action) {
        return switch (action) {
            case Action.Acquire acquire -> acquire.holder();
            case Action.Release release -> release.holder();
            case Action.Expire expire -> expire.holder();
            default -> null;
        };
    }

    /** Whether the hold is a node's, which is named after it. */
    private static boolean isNodes(Action action) {
        return switch (action) {
            case Action.Acquire acquire -> acquire.node() != null;
            case Action.Release release -> release.node() != null;
            case Action.Expire expire -> expire.session() != null;
            default -> false;
        };
    }

    private static String shown(String name) {
        String shown = name.length() > LONGEST_NAME ? name.substring(0, LONGEST_NAME) : name;
        return STRANGE.matcher(shown).replaceAll("?");
    }
}

package dev.patchkey.statickey;

import java.util.List;

/** The key, and the broken variants of it that the stress tests must catch. */
@SuppressWarnings("ImmutableEnumChecker") // factories are constructors
enum Variant {
    OURS("the key", Subject::ours),
    SKETCH("the sketch that the variants are made from", Sketch::new),

    PUBLISHES_FIRST(
            "the kernel's increment before 4c5ea0a9cd02; a mirror that publishes the count before the rebind",
            Broken.PublishesFirst::new,
            EnabledMeansReboundStress.TwoEnablers.class,
            EnabledMeansReboundStress.AppliedSeenByCount.class,
            FoldedStress.CountThenFoldedTest.class),
    PUBLISHES_LAST(
            "rebinds to ON and publishes after that",
            Broken.PublishesLast::new,
            EnabledMeansReboundStress.SeenByTest.class),
    PUBLISHES_ZERO_FIRST(
            "disables by publishing 0 and rebinding after that",
            Broken.PublishesZeroFirst::new,
            EnabledMeansReboundStress.SeenDisabled.class),
    PREPARES_LATE(
            "runs preparations when the key is published",
            Broken.PreparesLate::new,
            EnabledMeansReboundStress.Prepared.class),
    TWO_TARGETS("rebinds from OFF to ON", Broken.TwoTargets::new, FoldedStress.TestThenFoldedTest.class) {
        @Override
        boolean brokenOn(int jdk) {
            return jdk >= 25; // an older one throws the folded code away before it stores the target
        }
    },
    ANNOUNCES_FIRST(
            "a mirror that says what it has applied before it rebinds, and answers by that",
            Broken.AnnouncesFirst::new,
            WaitersWaitStress.SameVersionTwice.class),
    RETURNS_EARLY_IF_NOT_NEWER(
            "a mirror that answers an apply that is not newer without waiting",
            Broken.ReturnsEarlyIfNotNewer::new,
            WaitersWaitStress.SameVersionTwice.class),
    LAST_WRITE_WINS("applies whatever comes last", Broken.LastWriteWins::new, MonotonicStress.TwoVersions.class),
    IGNORES_EPOCH("compares revisions of different epochs", Broken.IgnoresEpoch::new, MonotonicStress.TwoEpochs.class),
    LIFTS_ON_ANYTHING(
            "lifts staleness whatever is applied", Broken.LiftsOnAnything::new, MonotonicStress.StaleAndOlder.class),
    STALE_FORGETS("goes stale by forgetting", Broken.StaleForgets::new, MonotonicStress.StaleAndOlder.class),
    DECREMENTS_FAST_UNLESS_ONE(
            "the kernel's decrement before 83ab38ef0a0b",
            Broken.DecrementsFastUnlessOne::new,
            BalancedStress.OneClosedTwice.class,
            BalancedStress.CloseMeetsSentinel.class),
    TAKES_ANY_COUNT_FOR_ONE(
            "the kernel's decrement before 224fa3552029",
            Broken.TakesAnyCountForOne::new,
            BalancedStress.EnableAndClose.class),
    RETRIES_ONCE(
            "the kernel's decrement before de752774f38b", Broken.RetriesOnce::new, BalancedStress.CloseAndMany.class),
    DECREMENTS_TWICE(
            "the kernel's decrement before 1d7f856c2ca4",
            Broken.DecrementsTwice::new,
            BalancedStress.TwoOfThreeClosed.class),
    STORES_ZERO("stores 0 on the edge down", Broken.StoresZero::new, BalancedStress.EnableAndClose.class),
    WRAPS("its count wraps", Broken.Wraps::new, BalancedStress.AtTheMaximum.class);

    final String what;
    final Subject.Factory factory;

    /** The tests each of which must catch it. */
    final List<Class<?>> caughtBy;

    Variant(String what, Subject.Factory factory, Class<?>... caughtBy) {
        this.what = what;
        this.factory = factory;
        this.caughtBy = List.of(caughtBy);
    }

    /** Whether its mistake shows on this JDK. */
    boolean brokenOn(int jdk) {
        return true;
    }
}

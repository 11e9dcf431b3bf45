package dev.patchkey.statickey;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The key, and the broken variants of it that the stress tests must catch. */
@SuppressWarnings("ImmutableEnumChecker") // factories are constructors
enum Variant {
    OURS("the key", Subject::ours),
    SKETCH("the sketch that the variants are made from", Sketch::new),

    PUBLISHES_FIRST(
            "the kernel's increment before 4c5ea0a9cd02; a mirror that publishes the count before the rebind",
            Broken.PublishesFirst::new,
            by(EnabledMeansReboundStress.TwoEnablers.class, "true, false", "false, true"),
            by(EnabledMeansReboundStress.SeenByCount.class, "true, false, true", "true, false, false"),
            by(EnabledMeansReboundStress.AppliedSeenByCount.class, "true, false, true", "true, false, false"),
            by(WaitersWaitStress.SentinelMet.class, "true, true, false, false", "true, true, false, true"),
            by(FoldedStress.CountThenFoldedTest.class, "true, false")),
    PUBLISHES_LAST(
            "rebinds to ON and publishes after that",
            Broken.PublishesLast::new,
            by(EnabledMeansReboundStress.SeenByTest.class, "true, false, true")),
    PUBLISHES_ZERO_FIRST(
            "disables by publishing 0 and rebinding after that",
            Broken.PublishesZeroFirst::new,
            by(EnabledMeansReboundStress.SeenDisabled.class, "true, true, false", "true, true, true")),
    PREPARES_LATE(
            "runs preparations when the key is published",
            Broken.PreparesLate::new,
            by(EnabledMeansReboundStress.Prepared.class, "true, false")),
    TWO_TARGETS(
            "rebinds from OFF to ON",
            Broken.TwoTargets::new,
            by(FoldedStress.TestThenFoldedTest.class, "true, false", "false, true")) {
        @Override
        boolean brokenOn(int jdk) {
            return jdk >= 25; // an older one throws the folded code away before it stores the target
        }
    },
    CALL_WITH_ITS_OWN_SITE(
            "a static call that is a second key",
            Subject::ours,
            by(EnabledMeansReboundStress.StaticCallAndTest.class, "true, false, true")) {
        @Override
        KeyWithCall keyWithCall(Site.Factory sites) {
            return KeyWithCall.withItsOwnSite(sites);
        }
    },
    ANNOUNCES_FIRST(
            "a mirror that says what it has applied before it rebinds, and answers by that",
            Broken.AnnouncesFirst::new,
            by(WaitersWaitStress.SameVersionTwice.class, "true, true, false, false", "true, true, false, true")),
    RETURNS_EARLY_IF_NOT_NEWER(
            "a mirror that answers an apply that is not newer without waiting",
            Broken.ReturnsEarlyIfNotNewer::new,
            by(WaitersWaitStress.SameVersionTwice.class, "true, true, true, false"),
            by(WaitersWaitStress.OlderVersionMeetsNewer.class, "true, true, true, false")),
    LAST_WRITE_WINS(
            "applies whatever comes last",
            Broken.LastWriteWins::new,
            by(MonotonicStress.TwoVersions.class, "2, true, true"),
            by(MonotonicStress.NeverBack.class, "false, 3, false", "false, 4, true")),
    IGNORES_EPOCH(
            "compares revisions of different epochs",
            Broken.IgnoresEpoch::new,
            by(MonotonicStress.TwoEpochs.class, "9, true, true")),
    LIFTS_ON_ANYTHING(
            "lifts staleness whatever is applied",
            Broken.LiftsOnAnything::new,
            by(MonotonicStress.StaleAndOlder.class, "2, false, true")),
    STALE_FORGETS(
            "goes stale by forgetting",
            Broken.StaleForgets::new,
            by(MonotonicStress.StaleAndOlder.class, "1, false, true", "0, true, false"),
            by(MonotonicStress.StaleAndNewer.class, "0, true, false")),
    DECREMENTS_FAST_UNLESS_ONE(
            "the kernel's decrement before 83ab38ef0a0b",
            Broken.DecrementsFastUnlessOne::new,
            by(BalancedStress.OneClosedTwice.class, "true, true, -1"),
            by(BalancedStress.CloseMeetsSentinel.class, "true, true, 1")),
    TAKES_ANY_COUNT_FOR_ONE(
            "the kernel's decrement before 224fa3552029",
            Broken.TakesAnyCountForOne::new,
            by(BalancedStress.EnableAndClose.class, "true, true, 2")),
    RETRIES_ONCE(
            "the kernel's decrement before de752774f38b",
            Broken.RetriesOnce::new,
            by(BalancedStress.CloseAndMany.class, "false, true, 1")),
    DECREMENTS_TWICE(
            "the kernel's decrement before 1d7f856c2ca4",
            Broken.DecrementsTwice::new,
            by(BalancedStress.TwoOfThreeClosed.class, "true, true, 0", "true, false, 0", "false, true, 0")),
    STORES_ZERO(
            "stores 0 on the edge down",
            Broken.StoresZero::new,
            by(BalancedStress.EnableAndClose.class, "true, true, 0")),
    WRAPS("its count wraps", Broken.Wraps::new, by(BalancedStress.AtTheMaximum.class, "true, true, -2147483648")),
    CHECKS_THEN_ACTS(
            "an enablement that looks whether it is closed, and then closes",
            Subject::ours,
            by(BalancedStress.EnablementClosedTwice.class, "0, false")) {
        @Override
        Runnable closing(FoldedKey key) {
            return BrokenClose.checksThenActs(key);
        }
    };

    /**
     * A test, and those of the outcomes it forbids by name of which it must show one: what the variant's mistake leads
     * to, so that no other failure passes for a catch.
     */
    record CaughtBy(String test, Set<String> outcomes) {}

    final String what;
    final Subject.Factory factory;

    /** The tests each of which must catch it. */
    final List<CaughtBy> caughtBy;

    Variant(String what, Subject.Factory factory, CaughtBy... caughtBy) {
        this.what = what;
        this.factory = factory;
        this.caughtBy = List.of(caughtBy);
    }

    private static CaughtBy by(Class<?> test, String... outcomes) {
        return new CaughtBy(test.getCanonicalName(), new TreeSet<>(Set.of(outcomes)));
    }

    /** Whether its mistake shows on this JDK. */
    boolean brokenOn(int jdk) {
        return true;
    }

    /** A new key and a static call of it. */
    KeyWithCall keyWithCall(Site.Factory sites) {
        return KeyWithCall.ours(sites);
    }

    /** How to give back one of the key's references, once. */
    Runnable closing(FoldedKey key) {
        return new Enablement(key)::close;
    }
}

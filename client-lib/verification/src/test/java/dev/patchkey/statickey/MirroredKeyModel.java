package dev.patchkey.statickey;

import dev.patchkey.statickey.mirror.MirroredState;
import java.util.ArrayList;
import java.util.List;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jspecify.annotations.Nullable;

/** What threads do with a mirrored key, and whether what changes it waits for the edge that it meets. */
@Param(name = "epoch", gen = IntGen.class, conf = "1:2")
@Param(name = "revision", gen = IntGen.class, conf = "1:4")
public class MirroredKeyModel {

    static final ModelCheck<Subject.Factory> CHECK =
            ModelCheck.of("mirrored key", MirroredKeyModel.class, Specification.class, checked -> subject = checked);

    /** What the operations are done on. Static, since the model checker makes the models. */
    static volatile Subject.Factory subject = Subject::ours;

    final Subject key;
    private final EdgeCountingSite site;

    /** For the model checker. */
    public MirroredKeyModel() {
        List<EdgeCountingSite> sites = new ArrayList<>();
        key = subject.create(
                target -> {
                    sites.add(new EdgeCountingSite(target));
                    return sites.get(0);
                },
                0);
        site = sites.get(0);
    }

    /**
     * The count of a revision: of an odd one the revision, of an even one 0. So neighbours are on different sides of an
     * edge, and 1 and 3 on the same.
     */
    static int countOf(int revision) {
        return revision % 2 == 0 ? 0 : revision;
    }

    /** Whether the version was newer, and what must not be: that it did not wait for the edge that it met. */
    @Operation
    public String apply(@Param(name = "epoch") int epoch, @Param(name = "revision") int revision) {
        int edges = site.edges();
        boolean newer = key.apply(countOf(revision), epoch, revision);
        return (newer ? "newer" : "not newer") + waited(edges);
    }

    @Operation
    public String stale() {
        int edges = site.edges();
        key.stale();
        return "stale" + waited(edges);
    }

    private String waited(int edges) {
        return site.hasEnded(edges) ? "" : " before the edge had ended";
    }

    @Operation
    public boolean test() {
        return key.isEnabled();
    }

    @Operation
    public boolean testFolded() {
        return TwoFieldSite.inFoldedCode(key::isEnabled);
    }

    @Operation
    public int count() {
        return key.count();
    }

    /** A count, its version, and whether it is stale. */
    public static class Specification {

        private int count;
        private int epoch;
        private int revision;
        private boolean stale;

        public String apply(int newEpoch, int newRevision) {
            if (newEpoch > epoch || (newEpoch == epoch && newRevision > revision)) {
                count = countOf(newRevision);
                epoch = newEpoch;
                revision = newRevision;
                stale = false;
                return "newer";
            }
            if (newEpoch == epoch && newRevision == revision) {
                stale = false;
            }
            return "not newer";
        }

        public String stale() {
            stale = epoch > 0;
            return "stale";
        }

        public boolean test() {
            return count() > 0;
        }

        public boolean testFolded() {
            return count() > 0;
        }

        public int count() {
            return stale ? 0 : count;
        }

        /** What is mirrored; null before the first version. */
        public @Nullable MirroredState state() {
            return epoch == 0 ? null : new MirroredState(count, epoch, revision, stale);
        }
    }

    /** The same, looking at what is mirrored too, which is published together with the count. */
    public static class WithState extends MirroredKeyModel {

        static final ModelCheck<Subject.Factory> CHECK = ModelCheck.of(
                "mirrored key with its state", WithState.class, Specification.class, checked -> subject = checked);

        @Operation
        public @Nullable MirroredState state() {
            return key.state();
        }
    }
}

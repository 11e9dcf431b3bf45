package dev.patchkey.service.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.patchkey.service.Invariant;
import dev.patchkey.service.refcount.KeyName;
import dev.patchkey.service.refcount.Version;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LocalViewTest {
    private static final KeyName A = new KeyName("a");
    private static final KeyName B = new KeyName("b");

    private final LocalView view = new LocalView(true);
    private final List<Object> told = new ArrayList<>();

    @BeforeEach
    void fill() {
        view.replace(version(10), List.of(entry(A, 1, 10)));
        view.subscribe(new View.Listener() {
            @Override
            public void changed(View.Entry entry) {
                told.add(entry);
            }

            @Override
            public void replaced(Version version) {
                told.add(version);
            }
        });
    }

    private static Version version(long revision) {
        return new Version(5, revision);
    }

    private static View.Entry entry(KeyName key, int count, long revision) {
        return new View.Entry(key, count, version(revision));
    }

    @Test
    @Invariant(number = "S4", text = "Revisions order the changes of a key identically for all observers")
    void neverGoesBack() {
        assertThat(view.offer(entry(A, 2, 12))).isTrue();
        assertThat(view.offer(entry(A, 3, 11))).isTrue();
        assertThat(view.offer(entry(A, 2, 12))).isTrue();
        assertThat(view.get(A)).isEqualTo(entry(A, 2, 12));
        assertThat(told).containsExactly(entry(A, 2, 12));
    }

    @Test
    @Invariant(number = "S3", text = "No silent gap: a view at revision r has every change up to r")
    void claimsNoRevisionBehindWhichItMissesSomething() {
        view.offer(entry(A, 2, 13));
        assertThat(view.version()).isEqualTo(version(10));
        assertThat(view.advance(version(12), version(13), List.of(entry(A, 2, 13))))
                .isFalse();
        assertThat(view.version()).isEqualTo(version(10));
        assertThat(view.advance(version(10), version(13), List.of(entry(B, 1, 12), entry(A, 2, 13))))
                .isTrue();
        assertThat(view.version()).isEqualTo(version(13));
        assertThat(told).containsExactly(entry(A, 2, 13), entry(B, 1, 12));
    }

    @Test
    void takesANewEpochWholeOrNotAtAll() {
        View.Entry newer = new View.Entry(B, 1, new Version(6, 1));
        assertThat(view.offer(newer)).isFalse();
        assertThat(view.get(B)).isNull();
        view.replace(new Version(6, 1), List.of(newer));
        assertThat(view.get(A)).isNull();
        assertThat(view.offer(entry(A, 9, 99)))
                .as("an older epoch is no reason to reload")
                .isTrue();
        assertThat(view.get(A)).isNull();
        assertThat(told).containsExactly(new Version(6, 1));
        view.replace(new Version(5, 100), List.of());
        assertThat(view.snapshot().entries()).containsExactly(newer);
    }

    @Test
    void outlivesAListenersMistake() {
        view.subscribe(new View.Listener() {
            @Override
            public void changed(View.Entry entry) {
                throw new IllegalStateException("a mistake");
            }

            @Override
            public void replaced(Version version) {}
        });
        view.offer(entry(B, 1, 11));
        assertThat(told).containsExactly(entry(B, 1, 11));
    }

    @Test
    void findsNamesByPrefixAndPlace() {
        for (String name : List.of("x", "x.a", "x.b", "x0", "xa", "y")) {
            view.offer(entry(new KeyName(name), 1, 20));
        }
        assertThat(view.names("x.", null, 10)).extracting(KeyName::value).containsExactly("x.a", "x.b");
        assertThat(view.names("", new KeyName("x.a"), 2))
                .extracting(KeyName::value)
                .containsExactly("x.b", "x0");
        assertThat(view.names("x", new KeyName("a"), 1))
                .extracting(KeyName::value)
                .containsExactly("x");
        assertThat(view.names("X", null, 10)).isEmpty();
        assertThat(view.names(".", null, 10)).isEmpty();
    }
}

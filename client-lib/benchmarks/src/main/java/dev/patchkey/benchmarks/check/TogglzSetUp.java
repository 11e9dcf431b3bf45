package dev.patchkey.benchmarks.check;

import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Togglz looks for its manager when a feature is first asked, and so must have it before. */
@State(Scope.Benchmark)
public class TogglzSetUp {

    @Setup
    public void initialise() {
        Peers.Togglz.initialise();
    }
}

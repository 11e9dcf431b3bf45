package dev.patchkey.benchmarks.check;

import com.launchdarkly.logging.Logs;
import com.launchdarkly.sdk.LDContext;
import com.launchdarkly.sdk.server.Components;
import com.launchdarkly.sdk.server.LDClient;
import com.launchdarkly.sdk.server.LDConfig;
import com.launchdarkly.sdk.server.integrations.TestData;
import dev.openfeature.sdk.Client;
import dev.openfeature.sdk.OpenFeatureAPI;
import dev.openfeature.sdk.providers.memory.Flag;
import dev.openfeature.sdk.providers.memory.InMemoryProvider;
import io.getunleash.DefaultUnleash;
import io.getunleash.FakeUnleash;
import io.getunleash.Unleash;
import io.getunleash.util.UnleashConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.Optional;
import org.togglz.core.Feature;
import org.togglz.core.context.StaticFeatureManagerProvider;
import org.togglz.core.manager.FeatureManager;
import org.togglz.core.manager.FeatureManagerBuilder;
import org.togglz.core.repository.FeatureState;
import org.togglz.core.repository.mem.InMemoryStateRepository;
import org.togglz.core.user.NoOpUserProvider;

/**
 * The peers, each as its documentation says to use it: one client for the whole application, kept in a constant, with one
 * boolean flag. None logs, none has a network, none counts for a server; each is set up when it is first used.
 */
final class Peers {

    static final String FLAG = "benchmark.check";

    private Peers() {}

    /** Togglz's features are an enum; one asks the feature manager of the application whether it is active. */
    enum TogglzFeature implements Feature {
        CHECKED
    }

    /** Togglz with its manager kept, rather than looked up by each check. */
    static final class Togglz {

        static final FeatureManager MANAGER = new FeatureManagerBuilder()
                .featureEnum(TogglzFeature.class)
                .stateRepository(new InMemoryStateRepository())
                .userProvider(new NoOpUserProvider())
                .build();

        static {
            MANAGER.setFeatureState(new FeatureState(TogglzFeature.CHECKED, Subjects.CONSTANT));
            StaticFeatureManagerProvider.setFeatureManager(MANAGER);
            Subjects.require("Togglz's feature", TogglzFeature.CHECKED.isActive());
        }

        private Togglz() {}

        /** Sets Togglz up before the first feature is asked. */
        static void initialise() {
            Subjects.require("Togglz's feature", MANAGER.isActive(TogglzFeature.CHECKED));
        }
    }

    /** Unleash's own client over a bootstrapped flag with the default strategy. */
    static final class UnleashClient {

        static final Unleash UNLEASH = new DefaultUnleash(UnleashConfig.builder()
                .appName("benchmark")
                .instanceId("benchmark")
                .unleashAPI("http://127.0.0.1:1/api/")
                .toggleBootstrapProvider(() -> Optional.of(features()))
                .backupFile(absentFile())
                .disablePolling()
                .disableMetrics()
                .build());

        static {
            Subjects.require("Unleash's flag", UNLEASH.isEnabled(FLAG));
        }

        private UnleashClient() {}

        private static String features() {
            return """
                    {"version": 2, "features": [
                      {"name": "%s", "enabled": %b, "strategies": [{"name": "default"}]}]}""".formatted(FLAG, Subjects.CONSTANT);
        }

        /** A backup of an earlier run would be preferred to the bootstrap. */
        private static String absentFile() {
            try {
                return Files.createTempDirectory("unleash-benchmark")
                        .resolve("absent.json")
                        .toString();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** What Unleash offers for tests: a map. */
    static final class Fake {

        static final FakeUnleash UNLEASH = new FakeUnleash();

        static {
            if (Subjects.CONSTANT) {
                UNLEASH.enable(FLAG);
            } else {
                UNLEASH.disable(FLAG);
            }
            Subjects.require("the fake Unleash's flag", UNLEASH.isEnabled(FLAG));
        }

        private Fake() {}
    }

    /** LaunchDarkly's client over its test data, evaluating for one context that is kept too. */
    static final class LaunchDarkly {

        static final LDContext CONTEXT = LDContext.create("benchmark");
        static final LDClient CLIENT = client();

        static {
            Subjects.require("LaunchDarkly's flag", CLIENT.boolVariation(FLAG, CONTEXT, false));
        }

        private LaunchDarkly() {}

        private static LDClient client() {
            TestData data = TestData.dataSource();
            data.update(data.flag(FLAG).booleanFlag().variationForAll(Subjects.CONSTANT));
            return new LDClient(
                    "no-sdk-key",
                    new LDConfig.Builder()
                            .dataSource(data)
                            .events(Components.noEvents())
                            .diagnosticOptOut(true)
                            .logging(Components.logging(Logs.none()))
                            .build());
        }
    }

    /** OpenFeature over its own in-memory provider. */
    static final class OpenFeature {

        static final Client CLIENT = client();

        static {
            Subjects.require("OpenFeature's flag", CLIENT.getBooleanValue(FLAG, false));
        }

        private OpenFeature() {}

        private static Client client() {
            Flag<Boolean> flag = Flag.<Boolean>builder()
                    .variant("on", true)
                    .variant("off", false)
                    .defaultVariant(Subjects.CONSTANT ? "on" : "off")
                    .build();
            OpenFeatureAPI api = OpenFeatureAPI.getInstance();
            api.setProviderAndWait(new InMemoryProvider(Map.of(FLAG, flag)));
            return api.getClient();
        }
    }
}

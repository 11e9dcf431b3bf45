package dev.patchkey.service.store.hazelcast;

import com.hazelcast.map.EntryProcessor;
import dev.patchkey.service.store.Published;
import java.util.Collection;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Puts each state where there is none or an older one, so that late publications never take a key back.
 *
 * @param states by their keys
 */
@SuppressWarnings("serial") // it has a serializer of its own
record PublishIfNewer(Map<AtCommitter, Published> states)
        implements EntryProcessor<AtCommitter, Published, @Nullable Void> {

    static PublishIfNewer of(Collection<Published> states) {
        return new PublishIfNewer(states.stream()
                .collect(Collectors.toMap(state -> AtCommitter.of(state.state().key()), Function.identity())));
    }

    @Override
    public @Nullable Void process(Map.Entry<AtCommitter, Published> entry) {
        Published state = states.get(entry.getKey());
        if (state != null && state.isNewerThan(entry.getValue())) {
            entry.setValue(state);
        }
        return null;
    }
}

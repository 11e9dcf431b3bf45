package dev.patchkey.service.store.hazelcast;

import com.hazelcast.map.EntryProcessor;
import dev.patchkey.service.refcount.Holder;
import dev.patchkey.service.store.Incarnations.Numbered;
import dev.patchkey.service.store.NodeLives;
import java.util.List;
import java.util.Map;

/**
 * Numbers an incarnation of the entry's node at its first showing. The backups can decide it anew: it has no clock.
 *
 * @param forgotten the highest number of any life that is forgotten
 */
@SuppressWarnings("serial") // it has a serializer of its own
record ShowIncarnation(String principal, String incarnation, long forgotten)
        implements EntryProcessor<String, NodeLives, Numbered> {

    @Override
    public Numbered process(Map.Entry<String, NodeLives> entry) {
        Holder node = new Holder(entry.getKey());
        NodeLives lives = entry.getValue();
        if (lives == null) {
            entry.setValue(new NodeLives(principal, forgotten + 1, List.of(incarnation)));
            return new Numbered.Current(forgotten + 1, true);
        }
        if (!lives.principal().equals(principal)) {
            return NodeLives.belongsToAnother(node);
        }
        if (lives.isCurrent(incarnation)) {
            return new Numbered.Current(lives.number(), false);
        }
        if (lives.isSuperseded(incarnation)) {
            return NodeLives.superseded(node, incarnation);
        }
        NodeLives next = lives.with(incarnation);
        entry.setValue(next);
        return new Numbered.Current(next.number(), true);
    }
}

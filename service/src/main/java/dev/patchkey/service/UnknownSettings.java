package dev.patchkey.service;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.context.properties.source.UnboundElementsSourceFilter;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * Stops the start at a setting under {@code patchkey} that belongs to nothing: misspelt, it would leave the service at a
 * default that nobody chose. Within their groups the settings see to it themselves; here are the groups.
 *
 * <p>The environment and system properties are left out, as Boot does: there, names cannot be told from those of others. A
 * Kubernetes service named patchkey puts {@code PATCHKEY_PORT} into every pod of its namespace.
 */
@Configuration(proxyBeanMethods = false)
class UnknownSettings {

    private static final ConfigurationPropertyName ALL = ConfigurationPropertyName.of("patchkey");

    /** The one that is in no group. */
    private static final ConfigurationPropertyName STORE = ALL.append("store");

    @Bean
    static BeanFactoryPostProcessor settingsMustBeKnown(Environment environment) {
        return beans -> requireKnown(environment, groups(beans));
    }

    private static void requireKnown(Environment environment, Set<ConfigurationPropertyName> groups) {
        Set<ConfigurationPropertyName> unknown = names(environment)
                .filter(name -> !isKnown(name, groups))
                .collect(Collectors.toCollection(TreeSet::new));
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    unknown.stream().map(ConfigurationPropertyName::toString).collect(Collectors.joining(", "))
                            + " must be a setting of the service, and is none");
        }
    }

    /** The beans of settings are named after their prefix, and none is made here. */
    private static Set<ConfigurationPropertyName> groups(ConfigurableListableBeanFactory beans) {
        Set<ConfigurationPropertyName> groups = new TreeSet<>();
        for (String name : beans.getBeanDefinitionNames()) {
            ConfigurationProperties group = name.startsWith(ALL + ".")
                    ? beans.findAnnotationOnBean(name, ConfigurationProperties.class, false)
                    : null;
            if (group != null) {
                groups.add(ConfigurationPropertyName.of(group.prefix()));
            }
        }
        return groups;
    }

    private static boolean isKnown(ConfigurationPropertyName name, Set<ConfigurationPropertyName> groups) {
        return name.equals(STORE) || groups.stream().anyMatch(group -> group.equals(name) || group.isAncestorOf(name));
    }

    private static Stream<ConfigurationPropertyName> names(Environment environment) {
        UnboundElementsSourceFilter counts = new UnboundElementsSourceFilter();
        return StreamSupport.stream(
                        ConfigurationPropertySources.get(environment).spliterator(), false)
                .filter(counts::apply)
                .filter(IterableConfigurationPropertySource.class::isInstance)
                .flatMap(source -> ((IterableConfigurationPropertySource) source).stream())
                .filter(ALL::isAncestorOf);
    }
}

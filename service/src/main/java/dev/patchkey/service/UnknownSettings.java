package dev.patchkey.service;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName.Form;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.context.properties.source.UnboundElementsSourceFilter;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.EnumerablePropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.StandardEnvironment;

/**
 * Stops the start at a setting under {@code patchkey} that belongs to nothing: misspelt, it would leave the service at a
 * default that nobody chose. Within their groups the settings see to it themselves; here are the groups, and system
 * properties, which Boot leaves out.
 *
 * <p>A variable of the environment that is no setting is told of in the log: what else is called {@code PATCHKEY_…} there
 * nobody knows, and what Kubernetes puts into every pod of a namespace for a service named patchkey is none of ours.
 */
@Configuration(proxyBeanMethods = false)
class UnknownSettings {

    private static final Logger log = LoggerFactory.getLogger(UnknownSettings.class);

    private static final ConfigurationPropertyName ALL = ConfigurationPropertyName.of("patchkey");

    /** The one that is in no group. */
    private static final ConfigurationPropertyName STORE = ALL.append("store");

    private static final String OURS_IN_ENVIRONMENT = "PATCHKEY_";

    /** What Kubernetes says of a service whose name begins with patchkey, and Docker of a link. */
    private static final Pattern OF_A_SERVICE =
            Pattern.compile("PATCHKEY_(.+_)?(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT|PORT_\\d+_(TCP|UDP|SCTP)(_.+)?)");

    @Bean
    static BeanFactoryPostProcessor settingsMustBeKnown(ConfigurableEnvironment environment) {
        return beans -> {
            Set<ConfigurationPropertyName> groups = new TreeSet<>();
            Set<String> settings = new TreeSet<>(Set.of(uniform(STORE)));
            find(beans, groups, settings);
            requireKnown(environment, groups, settings);
            tellOfUnknown(environment, settings);
        };
    }

    private static void requireKnown(
            ConfigurableEnvironment environment, Set<ConfigurationPropertyName> groups, Set<String> settings) {
        Set<ConfigurationPropertyName> unknown = Stream.concat(
                        names(environment, new UnboundElementsSourceFilter()::apply)
                                .filter(name -> !isKnown(name, groups)),
                        names(environment, UnknownSettings::isSystemProperties)
                                .filter(name -> !settings.contains(uniform(name))))
                .collect(Collectors.toCollection(TreeSet::new));
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    unknown.stream().map(ConfigurationPropertyName::toString).collect(Collectors.joining(", "))
                            + " must be a setting of the service, and is none");
        }
    }

    private static void tellOfUnknown(ConfigurableEnvironment environment, Set<String> settings) {
        PropertySource<?> variables =
                environment.getPropertySources().get(StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME);
        if (!(variables instanceof EnumerablePropertySource<?> named)) {
            return;
        }
        // An underscore there is a dot, a dash or nothing.
        Set<String> known =
                settings.stream().map(setting -> setting.replace(".", "")).collect(Collectors.toSet());
        Arrays.stream(named.getPropertyNames())
                .filter(name -> name.startsWith(OURS_IN_ENVIRONMENT))
                .filter(name -> !known.contains(Arrays.stream(name.split("_"))
                        .filter(part -> !part.matches("\\d+"))
                        .collect(Collectors.joining())
                        .toLowerCase(Locale.ROOT)))
                .filter(name -> !OF_A_SERVICE.matcher(name).matches())
                .sorted()
                .forEach(name -> log.warn("{} in the environment is no setting of the service: it is ignored", name));
    }

    /** The beans of settings are named after their prefix, and none is made here. */
    private static void find(
            ConfigurableListableBeanFactory beans, Set<ConfigurationPropertyName> groups, Set<String> settings) {
        for (String name : beans.getBeanDefinitionNames()) {
            ConfigurationProperties group = name.startsWith(ALL + ".")
                    ? beans.findAnnotationOnBean(name, ConfigurationProperties.class, false)
                    : null;
            Class<?> type = beans.getType(name, false);
            if (group != null && type != null) {
                ConfigurationPropertyName prefix = ConfigurationPropertyName.of(group.prefix());
                groups.add(prefix);
                addSettings(type, uniform(prefix), settings);
            }
        }
    }

    /** Each component of a record is a setting, or a group of them if it is a record, or a list of records, itself. */
    private static void addSettings(Class<?> group, String prefix, Set<String> settings) {
        for (RecordComponent component : group.getRecordComponents()) {
            String name = prefix + "." + component.getName().toLowerCase(Locale.ROOT);
            Type type = component.getGenericType() instanceof ParameterizedType list
                    ? list.getActualTypeArguments()[0]
                    : component.getType();
            if (type instanceof Class<?> nested && nested.isRecord()) {
                addSettings(nested, name, settings);
            } else {
                settings.add(name);
            }
        }
    }

    /** Without indices and dashes, in small letters. */
    private static String uniform(ConfigurationPropertyName name) {
        return IntStream.range(0, name.getNumberOfElements())
                .filter(i -> !name.isNumericIndex(i))
                .mapToObj(i -> name.getElement(i, Form.UNIFORM))
                .collect(Collectors.joining("."));
    }

    private static boolean isKnown(ConfigurationPropertyName name, Set<ConfigurationPropertyName> groups) {
        return name.equals(STORE) || groups.stream().anyMatch(group -> group.equals(name) || group.isAncestorOf(name));
    }

    private static boolean isSystemProperties(ConfigurationPropertySource source) {
        return source.getUnderlyingSource() instanceof PropertySource<?> properties
                && properties.getName().equals(StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME);
    }

    private static Stream<ConfigurationPropertyName> names(
            ConfigurableEnvironment environment, Predicate<ConfigurationPropertySource> counts) {
        return StreamSupport.stream(
                        ConfigurationPropertySources.get(environment).spliterator(), false)
                .filter(counts)
                .filter(IterableConfigurationPropertySource.class::isInstance)
                .flatMap(source -> ((IterableConfigurationPropertySource) source).stream())
                .filter(ALL::isAncestorOf);
    }
}

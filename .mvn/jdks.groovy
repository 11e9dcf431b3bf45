// Finds the JDKs of this machine, the way maven-toolchains-plugin does, and tells the build which to use.
// Sets jdk17.home and jdk25.home (only where found), skip.tests.jdk17 / skip.tests.jdk25 for the test runs, and
// compile.jdk.home.
// A module that sets patchkey.requires.jdk25 fails here, with a sentence, where the toolchains plugin would
// only say that nothing matched.
import org.apache.maven.plugins.toolchain.jdk.ToolchainDiscoverer

def homes = [:]
def firstOf = { String major, String home ->
    if (!homes.containsKey(major) && new File(home, 'bin/javac').exists()) homes[major] = home
}
def majorOf = { String version -> version.startsWith('1.') ? version.split('\\.')[1] : version.split('[.+-]')[0] }

// The JDK that runs Maven comes first: it is the one the user chose.
firstOf(majorOf(System.getProperty('java.version')), System.getProperty('java.home'))
new ToolchainDiscoverer().discoverToolchains('lts,current,env,version,vendor').toolchains.each { toolchain ->
    firstOf(majorOf(toolchain.provides.getProperty('version')), toolchain.configuration.getChild('jdkHome').value)
}

def properties = project.properties
def found = ['17', '25'].findAll { homes[it] }
['17', '25'].each { major ->
    if (homes[major]) properties.setProperty("jdk${major}.home", homes[major])
    properties.setProperty("skip.tests.jdk${major}", String.valueOf(!homes[major]))
}
if (!found) {
    // Neither is here: test on Maven's own JDK rather than on none.
    properties.setProperty('jdk17.home', System.getProperty('java.home'))
    properties.setProperty('skip.tests.jdk17', 'false')
}

// The newest JDK known to work compiles, to Java 17 bytecode where the module says so. NullAway can read type annotations
// from class files in JSpecify's sense with JDK 22 and newer only.
properties.setProperty('compile.jdk.home', homes['25'] ?: System.getProperty('java.home'))
properties.setProperty('nullaway.jspecify', String.valueOf(homes['25'] || Runtime.version().feature() >= 22))

if (properties.getProperty('patchkey.requires.jdk25') == 'true') {
    if (!homes['25'] && !homes.keySet().any { it.isInteger() && it.toInteger() > 25 }) {
        throw new org.apache.maven.plugin.MojoFailureException(
                "The Patchkey service is built and run with JDK 25, and none was found here (found: ${homes.keySet().sort().join(', ')}). " +
                'Install one, for example Temurin 25, in a place that build tools look at (/usr/lib/jvm, ~/.jdks, ~/.sdkman) ' +
                'or set JAVA25_HOME to it. The client libraries alone build with: mvn -pl client-lib -amd verify')
    }
} else if (project.packaging == 'pom') {
    // Nothing is tested here.
} else if (found.size() < 2) {
    def tested = found ? "JDK ${found[0]}" : "JDK ${System.getProperty('java.version')}"
    log.warn("Tests of ${project.artifactId} run on ${tested} only: the other of JDK 17 and JDK 25 was not found on this machine.")
} else {
    log.info("Tests of ${project.artifactId} run on JDK 17 (${homes['17']}) and on JDK 25 (${homes['25']}).")
}

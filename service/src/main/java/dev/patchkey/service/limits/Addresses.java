package dev.patchkey.service.limits;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;

/** Remote addresses as limits count them. */
public final class Addresses {

    /** What a provider gives to one customer at least. */
    private static final int NETWORK_BYTES = 8;

    /** All that is no address counts as one: kept as it is, a text of any length would be remembered. */
    private static final String NO_ADDRESS = "no address";

    private Addresses() {}

    /** The address itself; of IPv6 the network of 64 bits, since whoever has one has all addresses in it. */
    public static String counted(String address) {
        try {
            InetAddress known = literal(address);
            return known instanceof Inet6Address
                    ? HexFormat.of().formatHex(Arrays.copyOf(known.getAddress(), NETWORK_BYTES)) + "::/64"
                    : known.getHostAddress();
        } catch (IllegalArgumentException e) {
            return NO_ADDRESS;
        }
    }

    /** Whether this is an address, and one of the machine itself; a name never is. */
    public static boolean isLoopback(String address) {
        try {
            return literal(address).isLoopbackAddress();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /**
     * Never looks anything up.
     *
     * @param address of IPv6 also in brackets, as Jetty shows remote ones
     */
    private static InetAddress literal(String address) {
        boolean bracketed = address.startsWith("[") && address.endsWith("]");
        return InetAddress.ofLiteral(bracketed ? address.substring(1, address.length() - 1) : address);
    }
}

package dev.patchkey.service.limits;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;

/** Remote addresses as limits count them. */
public final class Addresses {

    /** What a provider gives to one customer at least. */
    private static final int NETWORK_BYTES = 8;

    private Addresses() {}

    /** The address itself; of IPv6 the network of 64 bits, since whoever has one has all addresses in it. */
    public static String counted(String address) {
        try {
            // A literal is never looked up.
            InetAddress known = InetAddress.ofLiteral(address);
            return known instanceof Inet6Address
                    ? HexFormat.of().formatHex(Arrays.copyOf(known.getAddress(), NETWORK_BYTES)) + "::/64"
                    : known.getHostAddress();
        } catch (IllegalArgumentException e) {
            return address;
        }
    }

    /** Whether this is an address, and one of the machine itself; a name never is. */
    public static boolean isLoopback(String address) {
        try {
            return InetAddress.ofLiteral(address).isLoopbackAddress();
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}

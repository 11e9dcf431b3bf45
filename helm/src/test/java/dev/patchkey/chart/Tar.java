package dev.patchkey.chart;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/** Reads archives: blocks of 512 bytes, for each file one with its name and length, and then its content. */
public final class Tar {

    private static final int BLOCK = 512;
    private static final int NAME = 100;
    private static final int LENGTH_AT = 124;
    private static final int LENGTH = 12;
    private static final int KIND_AT = 156;

    private Tar() {}

    /** The files by their names; of names longer than the format's own, which an extension has, the beginning. */
    public static Map<String, byte[]> of(byte[] tar) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (int at = 0; at + BLOCK <= tar.length && tar[at] != 0; ) {
            int length = Integer.parseInt(field(tar, at + LENGTH_AT, LENGTH).trim(), 8);
            boolean regular = tar[at + KIND_AT] == '0' || tar[at + KIND_AT] == 0;
            if (regular) {
                files.put(field(tar, at, NAME), Arrays.copyOfRange(tar, at + BLOCK, at + BLOCK + length));
            }
            at += BLOCK + (length + BLOCK - 1) / BLOCK * BLOCK;
        }
        return files;
    }

    public static Map<String, byte[]> ofGzip(byte[] compressed) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(compressed))) {
            return of(in.readAllBytes());
        }
    }

    private static String field(byte[] tar, int from, int length) {
        int end = from;
        while (end < from + length && tar[end] != 0) {
            end++;
        }
        return new String(tar, from, end - from, StandardCharsets.UTF_8);
    }
}

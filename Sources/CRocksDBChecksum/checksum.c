#include "CRocksDBChecksum.h"

#if defined(__linux__) && defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

// Nearly every processor since 2008 has the instruction; RocksDB's own code may use it only where it was compiled for
// those alone, which Debian does not do.
static bool has_instruction(void) {
    enum { unknown, absent, present };
    static atomic_int answer = unknown;
    int known = atomic_load_explicit(&answer, memory_order_relaxed);
    if (known == unknown) {
        unsigned a, b, c = 0, d;
        known = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2) ? present : absent;
        atomic_store_explicit(&answer, known, memory_order_relaxed);
    }
    return known == present;
}

__attribute__((target("sse4.2"))) static uint32_t by_instruction(uint32_t state, const char *bytes, size_t count) {
    uint64_t wide = state;
    for (; count >= sizeof wide; bytes += sizeof wide, count -= sizeof wide) {
        uint64_t word;
        memcpy(&word, bytes, sizeof word);
        wide = _mm_crc32_u64(wide, word);
    }
    state = (uint32_t)wide;
    for (; count > 0; bytes++, count--) state = _mm_crc32_u8(state, (unsigned char)*bytes);
    return state;
}

static uint32_t by_bits(uint32_t state, const char *bytes, size_t count) {
    for (; count > 0; bytes++, count--) {
        state ^= (unsigned char)*bytes;
        for (int bit = 0; bit < 8; bit++) state = state >> 1 ^ (state & 1 ? 0x82F63B78 : 0);
    }
    return state;
}

uint32_t rocksdb_crc32c_extend(uint32_t checksum, const char *bytes, size_t count) {
    return ~(has_instruction() ? by_instruction(~checksum, bytes, count) : by_bits(~checksum, bytes, count));
}
#else
// RocksDB's own code does as well there.
typedef int nothing_here;
#endif

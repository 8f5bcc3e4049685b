#include <stddef.h>
#include <stdint.h>

#if defined(__linux__) && defined(__x86_64__)
/// `rocksdb::crc32c::Extend`: the CRC-32C (Castagnoli) of what `checksum` is of, followed by `count` bytes. 0 is the
/// checksum of nothing.
///
/// Weak, so that where RocksDB is linked from its archive the archive's own stays.
__attribute__((weak)) uint32_t rocksdb_crc32c_extend(uint32_t checksum, const char *bytes, size_t count)
    __asm__("_ZN7rocksdb6crc32c6ExtendEjPKcm");
#endif

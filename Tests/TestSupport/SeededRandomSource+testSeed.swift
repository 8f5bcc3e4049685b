package import Primitives

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension SeededRandomSource {
    /// The seed of a random test: its own number, so that every run of `make test` is the same.
    ///
    /// `make fuzz` gives another start with each run in `BRUME_TEST_SEED`; the tests' own numbers keep them apart. A
    /// test prints the seed when it fails, and `make fuzz FUZZ_SEED=…` repeats the run that found it.
    ///
    /// - Parameter own: a number that no other test has.
    /// - Returns: what to give to `init(seed:)`.
    package static func testSeed(_ own: UInt64) -> UInt64 {
        guard let text = unsafe getenv("BRUME_TEST_SEED"), let start = UInt64(unsafe String(cString: text)) else {
            return own
        }
        return SeededRandomSource(seed: start ^ own).next()
    }
}

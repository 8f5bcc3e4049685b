internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Where random bits come from: injected, so that a test can fix the seed.
package protocol RandomSource: Sendable {
    /// 64 random bits.
    func next() -> UInt64
}

/// The operating system's secure generator.
package struct SystemRandomSource: RandomSource {
    package init() {}

    package func next() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}

/// The operating system's secure generator, asked for many bits at a time: otherwise the id of each request would cost
/// five system calls.
package final class PooledRandomSource: RandomSource {
    /// 256 bytes, the most that one call of `getentropy` gives.
    static let wordCount = 32

    private let words = Mutex<[UInt64]>([])

    package init() {}

    package func next() -> UInt64 {
        self.words.withLock { words in
            if words.isEmpty {
                words = [UInt64](repeating: 0, count: Self.wordCount)
                let status = unsafe words.withUnsafeMutableBytes { unsafe getentropy($0.baseAddress, $0.count) }
                precondition(status == 0, "the machine gives no random bits: \(errno)")
            }
            return words.removeLast()
        }
    }
}

/// SplitMix64 behind a lock: a fixed sequence for a fixed seed. For tests, simulations and jitter, never for secrets.
package final class SeededRandomSource: RandomSource {
    private let state: Mutex<UInt64>

    package init(seed: UInt64) {
        self.state = Mutex(seed)
    }

    package func next() -> UInt64 {
        self.state.withLock { state in
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }
}

extension RandomSource {
    /// `count` random bytes.
    package func bytes(_ count: Int) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(count)
        while output.count < count {
            var word = self.next()
            for _ in 0..<min(8, count - output.count) {
                output.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        return output
    }
}

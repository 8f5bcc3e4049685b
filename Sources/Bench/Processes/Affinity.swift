internal import Foundation

/// The cores a thread may run on, in the form of Linux: a set of 1024 bits.
///
/// The two calls are looked up by name: glibc declares them for GNU C only, which Swift does not see. Where they are
/// missing, as on macOS, nothing is pinned.
struct Affinity {
    private typealias Call = @convention(c) (_ thread: pid_t, _ bytes: Int, _ set: UnsafeMutableRawPointer?) -> Int32

    private static let wordCount = 16

    private var words: [UInt64]

    /// One core.
    init(core: Int) {
        self.words = [UInt64](repeating: 0, count: Self.wordCount)
        self.words[core / 64] = 1 << UInt64(core % 64)
    }

    private init(words: [UInt64]) {
        self.words = words
    }

    /// Of the calling thread.
    static var current: Affinity? {
        var words = [UInt64](repeating: 0, count: Self.wordCount)
        guard let call = unsafe Self.call("sched_getaffinity"), unsafe Self.pass(&words, to: call) >= 0 else {
            return nil
        }
        return Affinity(words: words)
    }

    var cores: [Int] {
        (0..<(Self.wordCount * 64)).filter { self.words[$0 / 64] & (1 << UInt64($0 % 64)) != 0 }
    }

    /// Moves the calling thread there.
    func apply() {
        var words = self.words
        guard let call = unsafe Self.call("sched_setaffinity") else { return }
        _ = unsafe Self.pass(&words, to: call)
    }

    private static func pass(_ words: inout [UInt64], to call: Call) -> Int32 {
        unsafe words.withUnsafeMutableBytes { unsafe call(0, $0.count, $0.baseAddress) }
    }

    private static func call(_ name: String) -> Call? {
        guard let symbol = unsafe dlsym(dlopen(nil, RTLD_NOW), name) else { return nil }
        return unsafe unsafeBitCast(symbol, to: Call.self)
    }
}

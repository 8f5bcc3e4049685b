internal import Primitives

/// Why a run ended without figures, as a sentence for the person who started it.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }

    /// The system's own words for the call that just failed.
    static func system(_ call: String, _ code: Int32) -> BenchError {
        BenchError("\(call) failed: \(SystemError.sentence(code))")
    }
}

internal import Primitives

/// Why something about the models on disk did not work: a kind, which decides the exit code of a command, and a
/// sentence for the person at the terminal that says what is wrong and what to do.
package struct RegistryError: Error, Sendable, Hashable {
    /// What kind of trouble it is.
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// The words of the command, or a name, cannot be used.
        case usage
        /// There is no model, alias or file of that name.
        case unknown
        /// What was read is not what it should be: a wrong digest, a broken manifest, no GGUF.
        case damaged
        /// The hub, or a host that it sends to, did not answer as it must.
        case unreachable
        /// The hub wants a token, or refuses the one it got.
        case refused
        /// The disk is full, or too small for what is to come.
        case noSpace
        /// Another process works on the same thing.
        case busy
        /// The system refused something on the disk.
        case disk
    }

    package let reason: Reason
    package let sentence: String

    package init(_ reason: Reason, _ sentence: String) {
        self.reason = reason
        self.sentence = sentence
    }

    init(_ error: FileError) {
        let reason: Reason =
            switch error {
            case .absent: .unknown
            case .tooLarge, .unusable: .damaged
            case .failed: error.isNoSpace ? .noSpace : .disk
            }
        self.init(reason, error.sentence)
    }
}

internal import Primitives

/// Why an operation on the models on disk failed: a kind, which determines the exit code of a command, and a sentence
/// for the user with the problem and the remedy.
package struct RegistryError: Error, Sendable, Equatable {
    /// The kind of error.
    package enum Reason: String, Sendable, Hashable, CaseIterable {
        /// An argument of the command, or a name, is invalid.
        case usage
        /// There is no model, alias or file of that name.
        case unknown
        /// The data are not what they should be: a wrong digest, a damaged manifest, not GGUF.
        case damaged
        /// The hub, or a host that it redirects to, did not answer correctly.
        case unreachable
        /// The hub requires a token, or refuses the given one.
        case refused
        /// The disk is full, or has too little space for the operation.
        case noSpace
        /// Another process is doing the same.
        case busy
        /// The system refused an operation on the disk.
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

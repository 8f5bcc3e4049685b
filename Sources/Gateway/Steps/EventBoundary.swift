/// Tracks the boundaries of events in an answer that passes through: another event may be appended only after a
/// complete one.
package struct EventBoundary: Sendable {
    private enum Notation {
        /// Each begins with its length, in four bytes that count themselves.
        case messages
        /// Each ends with an empty line.
        case lines
    }

    /// The shortest message: two lengths and two checksums.
    private static let messageBytesMin = 16

    private let notation: Notation
    /// Whether the last event is complete, or none has begun.
    package private(set) var isReached = true
    /// Bytes that remain of the current message.
    private var dueBytes = 0
    private var length = 0
    private var lengthBytes = 0
    private var endsLine = false

    /// - Returns: nil when the answer is not a stream of events.
    package init?(contentType: String?) {
        switch contentType?.prefix(while: { $0 != ";" }) {
        case "application/vnd.amazon.eventstream": self.notation = .messages
        case "text/event-stream": self.notation = .lines
        default: return nil
        }
    }

    /// - Complexity: O(events in the piece).
    package mutating func pass(_ piece: [UInt8]) {
        guard let last = piece.last else { return }
        switch self.notation {
        case .lines:
            let endsLine = last == UInt8(ascii: "\n")
            let before = piece.count > 1 ? piece[piece.count - 2] == UInt8(ascii: "\n") : self.endsLine
            self.endsLine = endsLine
            self.isReached = endsLine && before
        case .messages:
            self.passMessages(piece)
            self.isReached = self.dueBytes == 0 && self.lengthBytes == 0
        }
    }

    private mutating func passMessages(_ piece: [UInt8]) {
        var index = 0
        while index < piece.count {
            if self.dueBytes > 0 {
                let count = min(self.dueBytes, piece.count - index)
                self.dueBytes -= count
                index += count
                continue
            }
            self.length = self.length << 8 | Int(piece[index])
            self.lengthBytes += 1
            index += 1
            guard self.lengthBytes == 4 else { continue }
            // An invalid length has no end, so nothing is ever appended.
            self.dueBytes = self.length < Self.messageBytesMin ? .max : self.length - 4
            self.length = 0
            self.lengthBytes = 0
        }
    }
}

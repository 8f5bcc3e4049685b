/// Follows the events of an answer as its pieces pass: only where one has ended a last one can be put behind it.
package struct EventBoundary: Sendable {
    private enum Notation {
        /// Each begins with its length in four bytes, these among them.
        case messages
        /// An empty line ends each.
        case lines
    }

    /// The shortest message: its length, that of its headers, and two sums.
    private static let messageBytesMin = 16

    private let notation: Notation
    /// Whether the last event has ended, or none has begun.
    package private(set) var isReached = true
    /// Bytes of the message that are still to come.
    private var dueBytes = 0
    private var length = 0
    private var lengthBytes = 0
    private var endsLine = false

    /// - Returns: nil for an answer that is not a stream of events.
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
            // What is no message has no end, so nothing is put behind it.
            self.dueBytes = self.length < Self.messageBytesMin ? .max : self.length - 4
            self.length = 0
            self.lengthBytes = 0
        }
    }
}

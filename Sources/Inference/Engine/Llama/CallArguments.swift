internal import ServiceModel
internal import WireProtocols

/// The arguments of a call, which arrive in pieces. Whether they are complete is told by a look at each byte once: a
/// server may name the call with every piece, and parsing all of them each time would hold up the event loop for hours.
struct CallArguments {
    private(set) var text = ""
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// Whether the last byte closed the outermost object.
    private var isClosed = false
    /// Whether the text is no object, whatever follows.
    private var isBroken = false

    mutating func append(_ more: String) {
        self.text += more
        for byte in more.utf8 { self.take(byte) }
    }

    private mutating func take(_ byte: UInt8) {
        // Nothing may follow a complete object.
        if self.isClosed {
            self.isClosed = false
            self.isBroken = true
        }
        guard !self.isEscaped else {
            self.isEscaped = false
            return
        }
        switch byte {
        case UInt8(ascii: "\\") where self.isInString: self.isEscaped = true
        case UInt8(ascii: "\""): self.isInString.toggle()
        case UInt8(ascii: "{") where !self.isInString: self.depth += 1
        case UInt8(ascii: "}") where !self.isInString:
            self.depth -= 1
            self.isClosed = self.depth == 0
            self.isBroken = self.isBroken || self.depth < 0
        default: break
        }
    }

    /// Whether they are a complete object. They are parsed once at most: a text that is none stays so.
    mutating func isObject() -> Bool {
        guard self.isClosed, !self.isBroken else { return false }
        self.isBroken = Document(json: self.text) == nil
        return !self.isBroken
    }
}
